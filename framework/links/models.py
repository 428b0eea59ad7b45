"""What belongs to a drop-off link beside its row in `links`, and what was handed in by it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now, partial_index


class DropOff(Base):
    """What a drop-off link asks for: files for a folder, until a deadline, of some types (endings between blanks).

    `received_bytes` is everything that ever came by it, against `max_total_bytes`; `told_at` is up to when its owner
    has had mail about it, and triggers set `has_news` when something comes. After `closed_at` nothing more is taken,
    and receipts can still be read.
    """

    __tablename__ = "drop_offs"
    __table_args__ = (partial_index("ix_drop_offs_news", "link_id", where="has_news"),)

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"), primary_key=True)
    folder: Mapped[str] = mapped_column(String(1000))
    text: Mapped[str] = mapped_column(String(4000), default="")
    deadline: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    types: Mapped[str] = mapped_column(String(500), default="")
    max_file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    max_total_bytes: Mapped[int] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    closed_at: Mapped[datetime | None]
    told_at: Mapped[datetime] = mapped_column(default=now)
    has_news: Mapped[bool] = mapped_column(default=False, server_default=true())


class HandIn(Base):
    """What one person handed in, in a folder of their own; without files, somebody who was given more time.

    `files` are the newest ones: objects with `path` (below the folder), `size` in bytes and `sha256`. `key` is random,
    the part before the @ of the author's address in Git, and ties the link in the receipt to this row.
    """

    __tablename__ = "hand_ins"
    __table_args__ = (UniqueConstraint("link_id", "folder_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Id32)
    name: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(254))
    folder: Mapped[str | None] = mapped_column(String(255))
    folder_key: Mapped[str | None] = mapped_column(String(255))
    files: Mapped[list[Any]] = mapped_column(default=list)
    times: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    handed_in_at: Mapped[datetime | None]
    extended_until: Mapped[datetime | None]
