"""The dump: lines of JSON, first a header, then the rows of each table; the same from and to every kind of database."""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import IO, Any

from sqlalchemy import JSON, ColumnClause, LargeBinary, Table, TableClause, column, insert, select, table
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType, TypeEngine

from framework import rooms
from framework.celery.jobs import Work
from framework.database.types import Base, UTCDateTime
from framework.errors import Invalid

FORMAT = "holdfast tables 1"
ROWS_AT_ONCE = 500
NEWS = ("long_works", "workers", "deployment")
"""How far the work of this moment is, this backup's too, which workers are up, and this database's claim to the bucket:
of no use to another database."""

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "moment": UTCDateTime,
    "bytes": LargeBinary,
    "json": JSON,
    "plain": NullType,
}


class BackupDamaged(Invalid):
    """The file is not what was written."""

    def __init__(self) -> None:
        super().__init__("The backup is damaged, so nothing of it was used. Choose another one.")


@dataclass(frozen=True)
class DumpedTable:
    """One table: its columns with their kinds, its number of rows, and the SHA-256 (hex) of their lines."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    sha256: str


@dataclass(frozen=True)
class Header:
    """What a dump holds: the schema's revision and the tables, in an order that satisfies their references."""

    schema: str
    made_at: str
    tables: tuple[DumpedTable, ...]

    @property
    def rows(self) -> int:
        """All rows together."""
        return sum(table.rows for table in self.tables)


def tables() -> list[Table]:
    """What is dumped, in an order that satisfies the references."""
    rooms.load_models()
    return [table for table in Base.metadata.sorted_tables if table.name not in NEWS]


def write_rows(session: Session, target: IO[bytes], work: Work) -> tuple[DumpedTable, ...]:
    """Write every row of every table, as one transaction sees them; constant memory."""
    return tuple(_write_watched(session, table, target, work) for table in tables())


def _write_watched(session: Session, table: Table, target: IO[bytes], work: Work) -> DumpedTable:
    work.say(f"Table {table.name}")
    written = _write_table(session, table, target)
    work.advance()
    return written


def header_line(header: Header) -> bytes:
    """The first line of a dump."""
    return _line({"format": FORMAT, **asdict(header)})


def read_header(lines: IO[bytes]) -> Header:
    """What the first line says.

    Raises:
        BackupDamaged: it is not the first line of a dump.
    """
    try:
        told = json.loads(lines.readline())
        if told.pop("format") != FORMAT:
            raise BackupDamaged
        tables = [DumpedTable(**entry) for entry in told.pop("tables")]
        header = Header(**told, tables=tuple(tables))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged from error
    _refuse_strange_names(header)
    return header


def load_rows(session: Session, header: Header, lines: IO[bytes]) -> None:
    """Insert every row, in the caller's transaction; constant memory.

    Raises:
        BackupDamaged: rows are missing, altered or too many; the transaction has to be given up.
    """
    for dumped, batch in read_rows(header, lines):
        session.execute(insert(_target(dumped)), batch)


def read_rows(header: Header, lines: IO[bytes]) -> Iterator[tuple[DumpedTable, list[dict[str, Any]]]]:
    """Every row, some of one table at a time; constant memory.

    Raises:
        BackupDamaged: rows are missing, altered or too many.
    """
    for dumped in header.tables:
        digest = hashlib.sha256()
        rows = _rows(dumped, islice(lines, dumped.rows), digest)
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            yield dumped, batch
        if digest.hexdigest() != dumped.sha256:
            raise BackupDamaged
    if lines.read(1):
        raise BackupDamaged


def _write_table(session: Session, source: Table, target: IO[bytes]) -> DumpedTable:
    columns = tuple((one.name, _kind(one.type)) for one in source.columns)
    count, digest = 0, hashlib.sha256()
    query = select(source).order_by(*source.primary_key.columns)
    for row in session.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}):
        line = _line([_plain(value, kind) for value, (_name, kind) in zip(row, columns, strict=True)])
        digest.update(line)
        target.write(line)
        count += 1
    return DumpedTable(source.name, columns, count, digest.hexdigest())


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _kind(kind: TypeEngine[Any]) -> str:
    if isinstance(kind, UTCDateTime):
        return "moment"
    if isinstance(kind, LargeBinary):
        return "bytes"
    return "json" if isinstance(kind, JSON) else "plain"


def _plain(value: Any, kind: str) -> Any:
    if value is None or kind in {"plain", "json"}:
        return value
    return value.isoformat() if kind == "moment" else b64encode(value).decode()


def _read(value: Any, kind: str) -> Any:
    if value is None or kind in {"plain", "json"}:
        return value
    return datetime.fromisoformat(value) if kind == "moment" else b64decode(value)


def _rows(dumped: DumpedTable, lines: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[dict[str, Any]]:
    for line in lines:
        digest.update(line)
        try:
            values = zip(dumped.columns, json.loads(line), strict=True)
            row = {name: _read(value, kind) for (name, kind), value in values}
        except (ValueError, TypeError) as error:
            raise BackupDamaged from error
        yield row


def _target(dumped: DumpedTable) -> TableClause:
    columns: list[ColumnClause[Any]] = [column(name, _type(kind)) for name, kind in dumped.columns]
    return table(dumped.name, *columns)


def _type(kind: str) -> TypeEngine[Any]:
    return JSON(none_as_null=True) if kind == "json" else _TYPES[kind]()


def _refuse_strange_names(header: Header) -> None:
    names = [name for dumped in header.tables for name in (dumped.name, *(name for name, _kind in dumped.columns))]
    kinds = {kind for dumped in header.tables for _name, kind in dumped.columns}
    counted = all(isinstance(dumped.rows, int) and dumped.rows >= 0 for dumped in header.tables)
    if not all(_IDENTIFIER.fullmatch(name) for name in names) or not kinds <= _TYPES.keys() or not counted:
        raise BackupDamaged
