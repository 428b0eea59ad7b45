"""Upgrades of the schema: beside other processes, beside each other, and on a database of a later release."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from framework import config
from framework.application import create_app
from framework.config import Config
from framework.database import engine, schema
from tests.servers.backends.postgres import Postgres
from tests.servers.processes import free_port
from tests.servers.run import ROOT

HEAD = """
import sqlalchemy as sa
from framework.database import steps
revision, down_revision, branch_labels, depends_on = "9000", {newest!r}, None, None


def downgrade():
    pass


def upgrade():
"""
ADD = '    steps.add_column("users", sa.Column("shoe_size", sa.Integer()))\n'
INDEX = '    steps.create_index("users", "full_name")\n'
FAIL = '    raise RuntimeError("the power went")\n'
Migration = Callable[..., None]

on_both = pytest.mark.parametrize("deployment", ["embedded", "production-like"])


@contextmanager
def _line(beginning: str) -> Iterator[threading.Event]:
    """Happens when a line of the log begins so."""
    happened = threading.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith(beginning):
                happened.set()

    listener = Listener()
    schema.log.addHandler(listener)
    schema.log.setLevel(logging.INFO)
    yield happened
    schema.log.removeHandler(listener)


@pytest.fixture
def migration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Migration:
    """Writes the migration that comes after the newest one, from the lines of its `upgrade`."""
    folder = shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    newest = ScriptDirectory(str(folder)).get_current_head()
    monkeypatch.setattr(schema, "MIGRATIONS", folder)

    def write(*lines: str) -> None:
        (folder / "versions" / "9000_next.py").write_text(HEAD.format(newest=newest) + "".join(lines))

    return write


@pytest.fixture
def on_postgres(postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Config]:
    """This process's configuration has a migrated PostgreSQL database, and nothing else."""
    url = postgres.new_database()
    made = Config(data=tmp_path, database_url=url, secret_key="k", base_url="http://localhost", broker_url="")
    monkeypatch.setattr(config, "_current", made)
    monkeypatch.setattr(schema, "PAUSE_SECONDS", 0)
    yield made
    engine.dispose()
    postgres.drop_database(url)


def test_it_lets_others_pass_while_it_waits_for_a_table(
    on_postgres: Config, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration(ADD)
    monkeypatch.setattr(schema, "LOCK_TIMEOUT", "100ms")
    with engine.engine().connect() as other, _line("A table is in use") as let_go:
        other.execute(text("SELECT * FROM users"))  # an open transaction keeps ALTER TABLE away
        upgrade = threading.Thread(target=schema.upgrade)
        upgrade.start()
        assert let_go.wait(60)
    upgrade.join(60)
    assert schema.current_revision() == "9000"


def test_it_gives_up_with_words_when_a_table_is_never_free(
    on_postgres: Config, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration(ADD)
    monkeypatch.setattr(schema, "LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(schema, "TRIES", 2)
    with engine.engine().connect() as other:
        other.execute(text("SELECT * FROM users"))
        with pytest.raises(schema.TablesBusy, match="pg_stat_activity"):
            schema.upgrade()
    schema.upgrade()
    assert schema.current_revision() == "9000"


def test_an_upgrade_waits_for_another_process_that_upgrades(on_postgres: Config, migration: Migration) -> None:
    migration(ADD, INDEX)
    with engine.engine().connect() as other, _line("Another process is changing the tables") as waits:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.UPGRADE_LOCK})
        upgrade = threading.Thread(target=schema.upgrade)
        upgrade.start()
        assert waits.wait(60)
        assert schema.current_revision() != "9000"
    upgrade.join(60)
    assert schema.current_revision() == "9000"


def test_it_gives_up_with_words_when_another_process_hangs_amid_an_upgrade(
    on_postgres: Config, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration(ADD)
    monkeypatch.setattr(schema, "LOCK_TRIES", 1)
    with engine.engine().connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.UPGRADE_LOCK})
        with pytest.raises(schema.TablesBusy, match="pg_stat_activity"):
            schema.upgrade()
    schema.upgrade()
    assert schema.current_revision() == "9000"


@pytest.mark.long
def test_two_release_phases_at_once_both_succeed(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.new_database(migrated=False)
    environment = {"DATABASE_URL": url, "HOLDFAST_DATA": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "flask", "database", "upgrade"]
    phases = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [phase.communicate()[0] for phase in phases]
    postgres.drop_database(url)
    assert told == ["The database is up to date.\n"] * 2
    assert [phase.returncode for phase in phases] == [0, 0]


def test_a_release_phase_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    environment = {"HOLDFAST_DATA": str(tmp_path), "PATH": os.environ["PATH"]}
    environment["DATABASE_URL"] = f"postgres://holdfast:secret@127.0.0.1:{free_port()}/holdfast"
    command = [sys.executable, "-m", "flask", "database", "upgrade"]
    phase = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert phase.returncode == 1
    [line] = phase.stderr.splitlines()
    assert line.startswith("Error: The database: nothing listens at 127.0.0.1:")
    assert "secret" not in line


def test_a_migration_that_stopped_in_its_middle_begins_again(on_postgres: Config, migration: Migration) -> None:
    migration(ADD, INDEX, FAIL)
    with pytest.raises(RuntimeError, match="power"):
        schema.upgrade()
    assert schema.current_revision() != "9000"
    migration(ADD, INDEX)
    schema.upgrade()
    assert schema.current_revision() == "9000"


def test_an_index_whose_creation_broke_is_created_anew(on_postgres: Config, migration: Migration) -> None:
    with engine.engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE TABLE pairs (full_name integer)"))
        connection.execute(text("INSERT INTO pairs VALUES (1), (1)"))
        with pytest.raises(IntegrityError):
            connection.execute(text("CREATE UNIQUE INDEX CONCURRENTLY ix_pairs_full_name ON pairs (full_name)"))
    migration(INDEX.replace("users", "pairs"))
    schema.upgrade()
    with engine.engine().connect() as connection:
        valid = connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_pairs_full_name'::regclass")
        )
    assert valid is True


@on_both
def test_old_rows_are_changed_in_batches(settings: Config, migration: Migration) -> None:
    with engine.engine().begin() as connection:
        connection.execute(text("CREATE TABLE things (id integer PRIMARY KEY, size integer, double integer)"))
        connection.execute(text("INSERT INTO things (id, size) VALUES (1, 1), (3, 3), (4, 4), (8, 8), (9, NULL)"))
    migration('    steps.backfill("things", "double = size * 2", key="id", where="size > 1", rows=2)\n')
    schema.upgrade()
    with engine.engine().connect() as connection:
        assert list(connection.scalars(text("SELECT double FROM things ORDER BY id"))) == [None, 6, 8, 16, None]
        if connection.dialect.name == "postgresql":
            transactions = "SELECT count(DISTINCT xmin::text) FROM things WHERE double IS NOT NULL"
            assert connection.scalar(text(transactions)) == 2  # 1 and 3; 4 and 8


@on_both
def test_a_step_refuses_what_the_previous_release_cannot_write(settings: Config, migration: Migration) -> None:
    migration('    steps.add_column("users", sa.Column("shoe_size", sa.Integer(), nullable=False))\n')
    with pytest.raises(ValueError, match="without a server default"):
        schema.upgrade()


@on_both
def test_a_newer_database_is_left_alone(settings: Config) -> None:
    with engine.engine().begin() as connection:
        connection.execute(text("CREATE TABLE novelties (id integer PRIMARY KEY)"))
        connection.execute(text("ALTER TABLE users ADD COLUMN shoe_size integer"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    told = create_app(settings).test_cli_runner().invoke(args=["database", "upgrade"])
    assert (told.exit_code, told.output) == (0, "The database is newer than this release: nothing to do.\n")
    assert schema.differences() == []


@on_both
def test_a_newer_database_that_lacks_what_this_release_needs_is_refused(settings: Config) -> None:
    with engine.engine().begin() as connection:
        connection.execute(text("ALTER TABLE users DROP COLUMN mail_frequency"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    told = create_app(settings).test_cli_runner().invoke(args=["database", "upgrade"])
    assert told.exit_code == 1
    assert "lacks the column users.mail_frequency" in told.output
    assert "Traceback" not in told.output


@on_both
def test_an_older_database_is_told_from_a_present_one(settings: Config) -> None:
    assert schema.differences() == []
    schema.downgrade("0010")
    assert "the table browser_sessions" in schema.differences()
    schema.upgrade()
    assert schema.differences() == []
