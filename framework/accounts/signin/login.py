"""Who is signed in: Flask-Login's session and remember cookie, both with the secret of one row of browser sessions."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, after_this_request, flash, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, decode_cookie, encode_cookie, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.local import LocalProxy

from framework import config
from framework.accounts.core import sessions
from framework.accounts.core.account import Account, SignInRequired
from framework.accounts.core.sessions import REMEMBERED, Browser, LiveSession
from framework.accounts.core.throttle import KnownBrowser
from framework.accounts.core.ways_in.reading import list_groups_that_ask
from framework.formatting import list_names
from framework.observability.requests import note_person
from framework.web.errors import problem, wants_json
from framework.web.security import cookie_name

KNOWN = "known_browser"
"""The cookie that stays when somebody signs out: a stranger's wrong guesses do not keep them from signing in again."""
KNOWN_FOR = timedelta(days=365)
ASKED = "owners for a second factor. Until you set one up, in your settings under Security, you are a member there."
MOST_ACCOUNTS = 5
"""A browser is known for so many accounts, those that signed in last."""

P = ParamSpec("P")
R = TypeVar("R")


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's idea of a person: a session that lives, known by its secret."""

    def __init__(self, live: LiveSession) -> None:
        self.live = live

    def get_id(self) -> str:
        return self.live.secret


class Manager(LoginManager):  # type: ignore[misc]
    """Flask-Login's manager, which reads remember cookies that an earlier key has signed, as Flask reads sessions.

    Whoever sends no cookie is a stranger; nothing else is looked up.
    """

    def _load_user(self) -> None:
        if "HTTP_COOKIE" in request.environ or session.get("_user_id"):
            super()._load_user()
        else:
            self._update_request_context_with_user()

    def _load_user_from_remember_cookie(self, cookie: str) -> SignedIn | None:
        for key in config.current().secret_key_fallbacks:
            if secret := decode_cookie(cookie, key=key):
                cookie = encode_cookie(secret)
        found: SignedIn | None = super()._load_user_from_remember_cookie(cookie)
        return found


def register(app: Flask) -> None:
    """Keep people signed in, give templates `account`, and lead strangers to the login page."""
    manager = Manager()
    manager.session_protection = None  # addresses change under people who travel; rows end sessions
    manager.user_loader(_load)
    manager.init_app(app, add_context_processor=False)
    app.config.update(
        REMEMBER_COOKIE_NAME=cookie_name("remember_token"),
        REMEMBER_COOKIE_DURATION=REMEMBERED,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=config.current().is_https,
    )
    app.jinja_env.globals["account"] = LocalProxy(current_account)
    app.jinja_env.globals["providers"] = lambda: config.current().providers
    app.jinja_env.globals.update(account_so_far=account_so_far, has_session_cookie=lambda: "_user_id" in session)
    app.register_error_handler(SignInRequired, _to_login)


def current_session() -> LiveSession | None:
    """The session that this browser is signed in with, if any; ask with no database session open."""
    seen = g.get("_login_user") or current_user  # what was found before, without asking Flask-Login again
    return seen.live if seen.is_authenticated else None


def current_account() -> Account | None:
    """The account that is signed in, if any; ask with no database session open."""
    live = current_session()
    return live.account if live else None


def account_so_far() -> Account | None:
    """The account that this request has asked for already; an error's page asks for none, the database may be away."""
    seen = g.get("_login_user")
    return seen.live.account if isinstance(seen, SignedIn) else None


def read_secret() -> str | None:
    """The secret in the session's cookie, where this request has not asked yet whose it is; None without one."""
    secret: str | None = None if "_login_user" in g else session.get("_user_id")
    return secret


def recognise(live: LiveSession) -> Account:
    """Let this request be the session's whose secret `read_secret` gave; call it with no database session open."""
    g._login_user = _recognise(live)  # noqa: SLF001 # where Flask-Login looks first
    return live.account


def require_session() -> LiveSession:
    """The session that this browser is signed in with.

    Raises:
        SignInRequired: there is none; a page leads to the login page and back.
    """
    live = current_session()
    if live is None:
        raise SignInRequired("Sign in first.")
    return live


def require_account() -> Account:
    """The account that is signed in.

    Raises:
        SignInRequired: there is none; a page leads to the login page and back.
    """
    return require_session().account


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only people who are signed in reach the view."""

    @wraps(view)
    def guard(*args: P.args, **kwargs: P.kwargs) -> R:
        require_account()
        return view(*args, **kwargs)

    return guard


def sign_in(account: Account, *, remember: bool = False, second_factor_shown: bool = False) -> None:
    """Sign this person in, in a session that carries nothing of the earlier one, which ends.

    Raises:
        SignInRequired: the credentials were changed since they were checked.
        SecondFactorNeeded: the account has a second factor, and it was not shown.
    """
    browser = Browser(request.remote_addr or "", request.user_agent.string)
    live = sessions.begin_session(
        account,
        browser,
        remembered=remember,
        second_factor_shown=second_factor_shown,
        earlier=current_session(),
    )
    session.clear()
    if groups := list_groups_that_ask(account.id):
        flash(f"{list_names(groups)} {'asks' if len(groups) == 1 else 'ask'} {ASKED}", "warning")
    login_user(SignedIn(live), remember=remember)
    after_this_request(lambda response: _make_known(response, account.id))


def read_known_browser() -> KnownBrowser | None:
    """The browser that asks, when somebody has signed in with it before; who it is now is another question."""
    try:
        name, user_ids = _browser_signer().loads(request.cookies.get(cookie_name(KNOWN), ""))
    except BadSignature:
        return None
    return KnownBrowser(name, tuple(user_ids))


def sign_out() -> None:
    """End this browser's session, for whoever has a copy of its cookie too."""
    if live := current_session():
        sessions.leave_session(live)
    session.clear()
    logout_user()  # afterwards, since it notes in the session that its cookie is to be deleted


def _make_known(response: Response, user_id: int) -> Response:
    known = read_known_browser() or KnownBrowser(secrets.token_urlsafe(9), ())
    user_ids = [user_id, *(other for other in known.user_ids if other != user_id)][:MOST_ACCOUNTS]
    response.set_cookie(
        cookie_name(KNOWN),
        str(_browser_signer().dumps([known.name, user_ids])),
        max_age=KNOWN_FOR,
        secure=config.current().is_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def _browser_signer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-known-browser")


def _load(secret: str) -> SignedIn | None:
    live = sessions.live_session(secret)
    return None if live is None else _recognise(live)


def _recognise(live: LiveSession) -> SignedIn:
    if sessions.note_use(live) and live.remembered:
        session["_remember"] = "set"  # has Flask-Login send the cookie again, which lasts as long as the row
    note_person(live.account.name)
    return SignedIn(live)


def _to_login(error: SignInRequired) -> Response | Any:
    if wants_json():
        return problem(error.status, error.sentence, {"WWW-Authenticate": 'Basic realm="Holdfast", charset="UTF-8"'})
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.login", next=back))
