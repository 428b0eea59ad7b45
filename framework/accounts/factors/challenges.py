"""Challenges of WebAuthn: signed, for one purpose and one browser's session, for ten minutes, and answered once.

Nothing is kept of a challenge until it is answered, so that showing the sign-in page to strangers costs no row.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy import delete
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core.credentials import digest
from framework.accounts.models import SpentChallenge
from framework.database.insert import insert_into
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Invalid

LASTS = timedelta(minutes=10)


class ChallengeRefused(Invalid):
    """An answer to a challenge that is too old, of another session, or was answered before."""

    field = "credential"

    def __init__(self) -> None:
        super().__init__("This took too long, or was sent twice. Try again.")


@dataclass(frozen=True)
class Ceremony:
    """What a challenge is for (`add`, `alone`, `second` or `again`), in which session, and for whom if known."""

    purpose: str
    binding: str
    account_id: int | None = None

    def challenge(self, note: str = "") -> str:
        """A new challenge, as text; the note comes back with the answer."""
        return self._signer().sign(f"{secrets.token_urlsafe(16)}.{note}").decode()

    def check(self, challenge: str) -> str:
        """Let a challenge of this ceremony pass that is not too old; its note.

        Raises:
            ChallengeRefused.
        """
        try:
            signed = self._signer().unsign(challenge, max_age=int(LASTS.total_seconds())).decode()
        except BadSignature as error:
            raise ChallengeRefused from error
        return signed.partition(".")[2]

    def _signer(self) -> TimestampSigner:
        salt = f"holdfast-passkey {self.purpose} {self.account_id or '-'} {self.binding}"
        return TimestampSigner(config.current().signing_keys, salt=salt)


def spend(session: Session, challenge: str) -> None:
    """Have this challenge be answered.

    Raises:
        ChallengeRefused: it was answered before.
    """
    added = insert_into(session, SpentChallenge).values(digest=digest(challenge), spent_at=now())
    kept = added.on_conflict_do_nothing().returning(SpentChallenge.digest)
    if session.execute(kept).one_or_none() is None:
        raise ChallengeRefused


def forget_spent() -> int:
    """Delete the answered challenges that are too old to be taken anyway; how many."""
    old = delete(SpentChallenge).where(SpentChallenge.spent_at < now() - 2 * LASTS)
    with transaction() as session:
        return len(session.scalars(old.returning(SpentChallenge.digest)).all())
