"""Budgets: how often something may happen within a time, for an account, a network or both; one table for all."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from sqlalchemy import case, delete, update
from sqlalchemy.orm import Session

from framework.accounts.models import Budget
from framework.database.insert import insert_into
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Forbidden


@dataclass(frozen=True)
class Limit:
    """How often within how long, and what it is in the words of a refusal."""

    most: int
    window: timedelta
    what: str


_QUARTER = timedelta(minutes=15)
_GUESSES = "failed attempts to sign in"
_CODES = "attempts with a wrong second factor"
_UNCONFIRMED = "invitations by an account that has not confirmed its e-mail address"
LIMITS = {
    "login": Limit(12, _QUARTER, _GUESSES),  # for one name or address from one network
    "login-anywhere": Limit(100, _QUARTER, _GUESSES),  # for one name or address, from browsers that are not known
    "browser": Limit(12, _QUARTER, _GUESSES),  # for one account in a browser that it has signed in with before
    "network": Limit(60, _QUARTER, _GUESSES),  # for one IPv4 address, or one IPv6 subscriber (/64)
    "site": Limit(240, _QUARTER, _GUESSES),  # for one IPv6 site (/48)
    "password": Limit(10, _QUARTER, "attempts with a wrong password"),  # the present one, asked for again
    "factor": Limit(10, _QUARTER, _CODES),  # for one account, from browsers that are not known
    "factor-day": Limit(60, timedelta(days=1), _CODES),
    "factor-browser": Limit(10, _QUARTER, _CODES),  # for one account in a browser that it has signed in with before
    "mail": Limit(5, _QUARTER, "mails"),  # links to one person
    "forgot": Limit(60, timedelta(minutes=10), "requests for a new password"),  # from one network
    "signup": Limit(14, timedelta(seconds=20), "new accounts from your network"),
    "signups": Limit(200, timedelta(days=1), "new accounts from your network"),
    "groups": Limit(20, timedelta(days=1), "new groups"),  # by one account
    "pictures": Limit(30, timedelta(hours=1), "new pictures"),  # by one account
    "address": Limit(5, timedelta(hours=1), "changes to your e-mail address"),  # for one account
    "claim": Limit(6, _QUARTER, "accounts that ask for this address"),  # mails to one address, whoever has it
    "leak": Limit(3, timedelta(days=1), "mails"),  # about one token that somebody was about to store
    "audited": Limit(20, timedelta(hours=1), _GUESSES),  # in the audit log, from one network
    "audited-anywhere": Limit(2000, timedelta(hours=1), _GUESSES),  # in the audit log
    "invite": Limit(4, timedelta(hours=1), "invitations to the same person"),  # by one account, to one project
    "invite-person": Limit(20, timedelta(hours=1), "invitations to the same person"),  # by one account, to all projects
    "invites": Limit(200, timedelta(hours=1), "invitations"),  # by one account
    "invites-unconfirmed": Limit(20, timedelta(hours=1), _UNCONFIRMED),  # by one that has confirmed no address
    "invited-unconfirmed": Limit(6, timedelta(hours=1), _UNCONFIRMED),  # to the same person, by all such accounts
    "own-data": Limit(3, timedelta(days=1), "exports of your data"),  # for one account
    "hand-in": Limit(60, timedelta(hours=1), "hand-ins"),  # by one account
    "feedback": Limit(120, timedelta(hours=1), "messages"),  # about hand-ins, by one account
    "webhook": Limit(1200, timedelta(hours=1), "deliveries"),  # to the webhooks of one owner's projects
    "webhook-project": Limit(300, timedelta(hours=1), "deliveries"),  # of one project to the webhooks of its group
    "webhook-slow": Limit(60, timedelta(hours=1), "slow deliveries"),  # the same, if a server took its time
    "webhook-test": Limit(60, timedelta(hours=1), "deliveries by hand"),  # by one account
    "drop": Limit(200, timedelta(hours=1), "hand-ins from your network"),  # by one link from one network
    "drop-network": Limit(400, timedelta(hours=1), "hand-ins from your network"),  # by all links
    "drop-link": Limit(3000, timedelta(days=1), "hand-ins by this link"),
    "drop-uploads": Limit(8000, timedelta(hours=1), "files from your network"),  # begun by one link from one network
    "drop-uploads-link": Limit(40_000, timedelta(days=1), "files by this link"),
    "receipt": Limit(6, timedelta(hours=1), "receipts to the same address"),
    "receipts": Limit(1000, timedelta(days=1), "receipts for this link"),
}
"""By the word that a key begins with."""


class BudgetSpent(Forbidden):
    """Something happened too often lately; the sentence says how long to wait."""

    status = 429

    def __init__(self, limit: Limit, wait: timedelta) -> None:
        self.wait_seconds = max(1, ceil(wait.total_seconds()))
        minutes = ceil(self.wait_seconds / 60)
        also = ", or choose a new password by mail" if limit.what == _GUESSES else ""
        super().__init__(f"Too many {limit.what}. Try again in {minutes} minute{'' if minutes == 1 else 's'}{also}.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait_seconds)}


def spend(session: Session, keys: Iterable[str]) -> None:
    """Count one more for each key, before what it counts happens; the transaction that this refuses counts nothing.

    Each is one statement, so that of many at one moment no more than the limit pass.

    Raises:
        BudgetSpent: it was the limit already for one of them.
    """
    for key in sorted(keys):  # one order for everybody, or two transactions could wait for each other
        limit = LIMITS[key.partition(":")[0]]
        spent, since = _count(session, key, limit.window)
        if spent > limit.most:
            raise BudgetSpent(limit, since + limit.window - now())


def spend_now(*keys: str) -> None:
    """The same in a transaction of its own, for what happens outside of one, or may fail afterwards.

    Raises:
        BudgetSpent.
    """
    with transaction() as session:
        spend(session, keys)


def give_back(session: Session, keys: Iterable[str]) -> None:
    """Take back what was counted: it was no failure."""
    for key in sorted(keys):  # as in `spend`: one statement for all would lock them in any order
        mine = update(Budget).where(Budget.key == key, Budget.spent > 0)
        session.execute(mine.values(spent=Budget.spent - 1).execution_options(synchronize_session=False))


def forget(session: Session, *keys: str) -> None:
    """Forget what was counted for these keys; for one that ends with a colon, for all that begin so."""
    for key in sorted(keys):  # as in `spend`
        mine = Budget.key.startswith(key, autoescape=True) if key.endswith(":") else Budget.key == key
        session.execute(delete(Budget).where(mine).execution_options(synchronize_session=False))


def delete_expired_budgets() -> int:
    """Delete the budgets whose time has passed; how many."""
    longest = max(limit.window for limit in LIMITS.values())
    over = delete(Budget).where(Budget.window_started_at <= now() - longest).returning(Budget.key)
    with transaction() as session:
        return len(session.scalars(over).all())


def fingerprint(text: str) -> str:
    """A short form of what people type, for a key: of any length, and telling nobody what it was."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def network_of(address: str) -> str:
    """The network whose one subscriber has this address: an IPv6 /64, or the IPv4 address itself."""
    return _network(address, 64)


def site_of(address: str) -> str | None:
    """The IPv6 /48 of an address, which a provider may give to one customer; None for IPv4."""
    network = _network(address, 48)
    return network if network.endswith("/48") else None


def _network(address: str, length: int) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, length), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _count(session: Session, key: str, window: timedelta) -> tuple[int, datetime]:
    """How many there are in the window now, this one included, and since when it counts; it begins anew when passed."""
    moment = now()
    over = Budget.window_started_at <= moment - window
    counted = {
        "spent": case((over, 1), else_=Budget.spent + 1),
        "window_started_at": case((over, moment), else_=Budget.window_started_at),
    }
    added = insert_into(session, Budget).values(key=key, spent=1, window_started_at=moment)
    kept = added.on_conflict_do_update(index_elements=[Budget.key], set_=counted)
    spent, since = session.execute(kept.returning(Budget.spent, Budget.window_started_at)).one()
    return spent, since
