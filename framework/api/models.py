"""The keys under which programs repeat what they are not sure of."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now


class IdempotencyKey(Base):
    """One creating request of one account, and its answer once it has one.

    `holder` is the attempt that is at work until `running_until`; `request_sha256` tells the request from others.
    """

    __tablename__ = "idempotency_keys"

    account_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    holder: Mapped[str] = mapped_column(Id32)
    running_until: Mapped[datetime]
    status: Mapped[int | None]
    location: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
