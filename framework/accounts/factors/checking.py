"""A second factor that somebody shows: counted before it is checked, and used up."""

from sqlalchemy.orm import Session

from framework.accounts.core import budgets, throttle
from framework.accounts.core.account import Account
from framework.accounts.core.credentials import lock_unchanged_user
from framework.accounts.core.throttle import KnownBrowser
from framework.accounts.core.ways_in.reading import WaysIn, read_ways_in
from framework.accounts.factors import recovery, totp
from framework.accounts.factors.totp import WRONG, WrongCode
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction


def read_ways(account_id: int) -> WaysIn:
    """The ways into this account."""
    with read_transaction() as session:
        return read_ways_in(session, account_id)


def check_code(account: Account, typed: str, *, address: str, browser: KnownBrowser | None = None) -> None:
    """Let somebody pass who has a code of the account's app, or one of its recovery codes; it is used up.

    Raises:
        WrongCode.
        BudgetSpent: it was wrong too often lately.
        SignInRequired: the password was changed since it was given.
    """
    keys = count_attempt(account.id, browser)
    with transaction() as session:
        user = lock_unchanged_user(session, account)
        shown = _use(session, user, typed)
        if shown:
            budgets.forget(session, *keys)
    if not shown:
        throttle.note_failure(user, address=address)
        raise WrongCode(WRONG)


def count_attempt(account_id: int, browser: KnownBrowser | None = None) -> list[str]:
    """Count an attempt to show a second factor; the budgets, to be forgotten when it was a right one.

    Who knows the password can use up the guesses of strangers, and not those of a browser that is known.

    Raises:
        BudgetSpent.
    """
    if browser and account_id in browser.user_ids:
        keys = [f"factor-browser:{browser.name}:{account_id}"]
    else:
        keys = [f"factor:{account_id}", f"factor-day:{account_id}"]
    budgets.spend_now(*keys)
    return keys


def _use(session: Session, user: User, typed: str) -> bool:
    digits = typed.replace(" ", "")
    if digits.isascii() and digits.isdecimal() and len(digits) == totp.DIGITS:
        return totp.use_code(session, user, digits)
    return recovery.use_code(session, user, typed)
