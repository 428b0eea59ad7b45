"""The variables of a production deployment."""

from collections.abc import Callable
from pathlib import Path

import pytest

from framework.config import Config

PRODUCTION = {
    "HOLDFAST_ENV": "production",
    "DATABASE_URL": "postgres://holdfast:secret@db.example.org/holdfast",
    "SECRET_KEY": "0b1c6f3a9d2e4875b6a0c3d1e2f49788",
    "BASE_URL": "https://holdfast.example.org",
    "S3_BUCKET": "projects",
    "BROKER_URL": "rediss://:secret@redis.example.org:6380",
    "SMTP_URL": "smtps://user:secret@mail.example.org",
}
"""Each is required, and all of them are enough."""

Read = Callable[..., Config]


@pytest.fixture
def at_home(tmp_path: Path) -> Read:
    """The configuration at home, with these variables."""

    def read(**changed: str) -> Config:
        return Config.from_environment({"HOLDFAST_DATA": str(tmp_path), **changed})

    return read


@pytest.fixture
def in_production(at_home: Read) -> Read:
    """The configuration of a production deployment, with these variables changed; an empty one is unset."""

    def read(**changed: str) -> Config:
        return at_home(**{**PRODUCTION, **changed})

    return read
