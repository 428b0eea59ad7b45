"""Whose account an identity opens, linking it to one, taking it away, and accounts that begin with one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, budgets, emails
from framework.accounts.core.account import Account
from framework.accounts.core.addresses import EmailTaken
from framework.accounts.core.credentials import lock_unchanged_user
from framework.accounts.core.ways_in.reading import refuse_last_way
from framework.accounts.identities.persons import Stranger
from framework.accounts.lifecycle.passwordless import create_linked_user
from framework.accounts.lifecycle.signup import refuse_signup, refuse_where_closed
from framework.accounts.models import Identity, User
from framework.audit import log as audit
from framework.database.insert import insert_into
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, NotFound

ORCID = "orcid"
MOST = 10
LONGEST_NAME = 255


class IdentityTaken(Conflict):
    """Somebody signs in with this identity already."""

    def __init__(self) -> None:
        super().__init__("This account already opens another account here. Sign in to that one and unlink it first.")


class TooManyIdentities(Conflict):
    """The account has as many as one may."""

    def __init__(self) -> None:
        super().__init__(f"An account has at most {MOST} linked accounts. Unlink one that you no longer use.")


class IdentityNotFound(NotFound):
    """The account has no such identity."""

    def __init__(self) -> None:
        super().__init__("There is no such linked account; it may have been unlinked already.")


class AccountToLink(Conflict):
    """The provider says whose address it is, and an account here has confirmed that address."""

    fallback_link = ("Sign in", "/login")

    def __init__(self, email: str) -> None:
        super().__init__(
            f"There is an account for {email} already. Sign in to it in another way, then link the two in your"
            " settings, under Security."
        )


@dataclass(frozen=True)
class IdentityAbout:
    """What is shown of an identity."""

    id: int
    provider: str
    name: str
    shown: bool
    created_at: datetime
    last_used_at: datetime | None


def find_account(stranger: Stranger) -> Account | None:
    """Whose account this identity opens, if anybody's; its use is noted.

    Raises:
        AccountSuspended.
    """
    mine = (Identity.issuer == stranger.issuer, Identity.subject == stranger.subject)
    with transaction() as session:
        user_id = session.scalar(update(Identity).where(*mine).values(last_used_at=now()).returning(Identity.user_id))
        return Account.of(session.get_one(User, user_id)) if user_id is not None else None


def list_identities(account_id: int) -> list[IdentityAbout]:
    """The account's identities, the oldest first."""
    query = select(Identity).where(Identity.user_id == account_id).order_by(Identity.id)
    with read_transaction() as session:
        return [
            IdentityAbout(row.id, row.provider, row.name, row.shown, row.created_at, row.last_used_at)
            for row in session.scalars(query)
        ]


def link_identity(account: Account, stranger: Stranger) -> None:
    """Have this identity open the account from now on; doing so twice is fine.

    Raises:
        IdentityTaken, TooManyIdentities.
        SignInRequired: the credentials were changed since.
    """
    with transaction() as session:
        user = lock_unchanged_user(session, account)
        if _holder(session, stranger) == user.id:
            return
        if (session.scalar(select(func.count()).where(Identity.user_id == user.id)) or 0) >= MOST:
            raise TooManyIdentities
        _add(session, user, stranger)
        what = f"The account {_name_of(stranger)} can now be used to sign in to your account."
        remedy = "unlink it in your settings, under Security, and choose a new password."
        emails.warn(session, user, title="Another way to sign in was added", what=what, remedy=remedy)


def unlink_identity(account_id: int, identity_id: int) -> None:
    """Have an identity open the account no longer.

    Raises:
        IdentityNotFound.
        LastWayIn: the account has no password and nothing else to sign in with.
    """
    with transaction() as session:
        user = session.get_one(User, account_id, with_for_update={"key_share": True})
        mine = delete(Identity).where(Identity.id == identity_id, Identity.user_id == user.id)
        found = session.execute(mine.returning(Identity.provider, Identity.name)).one_or_none()
        if found is None:
            raise IdentityNotFound
        refuse_last_way(session, user.id)
        audit.record(session, "identity_unlinked", actor=user, person=user, provider=found[0], name=found[1])
        what = f"The account {found[1]} no longer opens your account."
        emails.warn(session, user, title="A way to sign in was removed", what=what)


def show_identity(account_id: int, identity_id: int, *, shown: bool) -> None:
    """Tell others of an ORCID iD, on the profile and in citations, or no longer.

    Raises:
        IdentityNotFound.
    """
    mine = (Identity.id == identity_id, Identity.user_id == account_id, Identity.provider == ORCID)
    with transaction() as session:
        changed = update(Identity).where(*mine).values(shown=shown).returning(Identity.id)
        if session.execute(changed).one_or_none() is None:
            raise IdentityNotFound


def find_shown_orcid(name: str) -> str | None:
    """The address of the ORCID iD that the person of this user name shows to others; None without one."""
    return next(iter(_find_orcids(User.name_key == name.casefold()).values()), None)


def find_shown_orcids(emails: Collection[str]) -> dict[str, str]:
    """The addresses of ORCID iDs, by the case-folded e-mail addresses whose confirmed owners show them to others."""
    theirs = User.email_key.in_(emails), User.email_verified_at.is_not(None)
    return _find_orcids(*theirs) if emails else {}


def _find_orcids(*whose: ColumnElement[bool]) -> dict[str, str]:
    shown = select(User.email_key, Identity).join(User, User.id == Identity.user_id)
    shown = shown.where(*whose, Identity.provider == ORCID, Identity.shown).order_by(Identity.id.desc())
    with read_transaction() as session:
        return {email: f"{one.issuer.rstrip('/')}/{quote(one.subject)}" for email, one in session.execute(shown)}


def refuse_known_address(stranger: Stranger) -> None:
    """Let somebody pass who may have a new account: nobody has confirmed the address that the provider vouches for.

    Raises:
        AccountToLink.
        SignupRefused: this deployment gives no account to them.
    """
    if not stranger.email_verified:
        refuse_where_closed()
        return
    with read_transaction() as session:
        known = addresses.find_confirmed(session, stranger.email)
    if known:
        raise AccountToLink(stranger.email)
    refuse_signup(stranger.email)


def create_account(stranger: Stranger, *, name: str, full_name: str, email: str, address: str) -> Account:
    """A new account without a password, which this identity opens; `address` is the client's.

    The e-mail address counts at once where it is the one that the provider vouches for.

    Raises:
        IdentityTaken, SignupRefused, BudgetSpent.
        Whatever `create_linked_user` raises.
    """
    network = budgets.network_of(address)
    budgets.spend_now(f"signup:{network}", f"signups:{network}")
    vouched = stranger.email_verified and email.casefold() == stranger.email.casefold()
    refuse_signup(email)
    try:
        return create_linked_user(
            name=name,
            email=email,
            full_name=full_name,
            confirmed=vouched,
            link=lambda session, user: _add(session, user, stranger),
        )
    except EmailTaken as error:
        raise AccountToLink(email) from error


def _holder(session: Session, stranger: Stranger) -> int | None:
    mine = (Identity.issuer == stranger.issuer, Identity.subject == stranger.subject)
    return session.scalar(select(Identity.user_id).where(*mine))


def _add(session: Session, user: User, stranger: Stranger) -> None:
    kept = {
        "user_id": user.id,
        "provider": stranger.provider,
        "issuer": stranger.issuer,
        "subject": stranger.subject,
        "name": _name_of(stranger)[:LONGEST_NAME],
        "shown": stranger.provider == ORCID,
        "created_at": now(),
    }
    added = insert_into(session, Identity).values(**kept).on_conflict_do_nothing().returning(Identity.id)
    if session.execute(added).one_or_none() is None:
        raise IdentityTaken
    audit.record(session, "identity_linked", actor=user, person=user, provider=kept["provider"], name=kept["name"])


def _name_of(stranger: Stranger) -> str:
    """What a person knows the identity by."""
    if stranger.provider == ORCID:
        return stranger.subject
    return stranger.email or stranger.nickname or stranger.name or stranger.subject
