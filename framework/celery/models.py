"""The outbox, the schedule, the workers, and long work that people watch."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from framework.database.types import Base, Id32, from_now, now

GONE_AFTER = timedelta(seconds=90)
"""A worker that nobody has heard of for so long has ended without saying so."""


class OutboxRow(Base):
    """A task that has to happen: written with what caused it, handed to the broker after the commit.

    `id` is the Celery task's id. States: `waiting` (for the broker), `handed` (to it), `running`, `finished`, `failed`.
    `request_id` is the request's that caused it, `place` the worker that runs it or ran it last.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "state", "not_before"), Index(None, "finished_at"))

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    task: Mapped[str] = mapped_column(String(200))
    args: Mapped[list[Any]]
    kwargs: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)
    handed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))
    place: Mapped[str | None] = mapped_column(String(220))


class RunningWorker(Base):
    """A worker process that is up, as it says itself every half minute; `release` tells which code it runs."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    node: Mapped[str] = mapped_column(String(200))
    process_id: Mapped[int]
    release: Mapped[str] = mapped_column(String(16))
    queues: Mapped[list[Any]]
    started_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    up: Mapped[bool] = column_property(seen_at > from_now(-GONE_AFTER))


class ScheduledJob(Base):
    """Work that recurs; whoever holds the lease runs it, so however many schedulers run, one acts."""

    __tablename__ = "scheduled_jobs"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    last_run_at: Mapped[datetime | None]
    last_result: Mapped[str | None] = mapped_column(Text)
    next_run_at: Mapped[datetime] = mapped_column(default=now)
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_expires_at: Mapped[datetime | None]


class BackgroundJob(Base):
    """How far a long work is: `done` of `total` (0: nobody knows), and what it is doing.

    States: `waiting`, `running`, `finished`, `failed`. `run` is the run that may write; `owner_id` is who started it.
    """

    __tablename__ = "long_works"
    __table_args__ = (Index(None, "state", "updated_at"), Index(None, "created_at"))

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    run: Mapped[str | None] = mapped_column(Id32)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
