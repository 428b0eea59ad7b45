"""A small OpenID provider, and GitHub's API beside it, as a process of its own: `python -m … PORT`.

A person's page says who they are and what of the answer is to be wrong; the code that it leads back with carries both,
so the provider keeps nothing but the codes that were redeemed.
"""

import hashlib
import hmac
import json
import sys
import time
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import unquote, urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "holdfast", "a secret of the provider's & ours"
KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("one", "two"))
PAGE = """<!doctype html><title>Provider</title><h1>Provider</h1><form>
{hidden}<label for="sub">Person</label> <input id="sub" name="sub">
<label for="email">E-mail</label> <input id="email" name="email"> <button>Allow</button></form>"""

app = Flask(__name__)
redeemed = set[str]()


def issuer() -> str:
    return request.host_url.rstrip("/")


@app.get("/.well-known/openid-configuration")
def describe() -> Response:
    names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
    places = {name: f"{issuer()}/{path}" for name, path in {**names, "userinfo_endpoint": "userinfo"}.items()}
    return jsonify(issuer=issuer(), **places)


@app.get("/keys")
def keys() -> Response:
    return jsonify(keys=[KEY.as_dict(private=False)])


@app.get("/authorize")
@app.get("/login/oauth/authorize")
def authorize() -> Any:
    """Ask who it is; with `sub`, lead back at once."""
    if "sub" not in request.args:
        fields = "".join(f'<input type="hidden" name="{name}" value="{text}">' for name, text in request.args.items())
        return PAGE.format(hidden=fields)
    code = urlsafe_b64encode(json.dumps(dict(request.args)).encode()).decode()
    return redirect(f"{request.args['redirect_uri']}?{urlencode({'code': code, 'state': request.args['state']})}")


@app.post("/token")
@app.post("/login/oauth/access_token")
def token() -> Any:
    """Redeem a code once, for the client with the secret and the verifier (RFC 7636)."""
    asked = json.loads(urlsafe_b64decode(request.form["code"]))
    proof = _encode(hashlib.sha256(request.form["code_verifier"].encode()).digest())
    if _client() != (CLIENT, SECRET) or proof != asked["code_challenge"] or request.form["code"] in redeemed:
        return jsonify(error="invalid_grant"), 400
    redeemed.add(request.form["code"])
    access_token = urlsafe_b64encode(json.dumps(asked).encode()).decode()
    if request.path == "/token":
        return jsonify(access_token=access_token, token_type="Bearer", id_token=id_token(asked))
    return jsonify(access_token=access_token, token_type="bearer")


@app.get("/userinfo")
def userinfo() -> Response:
    return jsonify(**_claims(_bearer()))


@app.get("/api/v3/user")
def user() -> Response:
    return jsonify(id=int(_bearer()["sub"]), login=_bearer().get("preferred_username"), name=_bearer().get("name"))


@app.get("/api/v3/user/emails")
def emails() -> Response:
    verified = _bearer().get("email_verified", "true") == "true"
    others = {"email": "other@example.org", "primary": False, "verified": True}
    return jsonify([others, {"email": _bearer().get("email"), "primary": True, "verified": verified}])


def id_token(asked: dict[str, str]) -> str:
    """The signed token, with what `wrong` names done wrong."""
    moment, wrong = int(time.time()), asked.get("wrong", "")
    claims: dict[str, Any] = {"iss": issuer(), "aud": CLIENT, "sub": asked["sub"], "nonce": asked["nonce"]}
    claims |= {"iat": moment, "exp": moment + 300, "auth_time": moment}
    if wrong != "userinfo":
        claims |= _claims(asked)
    false: dict[str, dict[str, Any]] = {
        "nonce": {"nonce": "another"},
        "no nonce": {"nonce": None},
        "issuer": {"iss": "https://evil.example"},
        "audience": {"aud": "somebody-else"},
        "audiences": {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
        "expired": {"iat": moment - 900, "exp": moment - 600},
        "old": {"auth_time": moment - 86_400},
    }
    claims |= false.get(wrong, {})
    claims = {name: claim for name, claim in claims.items() if claim is not None}
    if wrong in {"none", "secret"}:
        return _sign_badly(wrong, claims)
    text = jwt.encode({"alg": "RS256", "kid": "one"}, claims, OTHER_KEY if wrong == "key" else KEY)
    return text[:-8] + "AAAAAAAA" if wrong == "signature" else text


def _sign_badly(way: str, claims: dict[str, Any]) -> str:
    """Not at all, or with what everyone can read: the public key as if it were a secret (RFC 8725, section 2.1)."""
    header = {"alg": "none"} if way == "none" else {"alg": "HS256", "kid": "one"}
    signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256") if way == "secret" else b""
    return f"{signed}.{_encode(signature)}"


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _claims(asked: dict[str, str]) -> dict[str, Any]:
    names = ("sub", "name", "email", "preferred_username")
    told: dict[str, Any] = {name: asked[name] for name in names if asked.get(name)}
    verified = asked.get("email_verified", "true")
    if "email" in told:
        told["email_verified"] = {"true": True, "false": False}.get(verified, verified)
    return told


def _client() -> tuple[str, str]:
    """By HTTP Basic, or in the form (RFC 6749, section 2.3.1)."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind == "Basic":
        name, _, secret = b64decode(given).decode().partition(":")
        return unquote(name), unquote(secret)
    return request.form.get("client_id", ""), request.form.get("client_secret", "")


def _bearer() -> dict[str, str]:
    told: dict[str, str] = json.loads(urlsafe_b64decode(request.headers["Authorization"].partition(" ")[2]))
    return told


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
