"""What the projects of each account store, added up for the lists that are sorted by it."""

from sqlalchemy import func, select, update

from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.projects.models import Project
from framework.repositories.models import Repository


def count_anew() -> int:
    """Write down what each account's projects store where that has changed; how many accounts.

    Each in a transaction of its own: whoever uploads meanwhile holds their account, and waits for nobody.
    """
    stored = (
        select(Project.owner_id, func.sum(Repository.stored_bytes).label("bytes"))
        .join(Repository, Repository.id == Project.repository_id)
        .group_by(Project.owner_id)
        .subquery()
    )
    now_bytes = func.coalesce(stored.c.bytes, 0)
    query = select(User.id, now_bytes).outerjoin(stored, stored.c.owner_id == User.id)
    with read_transaction() as session:
        changed = session.execute(query.where(User.counted_bytes != now_bytes)).all()
    for user_id, size_bytes in changed:
        with transaction() as session:
            session.execute(update(User).where(User.id == user_id).values(counted_bytes=int(size_bytes)))
    return len(changed)
