"""SQLite databases: their tables and views, and the first rows of one; nothing that the file says is trusted."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from framework.browse.render.tables.book import MOST_SHEETS, Book, book_of, choose, row_limit
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

START = b"SQLite format 3\0"
MOST_STEPS, STEP = 2_000, 10_000
"""How often the progress handler lets a statement go on, and after how many instructions of SQLite it is asked."""
LONGEST_VALUE_BYTES = 32 << 20
# https://www.sqlite.org/security.html, "Untrusted SQLite Database Files"
_CAREFUL = ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "mmap_size=0", "temp_store=MEMORY")
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 1_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_TABLES = (
    "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'"
    " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY type, name LIMIT ?"
)
_OF_VIRTUAL_TABLE = 1
"""What `table_xinfo` says of a column that is hidden; generated ones have 2 and 3."""
# The size of a blob is in the header of its row, and its bytes need not be read.
_SHOWN = (
    "CASE typeof({0}) WHEN 'blob' THEN printf('blob, %,d B', length({0}))"
    " WHEN 'text' THEN substr({0}, 1, 2001) ELSE {0} END"
)


def read_database(_name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of the asked table.

    Raises:
        ValueError: it is no SQLite database, is damaged, or a view takes too long.
    """
    with Path(path).open("rb") as file:
        if file.read(len(START)) != START:
            raise ValueError("it is no SQLite database")
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)) as connection:
            _restrict(connection)
            return _read(connection, asked)
    except sqlite3.Error as error:
        raise ValueError(_explain(error)) from error


def read_database_grids(_name: str, content: bytes) -> Iterator[tuple[str, Grid | None]]:
    """Each table's and view's name and first rows.

    Raises:
        ValueError: as `read_database`.
    """
    if not content.startswith(START):
        raise ValueError("it is no SQLite database")
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            # A database in memory has no journal beside it, so it must not ask for one (bytes 18 and 19 of its header).
            connection.deserialize(content[:18] + b"\1\1" + content[20:])
            _restrict(connection)
            for name, kind in connection.execute(_TABLES, (MOST_SHEETS,)).fetchall():
                yield name, _read_table(connection, name, is_view=kind == "view")
    except sqlite3.Error as error:
        raise ValueError(_explain(error)) from error


def _restrict(connection: sqlite3.Connection) -> None:
    steps = iter(range(MOST_STEPS))
    connection.set_progress_handler(lambda: next(steps, None) is None, STEP)
    connection.text_factory = lambda data: data.decode(errors="replace")
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    for pragma in _CAREFUL:
        connection.execute(f"PRAGMA {pragma}")


def _explain(error: sqlite3.Error) -> str:
    return "it takes too long to read" if "interrupted" in str(error) else "it is damaged"


def _read(connection: sqlite3.Connection, asked: ViewOptions) -> Book:
    found: list[tuple[str, str]] = connection.execute(_TABLES, (MOST_SHEETS,)).fetchall()
    names = [name if kind == "table" else f"{name} (view)" for name, kind in found]
    tables = sum(kind == "table" for _name, kind in found)
    views = len(found) - tables
    facts = [("SQLite database", _count(tables, "table") + (f", {_count(views, 'view')}" if views else ""))]
    if not found:
        return book_of((), None, asked, facts)
    name, kind = found[choose(asked, names)]
    return book_of(names, _read_table(connection, name, is_view=kind == "view"), asked, facts)


def _read_table(connection: sqlite3.Connection, name: str, *, is_view: bool) -> Grid:
    quoted = _quote(name)
    found = connection.execute(f"PRAGMA table_xinfo({quoted})")
    columns = [(row[1], row[2]) for row in found if row[6] != _OF_VIRTUAL_TABLE]
    most = row_limit(len(columns))
    values = ", ".join(_SHOWN.format(_quote(column)) for column, _kind in columns)
    statement = f"SELECT {values} FROM {quoted} LIMIT ?"  # noqa: S608 - names are quoted, and all in the file is public
    rows = [[_write(value) for value in row] for row in connection.execute(statement, (most,))]
    left_out = 0
    if len(rows) == most and not is_view:
        with suppress(sqlite3.OperationalError):
            (count,) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()  # noqa: S608
            left_out = count - len(rows)
    return Grid([column for column, _kind in columns], rows, [kind for _column, kind in columns], left_out)


def _quote(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _write(value: str | float | None) -> str:
    return f"{value:.15g}" if isinstance(value, float) else "" if value is None else str(value)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
