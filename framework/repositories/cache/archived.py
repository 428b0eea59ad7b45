"""Archived repositories: which are idle, and copies that every machine drops by itself once SQL says archived."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from framework import config
from framework.database.batches import in_batches
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories.cache import eviction
from framework.repositories.cache.marker import last_used
from framework.repositories.models import Repository

MOST_AT_ONCE = 500


def idle_repositories() -> list[str]:
    """Repositories that nobody has used for `IDLE_DAYS` on any machine and that are not archived since, oldest first.

    None when `IDLE_DAYS` is 0.
    """
    days = config.current().idle_days
    if not days:
        return []
    unused = Repository.version > 0, Repository.last_access_at < now() - timedelta(days=days)
    unarchived = or_(Repository.archived_at.is_(None), Repository.archived_at < Repository.last_access_at)
    query = select(Repository.id).where(*unused, unarchived).order_by(Repository.last_access_at).limit(MOST_AT_ONCE)
    with read_transaction() as session:
        return list(session.scalars(query))


def idle_since(archived_at: datetime | None, last_access_at: datetime) -> datetime | None:
    """Since when nobody had used what is archived for being idle; None unless it is."""
    days = config.current().idle_days
    idle = days and archived_at is not None and archived_at - last_access_at >= timedelta(days=days)
    return last_access_at if idle else None


def note_archived(repository_id: str) -> None:
    """Tell every machine that the repository is neatly packed in the store, and its copy of no use."""
    chosen = update(Repository).where(Repository.id == repository_id).values(archived_at=now())
    with transaction() as session:
        session.execute(chosen.execution_options(synchronize_session=False))


def drop_archived() -> int:
    """Drop the local copies that were last used before their repositories were archived; how many."""
    used_at = {path.stem: last_used(path) for path in eviction.copies()}
    dropped = 0
    for some in in_batches(sorted(used_at)):
        chosen = Repository.id.in_(some), Repository.archived_at.is_not(None)
        with read_transaction() as session:
            archived = session.execute(select(Repository.id, Repository.archived_at).where(*chosen)).all()
        for repository_id, moment in archived:
            if moment and used_at[repository_id] < moment.timestamp():
                dropped += eviction.evict(repository_id)
    return dropped
