"""What strangers may ask for: an account, as far as `SIGNUP` lets them, and a link for a new password."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import budgets
from framework.accounts.core.account import Account, read_account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.core.validation import email_key
from framework.accounts.lifecycle.account_invitations import find_invitation, read_link
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.models import User
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.errors import Forbidden, HoldfastError

log = logging.getLogger(__name__)

InvitationCheck = Callable[[Session, str], bool]
_invited = set[InvitationCheck]()


@dataclass(frozen=True)
class Arrival:
    """Where somebody who has just signed up goes, and what they are told there."""

    path: str
    sentence: str


Accept = Callable[[LiveSession, str], Arrival]
_places = dict[str, Accept]()


class SignupRefused(Forbidden):
    """This deployment gives no account to this person; the sentence says who gets one."""


class AddressRefused(SignupRefused):
    """It gives accounts to other addresses."""

    field = "email"


class AddressUnconfirmed(Forbidden):
    """What this is needs a confirmed address: it decides who gets an account, or its person has to be reachable."""

    def __init__(self) -> None:
        super().__init__("Confirm your e-mail address first: open the link in the mail that was sent there.")


def set_invitation_check(asks: InvitationCheck) -> None:
    """Have sign-up by invitation ask this, too: whether somebody was invited by an address."""
    _invited.add(asks)


def on_signup(place: str, accept: Accept) -> None:
    """Have who signs up on the way to an address below this path take at once what the rest of the address gives."""
    _places[place] = accept


def receive(live: LiveSession, path: str) -> Arrival:
    """Where somebody goes who has signed up on the way to this path of ours; its own page tells what fails here."""
    place = next((place for place in _places if path.startswith(place)), None)
    try:
        if place is not None:
            return _places[place](live, path.removeprefix(place))
    except (HoldfastError, SQLAlchemyError) as failure:
        log.info("what the account %d came for waits on its page: %s", live.account.id, failure)
    told = f"Welcome, {live.account.name}. We have sent a mail to {live.account.email} to confirm the address."
    return Arrival(path, told)


def sign_up(
    *, name: str, email: str, password: str, address: str, full_name: str = "", invitation: str = ""
) -> Account:
    """A new account for somebody at this network address; the link of an administrator's invitation confirms theirs.

    Raises:
        SignupRefused: this deployment gives none to them.
        BudgetSpent: too many have come from this network lately.
        Whatever `create_user` raises.
    """
    network = budgets.network_of(address)
    budgets.spend_now(f"signup:{network}", f"signups:{network}")  # first: a refusal tells who is invited
    refuse_signup(email, invitation=invitation)
    return create_user(name=name, full_name=full_name, email=email, password=password, invitation=invitation)


def refuse_signup(email: str, *, invitation: str = "") -> None:
    """Let an address pass that may have an account here; by the link of an administrator's invitation it always may.

    Raises:
        SignupRefused.
    """
    settings, email = config.current(), email_key(email)
    if settings.signup == "open" or _has_link(email, invitation):
        return
    refuse_where_closed()
    if settings.signup == "domains" and not _is_below(email, settings.signup_domains):
        raise AddressRefused(f"Sign up with an address of {' or '.join(settings.signup_domains)}.")
    if settings.signup == "invited" and not _is_invited(email):
        raise AddressRefused(
            "Nobody has invited this address. Ask a colleague to share a project with it, or an administrator."
        )


def refuse_where_closed() -> None:
    """Let anyone pass, whatever their address, where some may have an account.

    Raises:
        SignupRefused.
    """
    if config.current().signup == "closed":
        raise SignupRefused(CLOSED)


def refuse_unconfirmed(session: Session, account_id: int) -> None:
    """Let a person pass whose address is confirmed, or need not be.

    Raises:
        AddressUnconfirmed.
    """
    if config.current().signup not in {"invited", "domains"}:
        return
    user = session.get(User, account_id)
    if user and not user.admin and user.email_verified_at is None:
        raise AddressUnconfirmed


def require_confirmed(session: Session, account_id: int) -> None:
    """Let a person pass who can be reached: whose address is confirmed, where mail can confirm it.

    Raises:
        AddressUnconfirmed, AccountNotFound, AccountSuspended.
    """
    if not read_account(session, account_id).takes_part:
        raise AddressUnconfirmed


def ask_for_reset(email: str, *, address: str) -> str:
    """Have a link for a new password sent, if there is an account with this address.

    Whether there is one is looked up by a task, so that the answer and its time are the same.

    Raises:
        BudgetSpent: too many were asked for from this network lately.
    """
    with transaction() as session:
        budgets.spend(session, [f"forgot:{budgets.network_of(address)}"])
        enqueue(session, "framework.accounts.tasks.send_reset", email)
    return f"If there is an account for {email}, a link to choose a new password is on its way there."


def _is_below(email: str, domains: tuple[str, ...]) -> bool:
    domain = f".{email.rpartition('@')[2].casefold()}"
    return any(domain.endswith(f".{allowed}") for allowed in domains)


def _has_link(email: str, invitation: str) -> bool:
    with read_transaction() as session:
        return read_link(session, email, invitation) is not None


def _is_invited(email: str) -> bool:
    with read_transaction() as session:
        return find_invitation(session, email) is not None or any(asks(session, email) for asks in _invited)


CLOSED = "Nobody can sign up here. Ask the people who run this server for an account."
