"""Who is signed in: Flask-Login's session and remember cookie, both with the secret of one row of browser sessions."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.local import LocalProxy

from framework import config
from framework.accounts import sessions
from framework.accounts.account import Account, SignInRequired
from framework.accounts.sessions import REMEMBERED, Browser, LiveSession
from framework.web.errors import problem, wants_json

P = ParamSpec("P")
R = TypeVar("R")


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's idea of a person: a session that lives, known by its secret."""

    def __init__(self, live: LiveSession) -> None:
        self.live = live

    def get_id(self) -> str:
        return self.live.secret


def register(app: Flask) -> None:
    """Keep people signed in, give templates `account`, and lead strangers to the login page."""
    manager = LoginManager()
    manager.session_protection = None  # addresses change under people who travel; rows end sessions
    manager.user_loader(_load)
    manager.init_app(app, add_context_processor=False)
    app.config.update(
        REMEMBER_COOKIE_DURATION=REMEMBERED,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=config.current().base_url.startswith("https://"),
    )
    app.jinja_env.globals["account"] = LocalProxy(current_account)
    app.register_error_handler(SignInRequired, _to_login)


def current_session() -> LiveSession | None:
    """The session that this browser is signed in with, if any; ask with no database session open."""
    return current_user.live if current_user.is_authenticated else None


def current_account() -> Account | None:
    """The account that is signed in, if any; ask with no database session open."""
    live = current_session()
    return live.account if live else None


def signed_in_session() -> LiveSession:
    """The session that this browser is signed in with.

    Raises:
        SignInRequired: there is none; a page leads to the login page and back.
    """
    live = current_session()
    if live is None:
        raise SignInRequired("Sign in first.")
    return live


def signed_in() -> Account:
    """The account that is signed in.

    Raises:
        SignInRequired: there is none; a page leads to the login page and back.
    """
    return signed_in_session().account


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only people who are signed in reach the view."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        signed_in()
        return view(*args, **kwargs)

    return guarded


def sign_in(account: Account, *, remember: bool = False) -> None:
    """Sign this person in, in a session that carries nothing of the earlier one, which ends."""
    browser = Browser(request.remote_addr or "", request.user_agent.string)
    live = sessions.begin_session(account, browser, remembered=remember, earlier=current_session())
    session.clear()
    login_user(SignedIn(live), remember=remember)


def sign_out() -> None:
    """End this browser's session, for whoever has a copy of its cookie too."""
    if live := current_session():
        sessions.leave_session(live)
    session.clear()
    logout_user()  # afterwards, since it notes in the session that its cookie is to be deleted


def _load(secret: str) -> SignedIn | None:
    live = sessions.live_session(secret)
    if live is None:
        return None
    if sessions.note_use(live) and live.remembered:
        session["_remember"] = "set"  # has Flask-Login send the cookie again, which lasts as long as the row
    return SignedIn(live)


def _to_login(error: SignInRequired) -> Response | Any:
    if wants_json():
        return problem(error.status, error.sentence, {"WWW-Authenticate": 'Basic realm="Holdfast", charset="UTF-8"'})
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.login", next=back))
