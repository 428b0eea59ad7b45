"""Cleaning up Git LFS objects that were never sent whole, or that no version named in time."""

from sqlalchemy import delete, select, update

from framework.database.session import read_transaction, transaction
from framework.database.types import from_now
from framework.repositories.catalog.lfs_objects import DOOMED, RETIRED, delete_doomed
from framework.repositories.journal.divergence import has_diverged
from framework.repositories.models import StagedLfs


def sweep() -> int:
    """Clean up objects that were never sent whole or never named; how many.

    As with pushes, everything stays where the log knows more than SQL: a version may have named them since. What a
    purge has retired is the collector's, who asks the log whether it is still named.
    """
    over = StagedLfs.expires_at < from_now()
    with transaction() as session:
        session.execute(delete(StagedLfs).where(StagedLfs.state == RETIRED, over))
        session.execute(update(StagedLfs).where(StagedLfs.state != DOOMED, over).values(state=DOOMED))
    with read_transaction() as session:
        concerned = session.scalars(select(StagedLfs.repository_id).where(StagedLfs.state == DOOMED).distinct()).all()
    known = [repository_id for repository_id in concerned if not has_diverged(repository_id)]
    return sum(delete_doomed(StagedLfs.repository_id == repository_id) for repository_id in known)
