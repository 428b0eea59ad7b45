"""The schema: brought up to date by Alembic, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from framework.database.engine import engine
from framework.database.types import Base

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x686F6C64
MODELS = ("celery", "email", "repositories", "accounts", "projects", "uploads", "api", "transfer")


def upgrade() -> None:
    """Bring the database to the newest revision; processes that start together wait for each other."""
    with _locked() as connection:
        command.upgrade(_alembic(connection), "head")


def downgrade(revision: str) -> None:
    """Bring the database back to an earlier revision that this release knows."""
    with _locked() as connection:
        command.downgrade(_alembic(connection), revision)


def current_revision() -> str | None:
    """The revision that the database is at; None for one without tables."""
    with engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> set[str]:
    """Every revision that this release can bring a database to."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}


def new_revision(message: str) -> None:
    """Write a migration from what the models say and the database has."""
    load_models()
    with engine().connect() as connection:
        command.revision(_alembic(connection), message, autogenerate=True)


def differences() -> list[object]:
    """What the models say and the database lacks, or the other way round; empty when they agree."""
    load_models()
    with engine().connect() as connection:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
        )


def load_models() -> None:
    """Import every room's models by name, so that the metadata is whole; this room itself depends on none."""
    for room in MODELS:
        import_module(f"framework.{room}.models")


@contextmanager
def _locked() -> Iterator[Connection]:
    with engine().execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        yield connection


def _alembic(connection: Connection) -> AlembicConfig:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["connection"] = connection
    return settings
