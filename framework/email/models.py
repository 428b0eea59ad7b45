"""Addresses that a mail server has refused for good."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, now


class StoppedAddress(Base):
    """An address that gets no mail any more, since a server said that nobody has it; `reason` holds its words."""

    __tablename__ = "stopped_addresses"

    address_key: Mapped[str] = mapped_column(String(254), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    stopped_at: Mapped[datetime] = mapped_column(default=now)
