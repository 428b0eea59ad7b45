"""The browser's session: Flask's signed cookie, without what need not be done again for each request."""

from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

VARY_COOKIE = "Cookie"


class SessionCookie(SecureCookieSessionInterface):
    """Flask's own cookie. Its signer is made once for the keys; without a cookie nothing is read."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads the cookie; None without a key."""
        if not app.secret_key:
            return None
        return _make_signer(self, (*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key))

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds; a session without anything where there is none, or it is not ours."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie where the session was changed, and say that the answer depends on it where it was read."""
        if session or session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            vary_by_cookie(response)


@lru_cache(maxsize=4)
def _make_signer(interface: SecureCookieSessionInterface, keys: tuple[Any, ...]) -> URLSafeTimedSerializer:
    """The last key signs, all of them verify."""
    options = {"key_derivation": interface.key_derivation, "digest_method": interface.digest_method}
    return URLSafeTimedSerializer(
        list(keys), salt=interface.salt, serializer=interface.serializer, signer_kwargs=options
    )


def vary_by_cookie(response: Response) -> None:
    """Have caches tell answers apart by the cookie (RFC 9110, section 12.5.5)."""
    varies = response.headers.setdefault("Vary", VARY_COOKIE)
    if varies != VARY_COOKIE:
        response.vary.add(VARY_COOKIE)
