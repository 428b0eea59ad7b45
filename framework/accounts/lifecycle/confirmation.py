"""Confirming an address by the link in a mail, asking for that link again, and undoing a change of address."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, emails, plans, signed_links, throttle
from framework.accounts.core.account import Account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.core.ways_in.removal import remove_since
from framework.accounts.models import AddressChange, User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict

UNDONE_FOR = timedelta(days=signed_links.UNDO_DAYS)


class NothingToConfirm(Conflict):
    """No address of the account waits for its confirmation."""

    def __init__(self) -> None:
        super().__init__("No e-mail address of yours waits to be confirmed.")


@dataclass(frozen=True)
class Claim:
    """What a link confirms: an address for an account; `done` when it was confirmed already."""

    account_id: int
    name: str
    email: str
    done: bool


@dataclass(frozen=True)
class LinkSent:
    """Where a link was asked for, and whether it was sent: not where several were a moment ago."""

    email: str
    sent: bool


def read_claim(token: str) -> Claim:
    """What the link from a mail confirms.

    Raises:
        LinkExpired: it works no longer.
        AccountSuspended.
    """
    with read_transaction() as session:
        user, email = signed_links.read_confirmation_link(session, token)
    account = Account.of(user)
    return Claim(account.id, account.name, email, done=email != addresses.find_pending_address(user))


def confirm_address(token: str, *, keep: LiveSession | None = None) -> Account:
    """Let the address count that the link was sent to; doing so twice is fine, and renews a student's plan.

    Only whoever is signed in to the account, or knows its password, may ask for this: the link shows whose the address
    is, and not who made the account. The session `keep` goes on, should the others end.

    Raises:
        LinkExpired: the link works no longer.
        EmailTaken: another account has confirmed the address.
        AccountSuspended.
    """
    with addresses.catch_races(), transaction() as session:
        addresses.lock_with_claims(session, signed_links.read_confirmation_link(session, token)[0])
        user, email = signed_links.read_confirmation_link(session, token)
        Account.of(user)
        replaced = addresses.find_confirmed_address(user)
        if email == addresses.find_pending_address(user):
            addresses.confirm(session, user, keep=keep)
        else:
            plans.renew(session, user)
        if replaced and replaced != user.email:
            _note_change(session, user, replaced)
    return Account.of(user)


def send_link_again(account_id: int) -> LinkSent:
    """Send the link that confirms an address once more, unless that was done often lately.

    Raises:
        NothingToConfirm.
    """
    with transaction() as session:
        user = session.get_one(User, account_id)
        email = addresses.find_pending_address(user)
        if email is None:
            raise NothingToConfirm
        may = throttle.may_mail_claimant(session, user.id, email)
        if may:
            emails.mail_confirmation_link(session, user)
    return LinkSent(email, sent=may)


def drop_claim(account_id: int) -> None:
    """Keep the confirmed address: the one that was to replace it waits no longer; doing so twice is fine."""
    with transaction() as session:
        user = session.get_one(User, account_id)
        if user.email_verified_at:
            user.pending_email = user.pending_email_key = None


def read_pending_address(account_id: int) -> str | None:
    """The address of the account that waits for its confirmation."""
    with read_transaction() as session:
        return addresses.find_pending_address(session.get_one(User, account_id))


def check_undo(token: str) -> str:
    """The address that the link brings back.

    Raises:
        LinkExpired: the change cannot be undone any more.
    """
    with read_transaction() as session:
        return signed_links.read_undo_link(session, token).email


def undo_change(token: str) -> str:
    """Give the account the address back that was replaced; the link for a new password.

    Whoever changed it may know the password: it works no longer, and every session and token ends. So does each second
    factor that was added in the week before the change, or since.

    Raises:
        LinkExpired: the change cannot be undone any more.
        EmailTaken: another account has confirmed the address meanwhile.
        AccountSuspended.
    """
    with addresses.catch_races(), transaction() as session:
        user = session.get_one(User, signed_links.read_undo_link(session, token).user_id)
        session.refresh(user, with_for_update=True)
        change = signed_links.read_undo_link(session, token)
        Account.of(user)
        addresses.claim(user, change.email)
        session.flush()
        addresses.confirm(session, user)
        addresses.end_access(session, user)
        user.password_hash = None
        remove_since(session, user.id, change.changed_at - UNDONE_FOR)
        _forget_since(session, change)
    return signed_links.reset_token(user)


def _note_change(session: Session, user: User, replaced: str) -> None:
    """Let the replaced address undo the change, unless this was itself an undoing: by hand, and not by the link.

    Whoever had the address in between may be a thief, whose link would take the account once more.
    """
    mine = (AddressChange.user_id == user.id, AddressChange.changed_at > now() - UNDONE_FOR)
    changes = select(AddressChange).where(*mine).order_by(AddressChange.id)
    undone = (change for change in session.scalars(changes).all() if change.email.casefold() == user.email_key)
    if (earlier := next(undone, None)) and replaced.casefold() != user.email_key:
        _forget_since(session, earlier)
        return
    change = AddressChange(user_id=user.id, email=replaced, changed_at=now())
    session.add(change)
    session.flush()
    emails.mail_address_change(session, user, change)


def _forget_since(session: Session, change: AddressChange) -> None:
    """Let this change be undone no more, nor any that came after it."""
    later = (AddressChange.user_id == change.user_id, AddressChange.id >= change.id)
    session.execute(delete(AddressChange).where(*later))


def forget_changes() -> int:
    """Delete the changes that cannot be undone any more; how many."""
    old = AddressChange.changed_at < now() - UNDONE_FOR
    with transaction() as session:
        return len(session.scalars(delete(AddressChange).where(old).returning(AddressChange.id)).all())
