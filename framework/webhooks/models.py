"""Webhooks, and what is or was sent to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now


class Webhook(Base):
    """An address that is told of a project, or of each project of a group where it has none.

    It is told only while the project belongs to `owner_id`, the account that owned it when the webhook was set.
    `events` are words between blanks. The secret is sealed by the key with that name. Deliveries fail since
    `failing_since`; to a server that did not answer, none is tried before `paused_until`; at `switched_off_at` we gave
    it up.
    """

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "owner_id", "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    sealed: Mapped[str] = mapped_column(Text)
    key_name: Mapped[str] = mapped_column(String(16))
    events: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool] = mapped_column(default=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    failing_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    switched_off_at: Mapped[datetime | None]


class Delivery(Base):
    """One event for one webhook; `facts` is what happened, `body` the JSON that is sent, made before the first try.

    States: `waiting`, `delivered`, `failed`, `dropped` (nobody may be told any more). `queued_at` is when it, or its
    last repetition, was asked for. `status`, `milliseconds`, `answer` (its first bytes) and `problem` are of the
    last try.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index(None, "webhook_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]]
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    queued_at: Mapped[datetime] = mapped_column(default=now)
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]
    milliseconds: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(String(200), default="")
