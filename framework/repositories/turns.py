"""Taking turns: a writer who lost twice waits for a lease in SQL, so that a crowd of writers does not starve anybody.

A turn is fairness and not safety: the commit point decides who lands, whatever the turns say.
"""

import random
import time
from datetime import timedelta

from sqlalchemy import delete

from framework.database.session import reading, transaction
from framework.database.types import now
from framework.repositories.models import Repository, WriterTurn

LEASE = timedelta(seconds=10)
LONGEST_NAP_SECONDS = 0.1


def wait_for_turn(repository_id: str, holder: str, *, deadline: float) -> bool:
    """Hold the turn for the next `LEASE`, or hold it on; False when `deadline` (monotonic, seconds) came first."""
    while not _take(repository_id, holder):
        if time.monotonic() > deadline:
            return False
        time.sleep(random.uniform(0, LONGEST_NAP_SECONDS))  # noqa: S311
    return True


def is_taken(repository_id: str) -> bool:
    """Whether writers are waiting in turn, so that a newcomer should as well."""
    with reading() as session:
        turn = session.get(WriterTurn, repository_id)
        return turn is not None and turn.expires_at > now()


def give_back(repository_id: str, holder: str) -> None:
    """End the turn, if it is still this holder's."""
    with transaction() as session:
        session.execute(
            delete(WriterTurn).where(WriterTurn.repository_id == repository_id, WriterTurn.holder == holder)
        )


def _take(repository_id: str, holder: str) -> bool:
    with transaction() as session:
        session.get(Repository, repository_id, with_for_update=True)  # two first takers would insert the same row
        turn = session.get(WriterTurn, repository_id)
        if turn and turn.holder != holder and turn.expires_at > now():
            return False
        session.merge(WriterTurn(repository_id=repository_id, holder=holder, expires_at=now() + LEASE))
        return True
