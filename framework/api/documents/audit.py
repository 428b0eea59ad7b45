"""What the API says of the audit log."""

from datetime import datetime
from typing import Any

from pydantic import Field

from framework.api.answers import Answer
from framework.audit.reading import Told


class AuditEntry(Answer):
    """An entry of a project's audit log."""

    id: int
    created_at: datetime
    kind: str = Field(description="Such as `visibility`.")
    title: str = Field(description="What happened, in words.")
    actor: str | None = Field(description="Who it was; null where the server did it by itself.")
    who: str | None = Field(description="To whom it happened, as the project calls them.")
    address: str | None = Field(description="From where, of the caller's own entries only.")
    details: dict[str, Any]

    @classmethod
    def of(cls, entry: Told, *, is_own: bool) -> "AuditEntry":
        """The answer about this entry, which may be the caller's own."""
        return cls(
            id=entry.id,
            created_at=entry.created_at,
            kind=entry.kind,
            title=entry.title,
            actor=entry.actor_for_owners if entry.actor else None,
            who=entry.details.get("who"),
            address=entry.address if is_own else None,
            details={name: value for name, value in entry.details.items() if name != "who"},
        )


class ServerAuditEntry(Answer):
    """An entry of the whole audit log, for administrators."""

    id: int
    created_at: datetime
    kind: str = Field(description="Such as `suspended`.")
    title: str = Field(description="What happened, in words.")
    actor: str | None = Field(description="Who it was; null where the server did it by itself, or a stranger.")
    person: str | None = Field(description="The person or group to whom it happened.")
    project_id: int | None
    project: str | None = Field(description="`owner/name`, as it was then.")
    address: str | None = Field(description="From where.")
    details: dict[str, Any]

    @classmethod
    def of(cls, entry: Told) -> "ServerAuditEntry":
        """The answer about this entry."""
        return cls.model_validate(entry, from_attributes=True)
