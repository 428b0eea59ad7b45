"""Folds stand back while a project is purged: one that mixes what is to be dropped with what came since undoes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from framework.database.session import transaction
from framework.database.types import now
from framework.repositories.models import Repository

HELD_HOURS = 6
"""After so long the hold ends by itself: the process that purged has died, and folds only save requests."""


@contextmanager
def hold_folds_off(repository_id: str) -> Iterator[None]:
    """Have no fold of the repository committed while the block runs."""
    _set(repository_id, now() + timedelta(hours=HELD_HOURS))
    try:
        yield
    finally:
        _set(repository_id, None)


def _set(repository_id: str, until: datetime | None) -> None:
    with transaction() as session:
        session.execute(update(Repository).where(Repository.id == repository_id).values(folds_held_until=until))


def is_held(session: Session, repository_id: str) -> bool:
    """Whether folds stand back now."""
    repository = session.get(Repository, repository_id)
    return repository is not None and repository.are_folds_held
