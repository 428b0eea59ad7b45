"""Which projects began as another one."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, now


class Copied(Base):
    """A project that began as another one: its `kind` is `copy`, `branch` or `template`.

    `origin_id` is None when the origin was deleted. `filled_at` is when everything had arrived.
    """

    __tablename__ = "copies"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)
    filled_at: Mapped[datetime | None]
