"""Guesses of passwords: counted before they are checked, so that a stranger's failures do not lock the owner out.

A browser that somebody has signed in with before has a counter of its own. From any other, a name is counted together
with the network, and more loosely alone; and each network for all names.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from framework.accounts.core import budgets
from framework.accounts.core.budgets import BudgetSpent
from framework.accounts.core.validation import email_key
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import transaction


@dataclass(frozen=True)
class KnownBrowser:
    """A browser that these accounts have signed in with; the name is random."""

    name: str
    user_ids: tuple[int, ...]


def guess_keys(user: User | None, login: str, *, address: str, browser: KnownBrowser | None = None) -> list[str]:
    """The budgets of one attempt to sign in; people who do not exist have the same.

    They are those of what was typed: were an account's name and address counted as one, a lock would tell that they
    belong together.
    """
    if user and browser and user.id in browser.user_ids:
        return [f"browser:{browser.name}:{user.id}"]
    network, site, name = budgets.network_of(address), budgets.site_of(address), _name(login)
    keys = [f"login:{name}:{network}", f"login-anywhere:{name}", f"network:{network}"]
    return [*keys, f"site:{site}"] if site else keys


def forget_guesses(session: Session, user: User) -> None:
    """Let a person try again who has shown another way who they are, wherever they were guessed at."""
    names = [_name(login) for login in (user.name, user.email)]
    budgets.forget(session, *(key for name in names for key in (f"login:{name}:", f"login-anywhere:{name}")))


def note_failure(user: User | None, *, address: str) -> None:
    """Have the audit log tell of a failed attempt to sign in, as often as it does of strangers.

    What is written, and so the time that it takes, is the same whether there is such an account or not.
    """
    with transaction() as session:
        within = _has_left(session, f"audited:{budgets.network_of(address)}")
        if within and _has_left(session, "audited-anywhere:"):
            audit.record(session, "sign_in_failed", actor=None, person=user)


def may_send_mail(session: Session, user_id: int) -> bool:
    """Whether another link may be sent to this person; counts it, so that nobody's mailbox is flooded."""
    return _has_left(session, f"mail:{user_id}")


def may_mail_claimed(session: Session, email: str) -> bool:
    """Whether another mail may go to an address that an account asks for; counts it, whichever account that is."""
    return _has_left(session, f"claim:{_name(email)}")


def may_mail_claimant(session: Session, user_id: int, email: str) -> bool:
    """Both, for an account and the address that it asks for: it may be anybody's, and many accounts may ask for it."""
    return may_send_mail(session, user_id) and may_mail_claimed(session, email)


def _has_left(session: Session, key: str) -> bool:
    try:
        budgets.spend(session, [key])
    except BudgetSpent:
        return False
    return True


def _name(login: str) -> str:
    return budgets.fingerprint(email_key(login))
