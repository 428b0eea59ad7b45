"""The authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 1.0), with Authlib's parts.

An attempt is what this browser's session holds while its person is at the provider.
"""

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from framework import config
from framework.accounts.identities import github
from framework.accounts.identities.discovery import read_keys, read_metadata
from framework.accounts.identities.fetching import ProviderUnavailable, fetch_json, is_as_safe
from framework.accounts.identities.persons import ProviderRefused, Stranger, check_text
from framework.environment.providers import GITHUB, Provider

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures by a key that only the provider has: neither `none`, nor one by our own secret."""
LEEWAY_SECONDS = 60
LONGEST_CODE = 4096
LONGEST_TOKEN = 32_768


@dataclass(frozen=True)
class Attempt:
    """One way to a provider and back; `fresh` where its person has to give their password there again."""

    provider: str
    state: str
    nonce: str
    verifier: str
    fresh: bool = False

    @classmethod
    def begin(cls, provider: Provider, *, fresh: bool = False) -> "Attempt":
        """A new one, which nobody can guess."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(provider.key, state, nonce, verifier, fresh)


def find_provider(key: str) -> Provider | None:
    """The provider with this part of our addresses, if it is set up."""
    return next((provider for provider in config.current().providers if provider.key == key), None)


def address_to_ask(provider: Provider, attempt: Attempt) -> str:
    """Where the browser is led to.

    Raises:
        ProviderUnavailable.
    """
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - 8 MB, for the first sign-in
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415

    asked = {"code_challenge": create_s256_code_challenge(attempt.verifier), "code_challenge_method": "S256"}
    if provider.kind != GITHUB:
        asked["nonce"] = attempt.nonce
    if attempt.fresh:
        asked |= {"prompt": "login", "max_age": "0"}
    address: str = prepare_grant_uri(
        _endpoints(provider)["authorization_endpoint"],
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=_address_back(provider),
        scope=" ".join(provider.scopes),
        state=attempt.state,
        **asked,
    )
    return address


def finish(provider: Provider, attempt: Attempt, arrived: dict[str, str]) -> Stranger:
    """Who has signed in at the provider, by the parameters with which the browser came back.

    Raises:
        ProviderRefused: they did not, or what came back is not what this attempt asked for.
        ProviderUnavailable.
    """
    state, issuer = arrived.get("state", ""), arrived.get("iss")
    if attempt.provider != provider.key or not hmac.compare_digest(state.encode(), attempt.state.encode()):
        raise ProviderRefused("This sign-in was begun in another window or has ended. Try again.")
    if issuer is not None and provider.kind != GITHUB and issuer != provider.issuer:
        raise ProviderRefused(f"The answer is not from {provider.name}. Try again.")  # RFC 9207
    code = arrived.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        raise ProviderRefused(f"You were not signed in at {provider.name}. Nothing was changed.")
    tokens = _redeem(provider, attempt, code)
    access_token = check_text(tokens.get("access_token"), LONGEST_TOKEN)
    if provider.kind == GITHUB:
        return github.read_stranger(provider, access_token)
    claims = _read_id_token(provider, attempt, tokens)
    return _describe(provider, claims, access_token)


def _endpoints(provider: Provider) -> dict[str, Any]:
    return github.endpoints(provider) if provider.kind == GITHUB else read_metadata(provider)


def _address_back(provider: Provider) -> str:
    """An address of its own for each provider, so that none can pass on what another one has sent."""
    return f"{config.current().base_url}/login/callback/{provider.key}"


def _redeem(provider: Provider, attempt: Attempt, code: str) -> dict[str, Any]:
    from authlib.oauth2.auth import ClientAuth  # noqa: PLC0415 - as above
    from authlib.oauth2.rfc6749.parameters import prepare_token_request  # noqa: PLC0415

    endpoints = _endpoints(provider)
    offered = endpoints.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    way = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
    given = {"code": code, "redirect_uri": _address_back(provider), "code_verifier": attempt.verifier}
    body = prepare_token_request("authorization_code", **given)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    auth = ClientAuth(provider.client_id, provider.client_secret, way)
    address, headers, body = auth.prepare("POST", endpoints["token_endpoint"], headers, body)
    tokens = fetch_json(provider.name, address, method="POST", headers=headers, body=body)
    if not isinstance(tokens, dict) or "error" in tokens:
        raise ProviderRefused(f"{provider.name} did not accept this sign-in; perhaps it took too long. Try again.")
    return tokens


def _read_id_token(provider: Provider, attempt: Attempt, tokens: dict[str, Any]) -> dict[str, Any]:
    """The claims of an ID token whose signature, issuer, audience, times and nonce are right."""
    from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - as above
    from joserfc.errors import JoseError  # noqa: PLC0415

    text = check_text(tokens.get("id_token"), LONGEST_TOKEN)
    params = {"nonce": attempt.nonce, "client_id": provider.client_id, "access_token": tokens["access_token"]}
    options = {
        "iss": {"essential": True, "value": provider.issuer},
        "sub": {"essential": True},
        "aud": {"essential": True, "value": provider.client_id},
    }
    try:
        token = _decode(provider, text)
        CodeIDToken(token.claims, token.header, options, params).validate(leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderRefused(f"The answer of {provider.name} is not valid. Try again.") from error
    claims: dict[str, Any] = token.claims
    given_at = claims.get("auth_time")
    if attempt.fresh and not (isinstance(given_at, int) and given_at > time.time() - 10 * LEEWAY_SECONDS):
        raise ProviderRefused(f"{provider.name} does not say that you have just signed in there. Use another way.")
    return claims


def _decode(provider: Provider, text: str) -> Any:
    """The signed token; a key that is not known yet may be a new one of the provider's."""
    from joserfc import jwt  # noqa: PLC0415 - as above
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import KeySet  # noqa: PLC0415

    try:
        return jwt.decode(text, KeySet.import_key_set(read_keys(provider)), algorithms=ALGORITHMS)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError):
        keys = KeySet.import_key_set(read_keys(provider, anew=True))  # type: ignore[arg-type]
        return jwt.decode(text, keys, algorithms=ALGORITHMS)


def _describe(provider: Provider, claims: dict[str, Any], access_token: str) -> Stranger:
    subject = check_text(claims["sub"], 255)
    told = {**_ask_for_more(provider, claims, access_token), **claims}
    return Stranger.of(provider, subject, told)


def _ask_for_more(provider: Provider, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
    """What the ID token leaves out and the provider tells separately (UserInfo), of the same person."""
    address = read_metadata(provider).get("userinfo_endpoint")
    if "email" in claims or not is_as_safe(address, provider.issuer):
        return {}
    told = fetch_json(provider.name, str(address), headers={"Authorization": f"Bearer {access_token}"})
    if not isinstance(told, dict):
        raise ProviderUnavailable(provider.name)
    return told if told.get("sub") == claims["sub"] else {}
