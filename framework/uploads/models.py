"""Resumable uploads and the parts of them that have arrived; the bytes are in the object store."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now


class ResumableUpload(Base):
    """One file on its way, or arrived when `offset_bytes` is `size_bytes`; `info` is the client's `Upload-Metadata`.

    States: `open`, `doomed` (the sweep deletes its parts, then the rows). `writer` is the request that came last; an
    older one, whose connection is gone perhaps, can add nothing any more. `holder` is None for what the account has
    begun itself. A stranger's are told by what lets them upload, a colon, and what only their browser knows; those of a
    token for one project by `project:` and that project's repository.
    """

    __tablename__ = "resumable_uploads"
    __table_args__ = (Index(None, "state", "expires_at"),)

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    writer: Mapped[str | None] = mapped_column(Id32)
    info: Mapped[str] = mapped_column(String(4096), default="")
    holder: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class UploadPart(Base):
    """The bytes of an upload from `start_bytes` on, an object of their own under a random name."""

    __tablename__ = "upload_parts"

    upload_id: Mapped[str] = mapped_column(
        Id32, ForeignKey("resumable_uploads.id", ondelete="CASCADE"), primary_key=True
    )
    start_bytes: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Id32)
    sha256: Mapped[str] = mapped_column(String(64))
