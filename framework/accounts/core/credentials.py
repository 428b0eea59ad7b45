"""What tokens and browser sessions have in common: of the secret its SHA-256 is kept, and its use is noted hourly."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, SignInRequired
from framework.accounts.models import BrowserSession, Token, User

USE_NOTED_EVERY = timedelta(hours=1)


def digest(secret: str) -> str:
    """The SHA-256 of what somebody shows as a secret, in hex: what it is found by."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


@dataclass(frozen=True)
class Kept:
    """The numbers of the sessions and tokens that go on when all others end."""

    sessions: frozenset[int] = frozenset()
    tokens: frozenset[int] = frozenset()


NOTHING = Kept()


def lock_unchanged_user(session: Session, account: Account) -> User:
    """The row of an account whose credentials were checked before this transaction; they stay until it ends.

    A check of a password takes long enough for another one to be set meanwhile, and what is made after that would
    outlive it.

    Raises:
        SignInRequired: they were changed since.
    """
    user = session.get(User, account.id, with_for_update={"key_share": True}, populate_existing=True)
    if user is None or user.session_key != account.session_key:
        raise SignInRequired("The password was changed a moment ago. Sign in with the new one.")
    return user


def end_all(session: Session, user_id: int, *, keep: Kept = NOTHING) -> None:
    """Sign every browser of the account out, and end every token, in the transaction of the cause."""
    browsers = delete(BrowserSession).where(BrowserSession.user_id == user_id, BrowserSession.id.not_in(keep.sessions))
    session.execute(browsers)
    session.execute(delete(Token).where(Token.user_id == user_id, Token.id.not_in(keep.tokens)))
