"""Failed attempts to sign in, counted for each account and each address; too many have to wait."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.models import LoginFailure
from framework.database.insert import insert_if_absent
from framework.database.types import now
from framework.errors import Forbidden

WINDOW = timedelta(minutes=15)
LIMITS = {"account": 10, "address": 60, "mail": 5}


class TooManyAttempts(Forbidden):
    """Signing in failed too often lately; the sentence says how long to wait."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        self.wait_seconds = max(1, ceil(wait.total_seconds()))
        minutes = ceil(self.wait_seconds / 60)
        super().__init__(
            f"Too many failed attempts to sign in. Try again in {minutes} minute{'' if minutes == 1 else 's'}, "
            "or choose a new password by mail."
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait_seconds)}


def account_key(user_id: int | None, login: str) -> str:
    """The key under which an account's failures are counted; people who do not exist have one too."""
    if user_id is not None:
        return f"account:{user_id}"
    return f"account:?{hashlib.sha256(login.casefold().encode(errors='replace')).hexdigest()}"


def address_key(address: str) -> str:
    """The key of a client's address; a whole IPv6 network of one subscriber (/64) counts as one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "address:unknown"
    return f"address:{ip_network((parsed, 64), strict=False) if isinstance(parsed, IPv6Address) else parsed}"


def refuse_too_many(session: Session, keys: Iterable[str]) -> None:
    """Let an attempt pass when none of these keys has reached its limit.

    Raises:
        TooManyAttempts: one has.
    """
    for row in session.scalars(select(LoginFailure).where(LoginFailure.key.in_(list(keys)))):
        wait = row.window_started_at + WINDOW - now()
        if wait > timedelta(0) and row.failures >= LIMITS[row.key.partition(":")[0]]:
            raise TooManyAttempts(wait)


def count_failure(session: Session, keys: Iterable[str]) -> None:
    """One more failure for each key; the window starts again when it has passed."""
    for key in sorted(keys):  # one order for everybody, or two attempts could wait for each other
        insert_if_absent(session, LoginFailure, key=key, failures=0, window_started_at=now())
        row = session.get_one(LoginFailure, key, with_for_update=True)
        if row.window_started_at + WINDOW <= now():
            row.failures, row.window_started_at = 0, now()
        row.failures += 1


def has_failures(session: Session, key: str) -> bool:
    """Whether any failure is kept for this key."""
    return session.get(LoginFailure, key) is not None


def may_send_mail(session: Session, user_id: int) -> bool:
    """Whether another link may be sent to this person; counts it, so that nobody's mailbox is flooded."""
    key = f"mail:{user_id}"
    try:
        refuse_too_many(session, [key])
    except TooManyAttempts:
        return False
    count_failure(session, [key])
    return True


def forget(session: Session, key: str) -> None:
    """Forget the failures of a key: it has signed in, or has shown another way who it is."""
    session.execute(delete(LoginFailure).where(LoginFailure.key == key))
