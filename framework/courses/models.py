"""Assignments of a group, what each participant made of them, and what was written about it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, now, partial_index


class Assignment(Base):
    """A task that a group's owners and members set its participants: all of them if it is for `everyone`, else a list.

    `slug` begins the names of the copies. `deadline` is shown in the time zone of this name (IANA). Once `archived_at`
    is set, only participants who have begun see it.
    """

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("group_id", "slug"), Index(None, "group_id", "deadline"))

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(50))
    text: Mapped[str] = mapped_column(Text, default="")
    template_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"), index=True)
    deadline: Mapped[datetime]
    time_zone: Mapped[str] = mapped_column(String(50), default="UTC")
    everyone: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Part(Base):
    """One person's part in an assignment: listed for it, given more time, or begun.

    Who is taken off the list has `listed` false, and what they have is kept.

    `due_at` is the deadline that counts for them, the later one if `extended`. `started_sha` is the commit that the
    copy began with. The snapshot is the newest version at `due_at`, None where there was none; it was looked for at
    `snapshot_at`. `handed_in_sha` is what was newest when they last said that they are done. `person` is their name,
    which stays when their account is deleted.
    """

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("assignment_id", "user_id"),
        partial_index("ix_participations_due", "due_at", where="snapshot_at IS NULL AND project_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    person: Mapped[str] = mapped_column(String(39))
    due_at: Mapped[datetime]
    extended: Mapped[bool] = mapped_column(default=False)
    listed: Mapped[bool] = mapped_column(default=True, server_default=true())
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"), index=True)
    opened_at: Mapped[datetime | None]
    started_sha: Mapped[str | None] = mapped_column(String(40))
    handed_in_at: Mapped[datetime | None]
    handed_in_sha: Mapped[str | None] = mapped_column(String(40))
    snapshot_at: Mapped[datetime | None]
    snapshot_sha: Mapped[str | None] = mapped_column(String(40))


class Awaited(Base):
    """An address on an assignment's list; a part takes its place once somebody is in the group by it.

    It counts while it is invited to the group. `email` is as it was typed.
    """

    __tablename__ = "awaited_participants"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    email_key: Mapped[str] = mapped_column(String(254), primary_key=True, index=True)
    email: Mapped[str] = mapped_column(String(254))


class Feedback(Base):
    """What a teacher or the participant wrote about a hand-in."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    hand_in_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
