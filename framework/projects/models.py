"""Projects, who takes part in them, what happened in them, and whom that is news to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from framework.accounts.models import Invited
from framework.database.types import Base, Id32, now, partial_index


class Project(Base):
    """A project; `name_key` is the case-folded name, unique among its owner's; `topics` are words between blanks.

    A private one turns public at `public_at`; owners were last told when `public_told_days` were left. What happens in
    a `quiet` one is no news to its group's people, unless they have asked for mail about it.
    `status_revision` counts how often a commit's status was set.
    """

    __tablename__ = "projects"
    __table_args__ = (
        UniqueConstraint("owner_id", "name_key"),
        Index(None, "owner_id", "updated_at"),
        partial_index("ix_projects_public", "updated_at", "id", where="visibility = 'public' AND trashed_at IS NULL"),
        partial_index("ix_projects_embargoed", "public_at", where="public_at IS NOT NULL"),
        partial_index("ix_projects_trashed", "trashed_at", where="trashed_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="")
    topics: Mapped[str] = mapped_column(String(800), default="", server_default="")
    visibility: Mapped[str] = mapped_column(String(10))
    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    trashed_at: Mapped[datetime | None]
    public_at: Mapped[datetime | None]
    public_told_days: Mapped[int | None]
    quiet: Mapped[bool] = mapped_column(default=False, server_default=false())
    status_revision: Mapped[int] = mapped_column(default=0, server_default="0")


class Template(Base):
    """A project from whose newest files others may begin."""

    __tablename__ = "templates"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class FormerProjectName(Base):
    """A name, case-folded, that led to the project below this owner before, and does as long as no project has it."""

    __tablename__ = "former_project_names"

    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Member(Base):
    """A person's role in a project that somebody else owns: reader, writer, maintainer or owner.

    `added_as` is the address by which they were added; it stands for their name until they accept or change something.
    """

    __tablename__ = "members"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(10))
    added_as: Mapped[str | None] = mapped_column(String(254))
    added_at: Mapped[datetime] = mapped_column(default=now)


class Invitation(Invited, Base):
    """A role for whoever confirms this address; it becomes a member's then, and ends unused at `expires_at`."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("project_id", "email_key"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(10))


class Link(Base):
    """An address that lets in whoever has it, to look (`view`) or to hand in (`drop`); only its SHA-256 is kept.

    It ends at `expires_at`, and when it is revoked. `last_used_at` is right to the hour. An `anonymous` one shows the
    files and nobody's name.
    """

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200), default="")
    anonymous: Mapped[bool] = mapped_column(default=False)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Transfer(Base):
    """A project that its owner wants to hand over to somebody, who has not answered yet.

    `offered_by_id` is the person, one of the owners where a group owns it; NULL for the person who owns it.
    """

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), unique=True)
    from_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    to_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    offered_by_id: Mapped[int | None]


class BranchRule(Base):
    """What may be done to the branches whose names match the pattern: being rewritten by force, being deleted."""

    __tablename__ = "branch_rules"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    pattern: Mapped[str] = mapped_column(String(200), primary_key=True)
    force_push: Mapped[bool]
    deletion: Mapped[bool]


class Event(Base):
    """One line of a project's activity, written in the transaction of what it tells."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "project_id", "created_at"), Index(None, "actor_id", "project_id", "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Notice(Base):
    """An event that is news to one person: unread until `read_at`, in a mail to come until `settled_at`.

    It is settled once a mail has told of it, or when none is to.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index(None, "user_id", "id"),
        Index(None, "created_at"),
        partial_index("ix_notices_unread", "user_id", "id", where="read_at IS NULL"),
        partial_index("ix_notices_unsettled", "user_id", where="settled_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    mentioned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class MailChoice(Base):
    """How often one person gets mail about one project, where that differs from everywhere else."""

    __tablename__ = "mail_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True)
    frequency: Mapped[str] = mapped_column(String(10))
