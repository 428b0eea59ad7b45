"""Signing in in two steps: who has shown a password and has a second factor is asked for it before anything is kept.

Between the steps the browser's session holds whose password it was, for ten minutes; it ends with that password.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import session

from framework.accounts.core.account import Account, SignInRequired, read_account
from framework.accounts.core.credentials import digest
from framework.accounts.factors.checking import read_ways
from framework.accounts.signin.login import sign_in
from framework.database.session import read_transaction
from framework.database.types import now
from framework.errors import HoldfastError

PATH = "/login/second"
WAITS = timedelta(minutes=10)
_KEY = "second_step"


@dataclass(frozen=True)
class FirstStep:
    """Who has shown a password, whether the browser is to be remembered, and where they were going."""

    account: Account
    remember: bool
    path: str


class FirstStepExpired(SignInRequired):
    """Nobody has shown a password lately in this browser."""

    def __init__(self) -> None:
        super().__init__("Enter your name and password first.")


def complete_first_step(account: Account, *, remember: bool = False, path: str = "/") -> str:
    """Sign somebody in who needs to show nothing more, or begin the second step; the path to go to.

    Raises:
        SignInRequired: the credentials were changed since they were checked.
    """
    if not read_ways(account.id).second_factor:
        sign_in(account, remember=remember)
        return path
    kept = {"id": account.id, "key": digest(account.session_key), "remember": remember, "path": path}
    session[_KEY] = {**kept, "at": now().isoformat()}
    return PATH


def read_first_step() -> FirstStep:
    """Who has shown a password in this browser, and is to show a second factor.

    Raises:
        FirstStepExpired: nobody, or it was too long ago, or the password is another one now.
    """
    kept: dict[str, Any] = session.get(_KEY) or {}
    if not kept or now() > datetime.fromisoformat(kept["at"]) + WAITS:
        raise FirstStepExpired
    try:
        with read_transaction() as opened:
            account = read_account(opened, kept["id"])
    except HoldfastError as gone:
        raise FirstStepExpired from gone
    if digest(account.session_key) != kept["key"]:
        raise FirstStepExpired
    return FirstStep(account, kept["remember"], kept["path"])


def complete_second_step(first: FirstStep) -> str:
    """Sign somebody in who has shown the second factor as well; the path that they were going to.

    Raises:
        SignInRequired: the credentials were changed since they were checked.
    """
    sign_in(first.account, remember=first.remember, second_factor_shown=True)
    return first.path
