"""What an operator does with people's accounts; each is one transaction, and doing it twice is fine."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, emails, passwords, plans, sessions, validation
from framework.accounts.core.account import Account, AccountNotFound, AccountSuspended, recheck_administrator
from framework.accounts.core.credentials import end_all
from framework.accounts.core.former_names import reserve_names
from framework.accounts.core.ways_in.removal import remove_all
from framework.accounts.lifecycle.operations import find_owner, find_user, list_guessable_words, set_password
from framework.accounts.models import Picture, Profile, User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict


class LastAdministrator(Conflict):
    """Nobody would be left who may administer the server."""

    command_hint = "`flask users promote NAME` makes somebody one; --force goes on without any."

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is the only administrator. The people who run this server have to make somebody else one first."
        )


class NoSuchAccount(AccountNotFound):
    """An operator names nobody."""

    command_hint = "`flask users list` shows all accounts."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no account {name}; it may have been renamed or deleted.")


class OwnAccount(Conflict):
    """An administrator would lock themselves out."""

    def __init__(self) -> None:
        super().__init__("This is your own account. Ask another administrator to suspend it.")


def find_account(session: Session, name: str) -> User:
    """The row of the account with this name or confirmed e-mail address, locked until the transaction ends.

    Raises:
        AccountNotFound.
    """
    user = find_user(session, name)
    if user is None:
        raise NoSuchAccount(name)
    session.refresh(user, with_for_update=True)
    return user


def set_admin(name: str, *, admin: bool, force: bool = False) -> str:
    """Make somebody an administrator, or one no longer; their user name.

    Raises:
        AccountNotFound.
        LastAdministrator: nobody else is one, and `force` is not given.
    """
    with transaction() as session:
        user = find_account(session, name)
        if not (admin or force):
            refuse_last_admin(session, user)
        user.admin = admin
        audit.record(session, "administrator", actor=None, person=user, rights="granted" if admin else "revoked")
    return user.name


def read_plan_of(name: str) -> plans.PlanHeld:
    """The plan of this account, which may be a group's, and why it has it.

    Raises:
        AccountNotFound.
    """
    with read_transaction() as session:
        owner = find_owner(session, name)
        if owner is None:
            raise NoSuchAccount(name)
        return plans.read_held_plan(session, owner)


def give_plan(name: str, plan: str | None, *, by: Account | None = None) -> str:
    """Give a person or a group a plan, which stays until another is given; the name.

    None lets a person's confirmed address decide; a group has the plan `free` then.

    Raises:
        AccountNotFound.
        PlanUnknown.
        NotAdministrator: `by` is none any more.
    """
    if plan is not None:
        plans.default_plan(plan)
    with transaction() as session:
        recheck_administrator(session, by)
        owner = _lock_owner(session, name)
        owner.plan = plan
        audit.record(session, "plan_given", actor=by, person=owner, plan=plan or "automatic")
        return owner.name


def _lock_owner(session: Session, name: str) -> User:
    """The row of a person or a group, which may have been deleted since it was found."""
    found = find_owner(session, name)
    if found is None:
        raise NoSuchAccount(name)
    query = select(User).where(User.id == found.id, User.deleted_at.is_(None)).with_for_update()
    owner = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if owner is None:
        raise NoSuchAccount(name)
    return owner


def replace_password(name: str, password: str) -> str:
    """Another password; every session and token of the account ends, and the person gets a mail. Their user name.

    Raises:
        AccountNotFound.
        InvalidPassword: the password breaks a rule.
    """
    with read_transaction() as session:
        known = find_user(session, name)
    new_hash = passwords.hash_password(
        validation.password(password, about=list_guessable_words(known) if known else ())
    )
    with transaction() as session:
        user = find_account(session, name)
        set_password(session, user, new_hash, by=None)
    return user.name


def send_reset(name: str) -> str:
    """Send somebody a link to choose a new password; the address that it goes to.

    Raises:
        AccountNotFound, AccountSuspended, NoAddress.
    """
    with transaction() as session:
        user = find_account(session, name)
        if user.suspended_at is not None:
            raise AccountSuspended(user.name)
        emails.mail_password_link(session, user)
    return addresses.find_contact_address(user) or user.email


def suspend(name: str, *, reason: str | None = "", force: bool = False, by: Account | None = None) -> str:
    """Let an account do nothing until it is resumed: its sessions end, and no password or token lets it in.

    Tokens are kept for the day on which it is resumed. A mail says why; with None nobody is told. The user name.

    Raises:
        AccountNotFound.
        LastAdministrator: nobody else is one, and `force` is not given.
        OwnAccount: an administrator means themselves.
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        user = find_account(session, name)
        if by is not None and user.id == by.id:
            raise OwnAccount
        suspend_row(session, user, reason=reason, force=force, by=by)
    return user.name


def suspend_row(
    session: Session, user: User, *, reason: str | None, force: bool = False, by: Account | None = None
) -> None:
    """The same in the caller's transaction, which has locked the row.

    Raises:
        LastAdministrator.
    """
    if not force:
        refuse_last_admin(session, user)
    newly = user.suspended_at is None
    if newly:
        user.suspended_at = now()
    if newly and reason is not None:
        emails.mail_suspension(session, user, reason=reason)
        audit.record(session, "suspended", actor=by, person=user, reason=reason)
    sessions.end_all_sessions(session, user.id)


def resume(name: str, *, by: Account | None = None) -> str:
    """Let a suspended account in again, and tell its person by mail; the user name.

    Raises:
        AccountNotFound.
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        user = find_account(session, name)
        if user.suspended_at is not None:
            user.suspended_at = None
            emails.mail_resumption(session, user)
            audit.record(session, "resumed", actor=by, person=user)
    return user.name


def refuse_last_admin(session: Session, user: User) -> None:
    """Let a change pass that takes this person's rights, when another administrator is left.

    Raises:
        LastAdministrator.
    """
    admins = select(User.id).where(User.admin, User.suspended_at.is_(None)).order_by(User.id).with_for_update()
    if list(session.scalars(admins)) == [user.id]:
        raise LastAdministrator(user.name)


def erase(session: Session, user: User) -> None:
    """Take everything of a person from their row, so that the address is free and nobody can sign in as them."""
    audit.record(session, "account_deleted", actor=None, person=user)
    reserve_names(session, user)
    user.deleted_at = user.suspended_at = now()
    user.name = user.name_key = f"deleted:{user.id}"  # neither this nor the address can be chosen by anybody
    user.email = user.email_key = f"deleted-{user.id}@deleted.invalid"
    user.pending_email = user.pending_email_key = None
    user.full_name, user.picture = "", None
    for kind in (Profile, Picture):
        session.execute(delete(kind).where(kind.user_id == user.id))
    user.password_hash, user.admin, user.email_verified_at = None, False, None
    remove_all(session, user.id)
    end_all(session, user.id)
