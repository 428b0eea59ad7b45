"""Recovery codes: ten at a time, 80 random bits each, shown once and kept as SHA-256; each works once."""

import secrets

from sqlalchemy import delete
from sqlalchemy.orm import Session

from framework.accounts.core import emails
from framework.accounts.core.credentials import digest
from framework.accounts.core.ways_in.reading import has_second_factor, read_ways_in
from framework.accounts.models import RecoveryCode, User
from framework.audit import log as audit
from framework.database.session import transaction
from framework.errors import Conflict

COUNT, LENGTH, PART = 10, 16, 4
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's Base32, in which no two letters look alike."""
_LOOKALIKES = str.maketrans("oil", "011", " -\t\n\r")


class NothingToRecover(Conflict):
    """The account has no second factor, so it needs no codes."""

    def __init__(self) -> None:
        super().__init__("Recovery codes stand in for a second factor. Set one up first.")


def replace_codes(account_id: int) -> list[str]:
    """Ten new codes for the account; those of before work no longer.

    Raises:
        NothingToRecover.
    """
    with transaction() as session:
        user = session.get_one(User, account_id, with_for_update={"key_share": True})
        if not has_second_factor(session, user.id):
            raise NothingToRecover
        codes = store_codes(session, user)
        audit.record(session, "recovery_codes_made", actor=user, person=user)
        emails.warn(
            session,
            user,
            title="You have new recovery codes",
            what="Ten new recovery codes were created for your account. The earlier ones no longer work.",
        )
    return codes


def store_codes(session: Session, user: User) -> list[str]:
    """Ten new codes in the place of all of before, in the transaction of the cause."""
    codes = [_draw() for _ in range(COUNT)]
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.add_all(RecoveryCode(digest=digest(_normalize(code)), user_id=user.id) for code in codes)
    return codes


def store_first_codes(session: Session, user: User) -> list[str]:
    """The codes that come with the first second factor; none where the account has some already."""
    return [] if read_ways_in(session, user.id).recovery_codes else store_codes(session, user)


def use_code(session: Session, user: User, typed: str) -> bool:
    """Use up a code; whether it was one. Its person is told by mail."""
    mine = (RecoveryCode.user_id == user.id, RecoveryCode.digest == digest(_normalize(typed)))
    used = session.scalars(delete(RecoveryCode).where(*mine).returning(RecoveryCode.digest)).all()
    if not used:
        return False
    left = read_ways_in(session, user.id).recovery_codes
    audit.record(session, "recovery_code_used", actor=user, person=user, left=left)
    emails.warn(
        session,
        user,
        title="A recovery code was used",
        what=f"Somebody signed in to your account with one of its recovery codes, which cannot be used again. {left} "
        f"{'is' if left == 1 else 'are'} left; you can create new ones in your settings, under Security.",
    )
    return True


def _draw() -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(drawn[start : start + PART] for start in range(0, LENGTH, PART))


def _normalize(typed: str) -> str:
    """A code as it is kept, however it was typed: in any case, with or without hyphens, `o` for `0`."""
    return typed[:100].lower().translate(_LOOKALIKES)
