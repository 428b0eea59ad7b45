"""Who is signed in: Flask-Login's session and remember cookie, both bound to the account's session key."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.local import LocalProxy

from framework import config
from framework.accounts.account import Account, SignInRequired
from framework.accounts.models import User
from framework.database.session import reading
from framework.web.errors import problem, wants_json

REMEMBERED = timedelta(days=30)

P = ParamSpec("P")
R = TypeVar("R")


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's idea of a person: the account, and the key that ends its sessions when it changes."""

    def __init__(self, user: User) -> None:
        self.account = Account.of(user)
        self.session_key = user.session_key

    def get_id(self) -> str:
        return f"{self.account.id}.{self.session_key}"


def register(app: Flask) -> None:
    """Keep people signed in, give templates `account`, and lead strangers to the login page."""
    manager = LoginManager()
    manager.session_protection = None  # addresses change under people who travel; the session key ends sessions
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


def current_account() -> Account | None:
    """The account that is signed in, if any; ask with no database session open."""
    return current_user.account if current_user.is_authenticated else None


def signed_in() -> Account:
    """The account that is signed in.

    Raises:
        SignInRequired: there is none; a page leads to the login page and back.
    """
    account = current_account()
    if account is None:
        raise SignInRequired("Sign in first.")
    return account


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only people who are signed in reach the view."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        signed_in()
        return view(*args, **kwargs)

    return guarded


def sign_in(account: Account, *, remember: bool = False) -> None:
    """Sign this person in, in a session that carries nothing of the earlier one."""
    with reading() as database:
        user = database.get_one(User, account.id)
    session.clear()
    login_user(SignedIn(user), remember=remember)


def sign_out() -> None:
    """End this browser's session."""
    session.clear()
    logout_user()  # afterwards, since it notes in the session that its cookie is to be deleted


def _load(session_id: str) -> SignedIn | None:
    number, _, session_key = session_id.partition(".")
    if not number.isdecimal():
        return None
    with reading() as database:
        user = database.get(User, int(number))
    return SignedIn(user) if user is not None and user.session_key == session_key else None


def _to_login(error: SignInRequired) -> Response | Any:
    if wants_json():
        return problem(error.status, error.sentence, {"WWW-Authenticate": 'Basic realm="Holdfast", charset="UTF-8"'})
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.login", next=back))
