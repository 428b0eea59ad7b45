"""Exports that can be downloaded."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now


class Export(Base):
    """A project's export, which lies in the store under `key` until `expires_at`; `owner_id` asked for it."""

    __tablename__ = "exports"

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PersonalExport(Base):
    """What is kept of one person, as a ZIP file in the store under `key` until `expires_at`."""

    __tablename__ = "personal_exports"

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
