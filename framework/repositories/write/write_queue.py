"""Taking turns: a writer who lost twice draws a ticket in SQL and waits for those with earlier ones.

Without an order the unluckiest of a crowd would wait for longer than a request may. A turn is fairness and not safety:
the commit point decides who lands, whatever the tickets say. One that nobody renews lapses after `LEASE`.
"""

import random
import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import aliased

from framework.database.session import read_transaction, transaction
from framework.database.types import from_now
from framework.repositories.models import WriterTicket

LEASE = timedelta(seconds=10)
NAP_SECONDS = 0.03
"""For each ticket before one's own: whoever is next looks often, the others seldom."""
LONGEST_NAP_SECONDS = 0.5


@dataclass(frozen=True)
class _Ticket:
    lasts: bool
    ahead: int


def wait_for_turn(repository_id: str, holder: str, *, deadline: float) -> bool:
    """Hold the turn for the next `LEASE`, or hold it on; False when `deadline` (monotonic, seconds) came first."""
    while ahead := _ahead(repository_id, holder):
        if time.monotonic() > deadline:
            release(repository_id, holder)
            return False
        time.sleep(min(ahead * NAP_SECONDS, LONGEST_NAP_SECONDS) * random.uniform(0.5, 1))  # noqa: S311
    return True


def is_taken(repository_id: str) -> bool:
    """Whether writers are waiting in turn, so that a newcomer should as well."""
    query = select(WriterTicket.id).where(
        WriterTicket.repository_id == repository_id, WriterTicket.expires_at > from_now()
    )
    with read_transaction() as session:
        return session.scalar(query.limit(1)) is not None


def release(repository_id: str, holder: str) -> None:
    """End the holder's turn, or its waiting for one."""
    with transaction() as session:
        session.execute(
            delete(WriterTicket).where(WriterTicket.repository_id == repository_id, WriterTicket.holder == holder)
        )


def _ahead(repository_id: str, holder: str) -> int:
    """How many tickets are before the holder's, which is drawn or renewed where that is due.

    Once only: on a slow database the new one may be due again by now. One that was swept as lapsed counts as waiting.
    """
    ticket = _find(holder)
    if ticket is None or not ticket.lasts:
        _enqueue(repository_id, holder)
        ticket = _find(holder)
    return ticket.ahead if ticket else 1


def _find(holder: str) -> _Ticket | None:
    earlier = aliased(WriterTicket)
    ahead = select(func.count()).where(
        earlier.repository_id == WriterTicket.repository_id,
        earlier.id < WriterTicket.id,
        earlier.expires_at > from_now(),
    )
    query = select(WriterTicket.expires_at > from_now(LEASE / 2), ahead.scalar_subquery()).where(
        WriterTicket.holder == holder
    )
    with read_transaction() as session:
        row = session.execute(query).one_or_none()
    return _Ticket(*row) if row else None


def _enqueue(repository_id: str, holder: str) -> None:
    """Make the holder's ticket, or renew it; tickets that lapsed long ago are those of killed processes, and go."""
    with transaction() as session:
        left = delete(WriterTicket).where(
            WriterTicket.repository_id == repository_id, WriterTicket.expires_at < from_now(-LEASE)
        )
        session.execute(left)
        ticket = session.scalar(select(WriterTicket).where(WriterTicket.holder == holder))
        ticket = ticket or WriterTicket(repository_id=repository_id, holder=holder)
        ticket.expires_at = from_now(LEASE)
        session.add(ticket)
