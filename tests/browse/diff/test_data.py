"""Differences of files that hold tables of data: as far as their rows are read."""

import io
import pkgutil
import sqlite3
import struct
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from framework.browse.diff.tables.changes import TableChange, diff_tables
from framework.browse.render.kinds.registry import kind_of

MADE = Path(__file__).parents[1] / "kinds/made"


def change_of(name: str, before: bytes, now: bytes) -> TableChange | None:
    kind = kind_of(name)
    assert kind
    return diff_tables(kind, name, before, now)


def changed_cells(change: TableChange | None) -> list[tuple[str, str, str]]:
    """Each cell that is not as it was: its table, before and now."""
    assert change
    return [
        (sheet.title, *cell)
        for sheet in change.sheets
        for row in sheet.rows
        for cell in row.cells
        if cell[0] != cell[1]
    ]


def database_of(path: Path, size: float, *, journal: str = "delete") -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE lakes (id INTEGER, size REAL)")
        connection.execute("CREATE TABLE others AS SELECT 1 AS x")
        connection.executemany("INSERT INTO lakes VALUES (?, ?)", [(1, 2.5), (2, size)])
        connection.commit()
    return path.read_bytes()


def array_of(*values: float) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(values)},), }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}d", *values)


def archive_of(**arrays: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_databases_change_by_table_and_cell(tmp_path: Path, journal: str) -> None:
    before, now = (database_of(tmp_path / str(size), size, journal=journal) for size in (3.5, 4))
    assert changed_cells(change_of("a.sqlite", before, now)) == [("lakes", "3.5", "4")]
    assert change_of("a.sqlite", before, before) is None
    assert change_of("a.sqlite", before, b"SQLite format 3\0 and no more") is None


def test_arrays_change_by_value() -> None:
    assert changed_cells(change_of("a.npy", array_of(1, 2), array_of(1, 2.5))) == [("", "2", ""), ("", "", "2.5")]
    archives = [archive_of(a=array_of(1), b=array_of(*range(2), last)) for last in (3, 4)]
    assert changed_cells(change_of("a.npz", *archives)) == [("b", "3", ""), ("b", "", "4")]


def test_of_long_data_the_first_rows_are_compared() -> None:
    values = [float(number) for number in range(1_500)]
    change = change_of("a.npy", array_of(*values), array_of(0.5, *values[1:]))
    assert change
    assert change.sheets[0].compared == 1_000


def test_a_data_set_changes_by_cell() -> None:
    content = (MADE / "old.dta").read_bytes()
    now = content.replace(struct.pack("<d", 56.25), struct.pack("<d", 57.5))
    assert changed_cells(change_of("a.dta", content, now)) == [("", "56.25", "57.5")]


@pytest.mark.parametrize(
    "name", ["lakes.dta", "old.dta", "plain.sav", "packed.zsav", "lakes.parquet", "packed.parquet"]
)
def test_a_new_data_set_has_its_rows(name: str) -> None:
    kind, content = kind_of(name), (MADE / name).read_bytes()
    assert kind
    ((title, grid),) = pkgutil.resolve_name(kind.grids)(name, content)
    assert title == ""
    assert grid.header
    assert grid.rows
    assert diff_tables(kind, name, content, content[: len(content) // 8]) is None


def test_texts_that_are_tables_change_by_cell_and_tell_of_lines_above() -> None:
    before = b"# by Ann\nid size\n1 2\n2 3\n3 4\n"
    assert changed_cells(change_of("a.dat", before, before.replace(b"2 3", b"2 5"))) == [("", "3", "5")]
    change = change_of("a.txt", before, before.replace(b"2 3", b"2 5").replace(b"Ann", b"Bob"))
    assert change
    assert change.sheets[0].has_other_lines
    assert change_of("a.txt", b"Some words\nof prose\nhere\n", before) is None
