"""What tokens and browser sessions have in common: of the secret its SHA-256 is kept, and its use is noted hourly."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from framework.accounts.models import BrowserSession, Token

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


def end_all(session: Session, user_id: int, *, keep: Kept = NOTHING) -> None:
    """Sign every browser of the account out, and end every token, in the transaction of the cause."""
    browsers = delete(BrowserSession).where(BrowserSession.user_id == user_id, BrowserSession.id.not_in(keep.sessions))
    session.execute(browsers)
    session.execute(delete(Token).where(Token.user_id == user_id, Token.id.not_in(keep.tokens)))
