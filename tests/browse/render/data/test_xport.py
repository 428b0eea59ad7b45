"""SAS transport files: what a program has written is in the gallery; here what is missing, several, or none."""

from pathlib import Path

import pytest

from framework.browse.render.data.xport import read_xport
from framework.browse.render.tables.book import Book
from framework.browse.view_options import ViewOptions
from tests.browse.kinds.specimens import made

WHOLE = made("lakes.xpt")
MEMBER = WHOLE.index(b"HEADER RECORD*******MEMBER")


def read(content: bytes, folder: Path, sheet: int = 0) -> Book:
    (folder / "a").write_bytes(content)
    return read_xport("a.xpt", str(folder / "a"), ViewOptions(sheet=sheet))


def test_missing_and_negative_numbers_are_as_they_were(tmp_path: Path) -> None:
    book = read(WHOLE, tmp_path)
    assert dict(book.facts)["Label"] == "Lakes of the Alps"
    assert book.table
    assert [list(row[1:4]) for _number, row in book.table.rows] == [
        ["259.5", "1", "1e-10"],
        ["", "-2", "0"],
        ["56.25", "3", "-0.1"],
    ]


def test_each_data_set_is_a_table(tmp_path: Path) -> None:
    both = WHOLE + WHOLE[MEMBER:].replace(b"LAKES   ", b"RIVERS  ").replace("Öschinen".encode(), b"\xd6schine  ")
    first, second = read(both, tmp_path), read(both, tmp_path, sheet=1)
    assert list(second.names) == ["LAKES", "RIVERS"]
    assert first.table
    assert second.table
    assert (first.table.total, second.table.total) == (3, 3)
    assert second.table.rows[2][1][0] == "Öschine"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no transport file"),
        (WHOLE.replace(b"LIBRARY HEADER", b"LIBV8   HEADER"), "version 8"),
        (WHOLE[:MEMBER], "damaged"),
        (WHOLE.replace(b"NAMESTR", b"namestr"), "damaged"),
        (WHOLE.replace(b"0000000006000000", b"0000009999000000"), "damaged"),
        (WHOLE[: MEMBER + 74] + b"ab" + WHOLE[MEMBER + 76 :], "damaged"),
    ],
)
def test_another_file_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        read(content, tmp_path)
