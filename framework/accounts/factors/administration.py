"""What an administrator does for somebody who has lost their second factor."""

from sqlalchemy.orm import Session

from framework.accounts.core import addresses, emails
from framework.accounts.core.account import Account, recheck_administrator
from framework.accounts.core.credentials import end_all
from framework.accounts.core.signed_links import RESET_HOURS
from framework.accounts.core.ways_in.reading import has_second_factor, read_ways_in
from framework.accounts.core.ways_in.removal import remove_second_factors
from framework.accounts.lifecycle.administration import find_account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import transaction
from framework.errors import Conflict

BY_PASSWORD = "Sign in with your password."  # noqa: S105 - a sentence
BY_LINK = f"Set a password with the link that another mail brings; it works for {RESET_HOURS} hours."


class NoSecondFactor(Conflict):
    """There is nothing to reset."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no second factor.")


def reset_second_factor(name: str, *, reason: str, by: Account | None = None) -> str:
    """Remove somebody's app, passkeys and recovery codes; their sessions and tokens end, and a mail says why.

    Whoever has no password gets a link to set one, since a passkey may have been their only way in.

    Raises:
        AccountNotFound, NoSecondFactor.
        NoAddress: nothing but the passkeys lets them in, and no link can be sent; nothing is changed.
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        user = find_account(session, name)
        if not has_second_factor(session, user.id):
            raise NoSecondFactor(user.name)
        remove_second_factors(session, user.id)
        end_all(session, user.id)
        ways = read_ways_in(session, user.id)
        if not ways.password:
            _send_way_back(session, user, needed=not ways.identities)
        audit.record(session, "second_factor_reset", actor=by, person=user, reason=reason)
        emails.warn(
            session,
            user,
            title="Your second factor was removed",
            what="An administrator removed the authenticator app, passkeys and recovery codes of your account, and "
            f"signed you out everywhere. {f'The reason: {reason} ' if reason else ''}"
            f"{BY_PASSWORD if ways.password else BY_LINK} Then set up a second factor again.",
            remedy="choose a new password at once, and write to the people who run this server.",
        )
    return user.name


def _send_way_back(session: Session, user: User, *, needed: bool) -> None:
    if needed or addresses.find_contact_address(user):
        emails.mail_password_link(session, user)
