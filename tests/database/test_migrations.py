"""Migrations only add: what the previous release reads and writes is there after each of them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from framework import config, rooms
from framework.config import Config
from framework.database import engine, schema
from framework.database.session import read_transaction
from framework.database.types import Base, UTCDateTime, now
from framework.storage.models import Deployment
from tests.servers.backends.postgres import Postgres

FIRST = "0012"  # older ones were written before the rule
Reflected = sa.MetaData

IN_NO_MODEL = {"ix_projects_words", "ix_users_words"}
"""Indexes that need an extension, which the database may not let us have."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[sa.Engine]:
    """An empty database of each dialect, which this process's configuration names."""
    server: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = server.new_database(migrated=False) if server else f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    made = Config(data=tmp_path, database_url=url, secret_key="k", base_url="http://localhost", broker_url="")
    monkeypatch.setattr(config, "_current", made)
    yield engine.engine()
    engine.dispose()
    if server:
        server.drop_database(url)


def test_the_migrations_make_what_the_models_say(empty_database: sa.Engine) -> None:
    rooms.load_models()
    schema.upgrade()
    with empty_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
        assert [each for each in found if each[0] != "remove_index" or each[1].name not in IN_NO_MODEL] == []


def test_each_migration_only_adds(empty_database: sa.Engine) -> None:
    before, faults = Reflected(), []
    for revision in revisions():
        upgrade_to(revision)
        after = reflect(empty_database)
        if revision >= FIRST:
            faults += [f"{revision}: {fault}" for fault in faults_of(before, after)]
        before = after
    assert not faults


def test_a_database_that_was_in_use_stores_indexes_for_a_rollback(empty_database: sa.Engine) -> None:
    upgrade_to("0019")
    with empty_database.begin() as connection:
        row = {"id": 1, "identity": "0" * 32, "token": 1, "claim": "0" * 16, "state": "owner", "claimed_at": now()}
        columns = [sa.column(name, UTCDateTime() if name == "claimed_at" else None) for name in row]
        deployment = sa.table("deployment", *columns, sa.column("marks", sa.JSON()))
        connection.execute(deployment.insert().values(**row, marks=[]))
    schema.upgrade()
    with read_transaction() as session:
        until = session.scalars(sa.select(Deployment.indexes_needed_until)).one()
    assert until
    assert timedelta(days=29) < until - now() < timedelta(days=31)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DROP TABLE notices", "the table notices is gone"),
        ("ALTER TABLE projects DROP COLUMN topics", "projects.topics is gone"),
        ("ALTER TABLE projects RENAME COLUMN topics TO subjects", "projects.topics is gone"),
        ("ALTER TABLE users ALTER COLUMN full_name TYPE varchar(3)", "users.full_name is VARCHAR(3)"),
        ("ALTER TABLE packs ALTER COLUMN fault SET NOT NULL", "packs.fault takes no NULL any more"),
        ("ALTER TABLE projects ALTER COLUMN topics DROP DEFAULT", "projects.topics has no default any more"),
        ("ALTER TABLE users ADD COLUMN size integer NOT NULL", "users.size is new, and older rows do not fit"),
        ("CREATE UNIQUE INDEX once ON users (full_name)", "users is unique in full_name now"),
        ("ALTER TABLE users ADD CONSTRAINT few CHECK (id < 9)", "users has the new check few"),
        (
            "CREATE TABLE marks (id integer PRIMARY KEY, user_id integer REFERENCES users (id))",
            "marks.user_id keeps rows of users from being deleted",
        ),
    ],
)
def test_what_does_more_than_add_is_noticed(postgres: Postgres, statement: str, fault: str) -> None:
    url = postgres.new_database()
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        before = reflect(connection)
        connection.execute(sa.text(statement))
        found = faults_of(before, reflect(connection))
    postgres.drop_database(url)
    assert len(found) == 1
    assert found[0].startswith(fault)


def revisions() -> list[str]:
    """All of them, the oldest first."""
    with engine.engine().connect() as connection:
        scripts = ScriptDirectory.from_config(schema._alembic(connection))
        return [script.revision for script in scripts.walk_revisions()][::-1]


def upgrade_to(revision: str) -> None:
    """Bring the database to this revision."""
    with schema._lock() as held:
        schema._change(held, lambda connection: command.upgrade(schema._alembic(connection), revision))


def reflect(bind: sa.Engine | sa.Connection) -> Reflected:
    """The tables as they are."""
    found = Reflected()
    found.reflect(bind)
    return found


def faults_of(before: Reflected, after: Reflected) -> list[str]:
    """What the previous release would stumble over."""
    gone = [f"the table {name} is gone" for name in before.tables if name not in after.tables]
    changed = [
        fault
        for name, table in before.tables.items()
        if name in after.tables
        for fault in (*_faults_of_columns(table, after.tables[name]), *_faults_of_rules(table, after.tables[name]))
    ]
    keys = [key for table in after.tables.values() for key in table.foreign_keys]
    holding = [
        f"{key.parent} keeps rows of {key.column.table.name} from being deleted: say what happens (ondelete)"
        for key in keys
        if key.column.table.name in before.tables and not key.ondelete and not _was_there(key, before)
    ]
    return gone + changed + holding


def _was_there(key: "sa.ForeignKey", before: Reflected) -> bool:
    table = before.tables.get(key.parent.table.name)
    return table is not None and key.parent.name in table.c and bool(table.c[key.parent.name].foreign_keys)


def _faults_of_columns(before: "sa.Table", after: "sa.Table") -> list[str]:
    faults = []
    for column in before.c:
        if column.name not in after.c:
            faults.append(f"{column} is gone")
        else:
            faults += _faults_of_column(column, after.c[column.name])
    new = [column for column in after.c if column.name not in before.c]
    tight = [column for column in new if not column.nullable and column.server_default is None]
    return faults + [f"{column} is new, and older rows do not fit: nullable or server_default" for column in tight]


def _faults_of_column(before: "sa.Column[Any]", after: "sa.Column[Any]") -> list[str]:
    faults = []
    if repr(before.type) != repr(after.type):
        faults.append(f"{after} is {after.type}, and was {before.type}")
    if before.nullable and not after.nullable:
        faults.append(f"{after} takes no NULL any more")
    if before.server_default is not None and after.server_default is None:
        faults.append(f"{after} has no default any more")
    return faults


def _faults_of_rules(before: "sa.Table", after: "sa.Table") -> list[str]:
    """New rules over columns that the previous release writes."""
    unique = [
        f"{after.name} is unique in {', '.join(columns)} now"
        for columns in sorted(_unique(after) - _unique(before))
        if set(columns) <= set(before.c.keys())
    ]
    known = {rule.name for rule in _checks(before)}
    return unique + [f"{after.name} has the new check {rule.name}" for rule in _checks(after) if rule.name not in known]


def _unique(table: "sa.Table") -> set[tuple[str, ...]]:
    rules = [tuple(rule.columns.keys()) for rule in table.constraints if isinstance(rule, sa.UniqueConstraint)]
    return {*rules, *(tuple(index.columns.keys()) for index in table.indexes if index.unique)}


def _checks(table: "sa.Table") -> list["sa.CheckConstraint"]:
    return [rule for rule in table.constraints if isinstance(rule, sa.CheckConstraint)]
