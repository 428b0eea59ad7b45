"""Which owner of the bucket this database is."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now

CLAIMING, WAITING, OWNER = "claiming", "waiting", "owner"


class Deployment(Base):
    """The one row that tells this database's claim to the bucket; a copy of the database carries it, too.

    `claim` names the object `deployment/<token>-<claim>.json`. States: `claiming` (the object may not be stored yet),
    `waiting` (stored in the place of another owner, whose processes may not have noticed), `owner`. `marks` are those
    that this database had written, newest first, each with its `name`, the moment `at` which it was written, when the
    bucket was last used (`used_at`), and `rests` if no other follows before it is used again.
    Until `indexes_needed_until` a release may come back that looks for the index of every pack: the database was made
    by such a one, and a rollback needs no preparation for a while.
    """

    __tablename__ = "deployment"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    identity: Mapped[str] = mapped_column(Id32)
    token: Mapped[int]
    claim: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(10))
    claimed_at: Mapped[datetime] = mapped_column(default=now)
    marks: Mapped[list[Any]]
    indexes_needed_until: Mapped[datetime | None]
