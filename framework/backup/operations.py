"""Backing up all tables into the object store, and restoring them into an empty database of either kind."""

import gzip
import re
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

from sqlalchemy import delete, func, inspect, select, table
from sqlalchemy.exc import DBAPIError

from framework import config
from framework.backup.dump import (
    NEWS,
    BackupDamaged,
    Header,
    header_line,
    load_rows,
    read_header,
    read_rows,
    tables,
    write_rows,
)
from framework.backup.identity import identity_of
from framework.backup.sealing import is_sealed, seal, unseal
from framework.celery.jobs import Work, track_progress
from framework.database import schema
from framework.database.insert import number_on
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid, NotFound
from framework.files import sha256_of
from framework.repositories.cache.scratch import scratch
from framework.storage.current import store
from framework.storage.ownership.claims import keep_claim

FOLDER = "backups/"
SEALED, FIRST_SEALED = ".age", ".sealed"
"""How the names of encrypted backups end, now and in releases before."""

REFILLED = ("scheduled_jobs", *NEWS)
"""Tables that fill by themselves: rows there do not make a database a used one."""

_NAME = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{16}\.jsonl\.gz(\.age|\.sealed)?")


class NoBackup(NotFound):
    """The store has no backup, or none of this name."""


class DatabaseInUse(Conflict):
    """A restore fills an empty database, and this one has rows."""

    def __init__(self, table_name: str) -> None:
        super().__init__(
            f"The database is not empty (there are rows in {table_name}), so nothing was changed. "
            "Restore into a new database: set DATABASE_URL to it and run `flask database upgrade` first."
        )


class SchemaUnknown(Invalid):
    """The backup was made by a newer release."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The backup has the schema {revision}, which this release does not know. "
            "Install the release that made it, or a newer one, and repeat."
        )


class NotSealed(Invalid):
    """The backup is plain where only encrypted ones are trusted."""

    def __init__(self) -> None:
        super().__init__(
            "The backup is not encrypted although BACKUP_KEY is set, so that anyone who can write to the bucket could "
            "have made it. Choose an encrypted one (flask restore --list), or unset BACKUP_KEY to trust this one."
        )


class NoKey(Invalid):
    """Backups are not encrypted, so that nothing opens them."""

    def __init__(self) -> None:
        super().__init__("BACKUP_KEY is not set: backups are not encrypted, and need no identity to be opened.")


class DoesNotFit(Invalid):
    """The database refuses a row of the backup."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database does not take the backup, so nothing was changed: {reason}")


@dataclass(frozen=True)
class Stored:
    """A backup in the store."""

    name: str
    size_bytes: int

    @property
    def sealed(self) -> bool:
        """Whether it is encrypted."""
        return self.name.endswith((SEALED, FIRST_SEALED))

    @property
    def made_at(self) -> datetime:
        """When it was made, to the second."""
        return datetime.strptime(self.name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Backup(Stored):
    """One that was written or read."""

    rows: int


def back_up() -> Backup:
    """Write all tables, as they are at one moment, into one object; older ones go after `BACKUP_RETENTION_DAYS`."""
    with track_progress("backup", total=len(tables())) as work:
        made = _store_dump(work)
        work.say(f"{made.rows:,} rows stored in {made.name}.")
    _delete_expired(made.name)
    return made


def _store_dump(work: Work) -> Backup:
    key = config.current().backup_key
    name = f"{now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}.jsonl.gz{SEALED if key else ''}"
    with scratch("backup") as folder:
        header, file = _write_dump(folder, work)
        if key:
            seal(file, folder / "sealed", key)
            file = folder / "sealed"
        store().put(FOLDER + name, file, sha256=sha256_of(file))
        return Backup(name, file.stat().st_size, header.rows)


def restore(name: str | None = None, *, own_bucket: Callable[[], None] = lambda: None) -> Backup:
    """Fill an empty database with the newest backup, or with the one of this name: all of it or nothing.

    `own_bucket` makes this database the bucket's owner before it has rows, when everything else speaks for a restore.

    Raises:
        NoBackup, DatabaseInUse, SchemaUnknown, CannotUnseal, NotSealed, BackupDamaged, DoesNotFit: nothing is changed.
    """
    chosen = _chosen(name)
    _refuse_rows()
    own_bucket()
    with _fetch_dump(chosen) as lines, keep_claim():
        header = read_header(lines)
        _load(header, lines)
    return Backup(chosen.name, chosen.size_bytes, header.rows)


def check(name: str | None = None) -> Backup:
    """Read the newest backup, or the one of this name, to its end with the key that is set; no database is touched.

    Raises:
        NoBackup, CannotUnseal, NotSealed, BackupDamaged.
    """
    chosen = _chosen(name)
    with _fetch_dump(chosen) as lines:
        header = read_header(lines)
        rows = sum(len(batch) for _table, batch in read_rows(header, lines))
    return Backup(chosen.name, chosen.size_bytes, rows)


def identity() -> str:
    """The identity, for the age tool, that opens what is encrypted with the key that is set.

    Raises:
        NoKey: none is set.
    """
    key = config.current().backup_key
    if not key:
        raise NoKey
    return identity_of(key)


def list_backups() -> list[Stored]:
    """The backups in the store, oldest first."""
    names = ((entry.key.removeprefix(FOLDER), entry.size_bytes) for entry in store().list(FOLDER))
    return [Stored(name, size) for name, size in names if _NAME.fullmatch(name)]


def _write_dump(folder: Path, work: Work) -> tuple[Header, Path]:
    """The rows first, since the header counts them; then both, compressed."""
    revision = schema.current_revision() or ""
    with (folder / "rows").open("xb") as rows, read_transaction() as session:
        header = Header(revision, now().isoformat(), write_rows(session, rows, work))
    with (folder / "rows").open("rb") as rows, gzip.open(folder / "dump", "xb") as packed:
        packed.write(header_line(header))
        shutil.copyfileobj(rows, packed)
    return header, folder / "dump"


def _delete_expired(kept: str) -> None:
    before = now() - timedelta(days=config.current().backup_retention_days)
    for stored in list_backups():
        if stored.name != kept and stored.made_at < before:
            store().delete(FOLDER + stored.name)


def _chosen(name: str | None) -> Stored:
    found = list_backups()
    if not found:
        raise NoBackup("There is no backup in the object store. `flask backup` makes one.")
    if name is None:
        return found[-1]
    wanted = name.removeprefix(FOLDER)
    for stored in found:
        if stored.name == wanted:
            return stored
    raise NoBackup(f"There is no backup {wanted}. The newest ones are: {', '.join(one.name for one in found[-3:])}.")


def _refuse_rows() -> None:
    with read_transaction() as session:
        for name in inspect(session.connection()).get_table_names():
            used = name not in {"alembic_version", *REFILLED}
            if used and session.scalar(select(func.count()).select_from(table(name))):
                raise DatabaseInUse(name)


@contextmanager
def _fetch_dump(chosen: Stored) -> Iterator[IO[bytes]]:
    with scratch("restore") as folder:
        store().fetch(FOLDER + chosen.name, folder / "fetched")
        with _open_dump(folder / "fetched") as lines:
            yield lines


@contextmanager
def _open_dump(fetched: Path) -> Iterator[IO[bytes]]:
    plain = fetched
    if is_sealed(fetched):
        plain = fetched.with_name("plain")
        unseal(fetched, plain, config.current().backup_key)
    elif config.current().backup_key:
        raise NotSealed
    try:
        with gzip.open(plain, "rb") as lines:
            yield cast("IO[bytes]", lines)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BackupDamaged from error


def _load(header: Header, lines: IO[bytes]) -> None:
    """An older schema's rows go into that schema's tables, which migrations then bring up to date with the rows."""
    if header.schema not in schema.list_revisions():
        raise SchemaUnknown(header.schema)
    schema.upgrade()
    if header.schema != schema.current_revision():
        schema.downgrade(header.schema)
    try:
        with transaction() as session:
            for name in REFILLED:
                session.execute(delete(table(name)))
            load_rows(session, header, lines)
            number_on(session, [(dumped.name, name) for dumped in header.tables for name, _kind in dumped.columns])
    except DBAPIError as error:
        raise DoesNotFit(str(error.orig)) from error
    finally:
        schema.upgrade()
