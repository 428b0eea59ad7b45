"""Databases from strangers: read within bounds, nothing in them is believed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from framework.browse.render.data import sqlite
from framework.browse.render.data.sqlite import read_database
from framework.browse.render.tables.book import Book
from framework.browse.view_options import ViewOptions


def read(path: Path, script: str, sheet: int = 0) -> Book:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return read_database("a.db", str(path), ViewOptions(sheet=sheet))


def test_a_long_table_is_cut_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "row_limit", lambda _width: 5)
    book = read(tmp_path / "a", "CREATE TABLE t (n); " + "INSERT INTO t VALUES (1);" * 12)
    assert book.table
    assert (book.table.total, book.table.left_out) == (5, 7)


def test_a_view_that_never_ends_is_given_up(tmp_path: Path) -> None:
    endless = "CREATE VIEW v AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c;"
    with pytest.raises(ValueError, match="takes too long"):
        read(tmp_path / "a", endless)


def test_virtual_tables_and_large_values_are_not_read(tmp_path: Path) -> None:
    book = read(tmp_path / "a", "CREATE VIRTUAL TABLE f USING fts5(x); CREATE TABLE t (x); INSERT INTO t VALUES ('y');")
    assert "f" not in book.names
    book = read(tmp_path / "b", "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(3000000)), (hex(zeroblob(2000)));")
    assert book.table
    assert [len(row[0]) for _number, row in book.table.rows] == [len("blob, 3,000,000 B"), 2_001]


@pytest.mark.parametrize("content", [b"", b"other", sqlite.START + b"\0" * 200, sqlite.START + b"\xff" * 4_000])
def test_what_is_no_database_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match=r"no SQLite database|damaged"):
        read_database("a.db", str(tmp_path / "a"), ViewOptions())


@pytest.mark.parametrize("kept", ["STORED", "VIRTUAL"])
def test_generated_columns_are_shown(tmp_path: Path, kept: str) -> None:
    made = f"CREATE TABLE t (n INTEGER, double INTEGER AS (n * 2) {kept}); INSERT INTO t (n) VALUES (4);"
    table = read(tmp_path / "a", made).table
    assert table
    assert (table.header, table.types) == (["n", "double"], ["INTEGER", "INTEGER"])
    assert [list(row) for _number, row in table.rows] == [["4", "8"]]


def test_a_database_without_tables_has_a_page(tmp_path: Path) -> None:
    book = read(tmp_path / "a", "CREATE TABLE t (x); DROP TABLE t;")
    assert (book.table, book.facts) == (None, [("SQLite database", "0 tables")])
