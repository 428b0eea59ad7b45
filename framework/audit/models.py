"""The audit log's table; triggers in the database refuse every change, and every deletion of what is recent."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, now, partial_index


class AuditEntry(Base):
    """One thing that happened: who did it, to whom, in which group or project, and the address that it came from.

    Names are kept as they were, and the numbers refer to no row: an entry outlives what it tells of. The actor is None
    for the command line, the schedule and whoever failed to sign in.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "kind", "id"),
        partial_index("ix_audit_entries_actor", "actor_id", "id", where="actor_id IS NOT NULL"),
        partial_index("ix_audit_entries_person", "person_id", "id", where="person_id IS NOT NULL"),
        partial_index("ix_audit_entries_group", "group_id", "id", where="group_id IS NOT NULL"),
        partial_index("ix_audit_entries_project", "project_id", "id", where="project_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    kind: Mapped[str] = mapped_column(String(30))
    actor_id: Mapped[int | None]
    actor: Mapped[str | None] = mapped_column(String(40))
    person_id: Mapped[int | None]
    person: Mapped[str | None] = mapped_column(String(40))
    group_id: Mapped[int | None]
    project_id: Mapped[int | None]
    project: Mapped[str | None] = mapped_column(String(150))
    address: Mapped[str | None] = mapped_column(String(45))
    details: Mapped[dict[str, Any]]
