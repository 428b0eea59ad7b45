"""Arrays of NumPy, as their headers describe them."""

import struct
from pathlib import Path

import pytest

from framework.browse.render.data.arrays import read_array
from framework.browse.render.tables.book import Book
from framework.browse.view_options import ViewOptions
from tests.browse.kinds.specimens import archive, array


def read(tmp_path: Path, content: bytes, name: str = "a.npy") -> Book:
    (tmp_path / "file").write_bytes(content)
    return read_array(name, str(tmp_path / "file"), ViewOptions())


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (array("'<i2'", "(3,)", struct.pack("<3h", -1, 2, 3)), [["-1"], ["2"], ["3"]]),
        (array("'>f4'", "(2, 2)", struct.pack(">4f", 0.1, 2, 3, 4)), [["0.1", "2"], ["3", "4"]]),
        (array("'|u1'", "(2, 3)", bytes(range(6)), fortran=True), [["0", "2", "4"], ["1", "3", "5"]]),
        (array("'|b1'", "()", b"\1"), [["True"]]),
        (array("'<c16'", "(1,)", struct.pack("<2d", 1, -2.5)), [["1-2.5j"]]),
        (array("'<M8[D]'", "(2,)", struct.pack("<2q", 19_844, -(1 << 63))), [["2024-05-01"], ["NaT"]]),
        (array("'<U3'", "(1,)", "añ".encode("utf-32-le") + bytes(4)), [["añ"]]),
        (array("[('id', '<i4'), ('x', '<f8')]", "(1,)", struct.pack("<id", 7, 0.5)), [["7", "0.5"]]),
        (array("'|u1'", "(2, 2, 2)", bytes(range(8))), [["0", "1"], ["2", "3"]]),
    ],
)
def test_values_are_read_as_their_type_says(tmp_path: Path, content: bytes, rows: list[list[str]]) -> None:
    table = read(tmp_path, content).table
    assert table
    assert [list(row) for _number, row in table.rows] == rows


def test_python_objects_are_named_and_not_unpickled(tmp_path: Path) -> None:
    book = read(tmp_path, array("'|O'", "(3,)", b"cos\nsystem\n(S'false'\ntR."))
    assert book.table is None
    assert ("Type", "Python objects") in book.facts


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY\x01\x00\xff\xff",
        array("'<f8'", "(-1,)", b""),
        array("'<q9'", "(1,)", b""),
        array("__import__('os')", "(1,)", b""),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
    ],
)
def test_a_damaged_header_says_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"header|no array"):
        read(tmp_path, content)


def test_an_archive_without_arrays_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no arrays"):
        read(tmp_path, archive({"a.txt": b"x"}), "a.npz")


def test_a_header_that_promises_more_than_there_is_shows_what_there_is(tmp_path: Path) -> None:
    table = read(tmp_path, array("'<i2'", "(1000000000000,)", struct.pack("<h", 5))).table
    assert table
    assert [row for _number, row in table.rows[:2]] == [["5"], ["…"]]
    assert table.left_out == 10**12 - 1_000
