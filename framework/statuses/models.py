"""What was last said about a commit in each context."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, now


class CommitStatus(Base):
    """What somebody's program last said about a commit; `context` tells programs apart, case-sensitively."""

    __tablename__ = "commit_statuses"
    __table_args__ = (UniqueConstraint("project_id", "sha", "context"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    sha: Mapped[str] = mapped_column(String(40))
    context: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    description: Mapped[str] = mapped_column(String(200), default="")
    target_url: Mapped[str] = mapped_column(String(500), default="")
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
