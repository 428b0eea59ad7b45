"""Which e-mail address is whose: one counts once it is confirmed, and then a single account has it.

Whoever signs up or asks for another address claims it, as anyone may: a link goes there, and who opens it has the
address. The claims of others end with that. An account without a confirmed address is found by its name alone.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework.accounts.core.credentials import NOTHING, Kept, end_all
from framework.accounts.core.sessions import LiveSession
from framework.accounts.core.validation import email_key
from framework.accounts.models import User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import call_after_commit
from framework.database.types import now
from framework.errors import Conflict

REFRESH_PERSON = "framework.projects.tasks.refresh_person"
TAKE_INVITATIONS = "framework.projects.tasks.take_invitations"
Confirmed = Callable[[int], None]
ConfirmedWithin = Callable[[Session, User], None]
_followers: list[Confirmed] = []
_within: list[ConfirmedWithin] = []

NOWHERE = "unconfirmed.invalid"
"""The domain (RFC 2606) of accounts whose address somebody else has confirmed; no mail goes there."""


class EmailTaken(Conflict):
    """Another account has confirmed this e-mail address."""

    field = "email"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} already belongs to another account. Sign in to that one, or ask for a new password for it."
        )


def on_confirmation(follow: Confirmed) -> None:
    """Have this called with the id of each account whose address begins to count, once that is committed."""
    if follow not in _followers:
        _followers.append(follow)


def within_confirmation(follow: ConfirmedWithin) -> None:
    """Have this called in the transaction in which an account's address begins to count."""
    if follow not in _within:
        _within.append(follow)


def find_confirmed_address(user: User) -> str | None:
    """The address that counts, where mail about projects goes."""
    return user.email if user.email_verified_at else None


def find_pending_address(user: User) -> str | None:
    """The address that waits for its confirmation; an account of a release without claims waits with its only one."""
    if user.pending_email or user.email_verified_at:
        return user.pending_email
    return user.email if user.email_key == user.email.casefold() else None


def find_contact_address(user: User) -> str | None:
    """Where mail about the account itself goes: the confirmed address, else the one that waits."""
    return find_confirmed_address(user) or find_pending_address(user)


def find_confirmed(session: Session, email: str) -> User | None:
    """The account that has confirmed this address, in any case."""
    mine = (User.email_key == email_key(email), User.email_verified_at.is_not(None))
    return session.scalar(select(User).where(*mine))


def find_claims(session: Session, email: str, *, lock: bool = False) -> list[User]:
    """The accounts for which this address waits, the oldest first; locked in that order where they are to change."""
    key = email_key(email)
    mine = or_(User.pending_email_key == key, (User.email_key == key) & User.email_verified_at.is_(None))
    query = select(User).where(mine, User.deleted_at.is_(None)).order_by(User.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(query))


def lock_with_claims(session: Session, user: User) -> None:
    """Hold an account, and all that claim the address that it waits for, until the transaction ends; read it anew.

    What was read before may have been confirmed meanwhile, by the same link opened twice or by another account.
    """
    if email := find_pending_address(user):
        find_claims(session, email, lock=True)  # in one order, or two that confirm could wait for each other
    session.refresh(user, with_for_update={"key_share": True})


def claim(user: User, email: str) -> None:
    """Have this address wait for its confirmation; links to the one that waited before work no longer."""
    user.pending_email, user.pending_email_key = email, email.casefold()
    if not user.email_verified_at:
        user.email, user.email_key = email, _no_address()


def confirm(session: Session, user: User, *, keep: LiveSession | None = None) -> None:
    """Let the address that waits count, for this account alone; nothing to do where none waits.

    At the first one every session and token ends, since somebody else may have made the account: only `keep`
    goes on, the session of the browser that confirms.

    Raises:
        EmailTaken: another account was earlier.
    """
    email = find_pending_address(user)
    if email is None:
        return
    claims = find_claims(session, email, lock=True)
    if user not in claims or find_confirmed(session, email) not in {None, user}:
        raise EmailTaken(email)
    for other in claims:
        if other is not user:
            _release(session, other)
    session.flush()  # the claims of others leave the unique column before this one enters it
    if not user.email_verified_at:
        end_access(session, user, keep=Kept(frozenset({keep.id})) if keep else NOTHING)
    if email != user.email:
        enqueue(session, REFRESH_PERSON, user.id)
    user.email, user.email_key, user.email_verified_at = email, email.casefold(), now()
    user.pending_email = user.pending_email_key = None
    session.flush()
    audit.record(session, "address_confirmed", actor=user, person=user)
    for follow in _within:
        follow(session, user)
    user_id = user.id
    enqueue(session, TAKE_INVITATIONS, user_id)
    call_after_commit(session, lambda: _tell(user_id))


def confirm_first(session: Session, user: User, email: str, *, keep: LiveSession) -> None:
    """Let this address count for an account that has none yet and waits for it: a mail sent there brought its person.

    The account stays locked until the transaction ends, also where nothing is confirmed.

    Raises:
        EmailTaken: another account was earlier.
    """
    lock_with_claims(session, user)
    waiting = find_pending_address(user) or ""
    if not user.email_verified_at and waiting.casefold() == email.casefold():
        confirm(session, user, keep=keep)


@contextmanager
def catch_races() -> Iterator[None]:
    """Two accounts that confirm one address in the same moment: the database lets one of them through.

    Raises:
        EmailTaken: it was the other one.
    """
    try:
        yield
    except IntegrityError as error:
        raise EmailTaken("The e-mail address") from error


def end_access(session: Session, user: User, *, keep: Kept = NOTHING) -> None:
    """End every session and token but those to keep, and the links of mails about the password."""
    user.session_key = secrets.token_hex(16)
    end_all(session, user.id, keep=keep)


def _tell(user_id: int) -> None:
    for follow in _followers:
        follow(user_id)


def _release(session: Session, user: User) -> None:
    """Take an address away from an account that has only claimed it."""
    user.pending_email = user.pending_email_key = None
    if not user.email_verified_at:
        user.email, user.email_key = f"account-{user.id}@{NOWHERE}", _no_address()
        enqueue(session, REFRESH_PERSON, user.id)


def _no_address() -> str:
    return f"unconfirmed:{secrets.token_hex(16)}"
