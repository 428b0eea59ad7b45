"""What an administrator does for somebody who has lost their second factor."""

from framework.accounts.core import emails
from framework.accounts.core.account import Account, recheck_administrator
from framework.accounts.core.credentials import end_all
from framework.accounts.core.ways_in.reading import has_second_factor
from framework.accounts.core.ways_in.removal import remove_second_factors
from framework.accounts.lifecycle.administration import find_account
from framework.audit import log as audit
from framework.database.session import transaction
from framework.errors import Conflict


class NoSecondFactor(Conflict):
    """There is nothing to reset."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no second factor.")


def reset_second_factor(name: str, *, reason: str, by: Account | None = None) -> str:
    """Remove somebody's app, passkeys and recovery codes; their sessions and tokens end, and a mail says why.

    Raises:
        AccountNotFound, NoSecondFactor.
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        user = find_account(session, name)
        if not has_second_factor(session, user.id):
            raise NoSecondFactor(user.name)
        remove_second_factors(session, user.id)
        end_all(session, user.id)
        audit.record(session, "second_factor_reset", actor=by, person=user, reason=reason)
        emails.warn(
            session,
            user,
            title="Your second factor was removed",
            what="An administrator removed the authenticator app, passkeys and recovery codes of your account, and "
            f"signed you out everywhere. {f'The reason: {reason} ' if reason else ''}"
            "Sign in with your password and set up a second factor again.",
            remedy="choose a new password at once, and write to the people who run this server.",
        )
    return user.name
