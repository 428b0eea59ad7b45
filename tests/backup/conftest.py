"""Rows to back up."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from framework.accounts.models import User
from framework.celery.models import OutboxRow
from framework.config import Config
from framework.database.session import transaction
from framework.repositories.models import Repository, Version
from tests import moments


@pytest.fixture
def filled(settings: Config) -> moments.Moment:
    """Rows with every kind of value."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    with transaction() as session:
        session.add(user(1, "alice", admin=True, full_name="Ünïcode “quoted”\u2028 \\ 💾", email_verified_at=moment))
        session.add(Repository(id="1" * 32, about={"a": [1, None, {"b": "ü"}]}, stored_bytes=1 << 40))
        session.flush()
        place = {"repository_id": "1" * 32, "epoch": 1, "version": 1, "push_id": "2" * 32, "pack_generation": 0}
        session.add(Version(**place, actor="alice", entry_hash="3" * 64, entry=bytes(range(256))))
        session.add(OutboxRow(id="x", task="t", args=[], kwargs={}, result="null"))
        session.execute(insert(User), [row(number) for number in range(2, 1300)])
    return moments.remember()


def user(number: int | None, name: str, **values: Any) -> User:
    """A person's row."""
    made = User(name=name, name_key=name, email=f"{name}@x.org", email_key=f"{name}@x.org", session_key="0" * 32)
    for column, value in ({"id": number} | values).items():
        setattr(made, column, value)
    return made


def row(number: int) -> dict[str, Any]:
    """Another person's row."""
    names = dict.fromkeys(("name", "name_key", "email", "email_key"), f"user{number}")
    return {"id": number, "session_key": "0" * 32, **names}
