"""Backups: every row of every table comes back, from and to each kind of database, or nothing does."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from framework.accounts.models import User
from framework.backup.dump import BackupDamaged, tables
from framework.backup.first_sealing import CannotUnseal
from framework.backup.operations import (
    FOLDER,
    DatabaseInUse,
    DoesNotFit,
    NoBackup,
    NotSealed,
    SchemaUnknown,
    back_up,
    check,
    list_backups,
    restore,
)
from framework.backup.tasks import back_up_tables
from framework.celery import schedule
from framework.config import Config
from framework.database import schema
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.storage.current import store
from tests import moments
from tests.backup.conftest import user
from tests.backup.damage import with_doubled_user, with_header, with_lines, with_table
from tests.backup.first_format import seal_first
from tests.cast import on_each_deployment, on_one_deployment
from tests.storage.altered import alter

pytestmark = on_each_deployment

Settings = Callable[..., Config]


def test_every_row_comes_back(filled: moments.Moment) -> None:
    made = back_up()
    moments.put_back(moments.NOTHING)
    restored = restore()
    assert (restored.name, restored.rows, restored.size_bytes) == (made.name, made.rows, made.size_bytes)
    assert made.rows == sum(len(filled.rows[table.name]) for table in tables())
    assert moments.remember() == filled


def test_new_rows_are_numbered_after_the_restored_ones(filled: moments.Moment) -> None:
    back_up()
    moments.put_back(moments.NOTHING)
    restore()
    with transaction() as session:
        made = user(None, "newcomer")
        session.add(made)
        session.flush()
        assert made.id == 1300


def test_an_empty_database_can_be_backed_up_too(settings: Config) -> None:
    back_up()
    assert restore().rows == 0


def test_the_newest_is_restored_unless_one_is_named(settings: Config) -> None:
    older = _back_up_one("older")
    newer = _back_up_one("newer")
    moments.put_back(moments.NOTHING)
    assert restore().name == newer
    assert _names() == ["newer"]
    moments.put_back(moments.NOTHING)
    restore(older)
    assert _names() == ["older"]
    moments.put_back(moments.NOTHING)
    assert restore(f"backups/{older}").name == older


@on_one_deployment
@pytest.mark.parametrize("name", ["nothing", "../secret_key", "", "backups/"])
def test_a_name_that_is_no_backup_is_told(settings: Config, name: str) -> None:
    with pytest.raises(NoBackup, match="There is no backup in the object store"):
        restore(name)
    made = back_up().name
    with pytest.raises(NoBackup, match=f"The newest ones are: {made}"):
        restore(name)


def test_a_database_with_rows_is_not_filled(filled: moments.Moment) -> None:
    back_up()
    before = moments.remember()
    with pytest.raises(DatabaseInUse, match="The database is not empty"):
        restore()
    assert moments.remember() == before


def test_what_a_scheduler_noted_by_itself_does_not_count(settings: Config) -> None:
    back_up()
    schedule.start_due_jobs()
    assert restore().rows == 0


def test_it_is_encrypted_when_there_is_a_key(filled: moments.Moment, with_settings: Settings) -> None:
    assert b"alice" in gzip.decompress(_body(back_up().name))
    with_settings(backup_key="a key")
    made = back_up()
    assert made.sealed
    assert made.name.endswith(".jsonl.gz.age")
    assert _body(made.name).startswith(b"age-encryption.org/v1\n")
    moments.put_back(moments.NOTHING)
    restore(made.name)
    assert moments.remember() == filled


@on_one_deployment
def test_one_that_an_earlier_release_encrypted_is_restored(filled: moments.Moment, with_settings: Settings) -> None:
    sealed = seal_first(_body(back_up().name), "a key")
    name = f"{now() + timedelta(minutes=1):%Y%m%dT%H%M%SZ}-{'0' * 16}.jsonl.gz.sealed"
    store().put(FOLDER + name, sealed, sha256=hashlib.sha256(sealed).hexdigest())
    with_settings(backup_key="a key")
    moments.put_back(moments.NOTHING)
    assert restore().name == name
    assert moments.remember() == filled


@on_one_deployment
@pytest.mark.parametrize(
    ("key", "words"), [(None, "BACKUP_KEY is not set"), ("another", "BACKUP_KEY is not the one that it was made with")]
)
def test_a_wrong_key_changes_nothing(
    filled: moments.Moment, with_settings: Settings, key: str | None, words: str
) -> None:
    with_settings(backup_key="a key")
    back_up()
    moments.put_back(moments.NOTHING)
    with_settings(backup_key=key)
    with pytest.raises(CannotUnseal, match=words):
        restore()
    assert _names() == []


@on_one_deployment
def test_a_plain_backup_is_not_trusted_where_there_is_a_key(filled: moments.Moment, with_settings: Settings) -> None:
    made = back_up()
    moments.put_back(moments.NOTHING)
    with_settings(backup_key="a key")
    for refused in (restore, check):
        with pytest.raises(NotSealed, match="unset BACKUP_KEY to trust this one"):
            refused(made.name)
    assert _names() == []
    with_settings(backup_key=None)
    restore(made.name)
    assert moments.remember() == filled


@on_one_deployment
@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[: len(body) // 2],
        lambda _body: b"",
        lambda _body: b"not a backup",
        lambda _body: gzip.compress(b""),
        lambda _body: gzip.compress(b"{}\n"),
        lambda _body: gzip.compress(b"[]\n"),
        lambda body: with_lines(body, lambda lines: lines[:-1]),
        lambda body: with_lines(body, lambda lines: [*lines, lines[-1]]),
        lambda body: with_lines(body, lambda lines: [line.replace(b"user1299", b"user1300") for line in lines]),
        lambda body: with_lines(body, lambda lines: [*lines[:-1], b"{}\n"]),
        lambda body: with_lines(body, lambda lines: [*lines[:-1], b"[1]\n"]),
        lambda body: with_header(body, lambda header: header | {"format": "something else"}),
        lambda body: with_header(body, lambda header: header | {"tables": [{"name": "users; --"}]}),
        lambda body: with_table(body, name='users" --'),
        lambda body: with_table(body, columns=[["id", "strange"]]),
        lambda body: with_table(body, rows=-1),
        lambda body: with_table(body, sha256="0" * 64),
    ],
)
def test_a_damaged_backup_changes_nothing(filled: moments.Moment, spoil: Callable[[bytes], bytes]) -> None:
    name = back_up().name
    body = spoil(_body(name))
    alter(FOLDER + name, body)
    moments.put_back(moments.NOTHING)
    for read in (restore, check):
        with pytest.raises(BackupDamaged, match="nothing of it was used"):
            read()
    assert _names() == []


def test_a_backup_of_a_newer_release_is_refused(filled: moments.Moment) -> None:
    name = back_up().name
    body = with_header(_body(name), lambda header: header | {"schema": "9999"})
    alter(FOLDER + name, body)
    moments.put_back(moments.NOTHING)
    with pytest.raises(SchemaUnknown, match="has the schema 9999, which this release does not know"):
        restore()


def test_a_backup_of_an_older_release_is_brought_up_to_date(
    filled: moments.Moment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release with one migration more, which fills a column from another."""
    back_up()
    moments.put_back(moments.NOTHING)
    monkeypatch.setattr(schema, "MIGRATIONS", shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations"))
    newest = schema.current_revision()
    (tmp_path / "migrations" / "versions" / "9000_next.py").write_text(NEXT_MIGRATION.format(newest))
    schema.upgrade()
    restore()
    assert schema.current_revision() == "9000"
    with read_transaction() as session:
        assert session.scalar(text("SELECT shout FROM users WHERE id = 1")) == "ALICE"


def test_a_row_that_the_database_does_not_take_changes_nothing(filled: moments.Moment) -> None:
    name = back_up().name
    body = with_doubled_user(_body(name))
    alter(FOLDER + name, body)
    moments.put_back(moments.NOTHING)
    with pytest.raises(DoesNotFit, match="so nothing was changed"):
        restore()
    assert _names() == []


def test_old_backups_go_and_what_is_none_stays(settings: Config) -> None:
    old, young = (
        f"{now() - timedelta(days=days):%Y%m%dT%H%M%SZ}-{'0' * 16}.jsonl.gz{suffix}"
        for days, suffix in ((15, ".sealed"), (13, ".age"))
    )
    strange = "notes.txt"
    for name in (old, young, strange):
        store().put(FOLDER + name, b"", sha256=hashlib.sha256(b"").hexdigest())
    made = back_up().name
    assert {entry.key.removeprefix(FOLDER) for entry in store().list(FOLDER)} == {young, made, strange}


def test_the_newest_stays_however_short_they_are_kept(settings: Config, with_settings: Settings) -> None:
    with_settings(backup_retention_days=0)
    made = back_up().name
    assert [stored.name for stored in list_backups()] == [made]


def test_the_nightly_job_makes_one(settings: Config) -> None:
    made = back_up_tables.run()
    assert [stored.name for stored in list_backups()] == [made]


NEXT_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = '9000'
down_revision = '{}'
branch_labels = None
depends_on = None
def upgrade():
    op.add_column('users', sa.Column('shout', sa.String(100)))
    op.execute('UPDATE users SET shout = upper(name)')
def downgrade():
    op.drop_column('users', 'shout')
"""


def _back_up_one(name: str) -> str:
    moments.put_back(moments.NOTHING)
    with transaction() as session:
        session.add(user(1, name))
    made = back_up().name
    made_at = now() - timedelta(hours=1 if name == "newer" else 2)
    renamed = f"{made_at:%Y%m%dT%H%M%SZ}-{made.partition('-')[2]}"
    body = _body(made)
    store().put(FOLDER + renamed, body, sha256=hashlib.sha256(body).hexdigest())
    store().delete(FOLDER + made)
    return renamed


def _names() -> list[str]:
    with read_transaction() as session:
        return list(session.scalars(select(User.name)))


def _body(name: str) -> bytes:
    return store().read(FOLDER + name)
