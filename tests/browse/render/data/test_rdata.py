"""What R saves is shown by names, classes and sizes, and its data frames and matrices by their rows."""

import gzip
import struct
from pathlib import Path

import pytest

from framework.browse.render.data.rdata.reading import read_rdata
from framework.browse.render.data.rdata.stream import PART_BYTES
from framework.browse.render.tables.book import Book
from framework.browse.view_options import ViewOptions
from tests.browse.kinds.specimens import MADE_FOLDER

KINDS = "kinds.rda"
TIMES = " \N{MULTIPLICATION SIGN} "


def read(name: str, sheet: str = "") -> Book:
    """The sheet of this name of a file that R has made."""
    path = str(MADE_FOLDER / name)
    number = list(read_rdata(name, path, ViewOptions()).names).index(sheet) if sheet else 0
    return read_rdata(name, path, ViewOptions(sheet=number))


def rows(book: Book) -> list[list[str]]:
    assert book.table
    return [list(row) for _number, row in book.table.rows]


def test_the_objects_of_a_file_are_listed() -> None:
    assert "saved by R 4" in dict(read(KINDS).facts)["R data"]
    found = {row[0]: row[1:] for row in rows(read(KINDS))}
    top = {name: row for name, row in found.items() if not set(name) & set("$@[")}
    assert {name: (row[0], row[1]) for name, row in top.items()} == {
        "lakes": ("data.frame", f"3 rows{TIMES}7 columns"),
        "named": ("data.frame", f"3 rows{TIMES}4 columns"),
        "m": ("matrix of numeric", f"2{TIMES}3"),
        "bare": ("matrix of integer", f"2{TIMES}2"),
        "counted": ("integer", "1,000"),
        "words": ("character", "5"),
        "fit": ("lm", "12"),
        "f": ("function", ""),
        "s4": ("Lake", ""),
        "e": ("environment", ""),
        "nested": ("list", "7"),
        "cube": ("array of integer", f"2{TIMES}3{TIMES}4"),
        "named_vector": ("numeric", "4"),
        "long": ("numeric", "5,000"),
    }
    assert found["nested$b$c"] == ["character", "1", "deep"]
    assert found["nested$z"] == ["complex", "1", "1-2i"]
    assert found["nested[[1]]"] == ["numeric", "1", "1"]
    assert found["nested$raw"][:2] == ["raw", "9"]
    assert found["fit$coefficients"][2] == "-17.5790948905109, 3.93240875912409"
    assert found["fit$model"][1] == f"50 rows{TIMES}2 columns"
    assert found["s4@depth"][2] == "217, 1"
    assert found["counted"][2] == "1, 2, 3, 4, 5, …"


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        (
            "lakes",
            [
                ["Brienz", "259.5", "1", "large", "TRUE", "2024-05-01", "2024-05-01 10:00:00"],
                ["Thun", "NA", "NA", "large", "NA", "NA", "2024-05-02 11:30:00"],
                ["Öschinen", "56.25", "3", "small", "FALSE", "2024-05-03", "NA"],
            ],
        ),
        (
            "named",
            [
                ["Mazda RX4", "21", "6", "160", "110"],
                ["Mazda RX4 Wag", "21", "6", "160", "110"],
                ["Datsun 710", "22.8", "4", "108", "93"],
            ],
        ),
        ("m", [["a", "1.5", "3", "5"], ["b", "2", "4", "6"]]),
        ("bare", [["1", "3"], ["2", "4"]]),
        ("words", [["1"], ["2"], ["3"], ["4"], ["5"]]),
        ("named_vector", [["a", "1"], ["b", "nan"], ["c", "inf"], ["d", "NA"]]),
        ("nested$b$d", [["Brienz", "259.5"], ["Thun", "NA"], ["Öschinen", "56.25"]]),
    ],
)
def test_values_are_shown_as_r_has_them(sheet: str, expected: list[list[str]]) -> None:
    assert [row[: len(expected[0])] for row in rows(read(KINDS, sheet))] == expected


def test_a_long_vector_is_shown_in_part() -> None:
    table = read(KINDS, "long").table
    assert table
    assert (table.total, table.left_out) == (1_000, 4_000)


def write(folder: Path, body: bytes) -> str:
    """A file of version 2 with this object."""
    (folder / "a").write_bytes(gzip.compress(b"X\n" + struct.pack(">3i", 2, 0x40301, 0x20300) + body))
    return str(folder / "a")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (struct.pack(">2i", 14, 1 << 30), "damaged"),
        (struct.pack(">2i", 14, 40_000_000) + bytes(PART_BYTES), "damaged"),
        (struct.pack(">3ii", 19, -1, 1 << 20, 5), "damaged"),
        (struct.pack(">2i", 19, 1) * 5_000, "nested too deeply"),
        (struct.pack(">2i", 19, 1 << 20) + struct.pack(">i", 254) * 300_000, "too much in it"),
        (struct.pack(">2i", 16, 1 << 20) + struct.pack(">2i", 9, 0) * 300_000, "too much in it"),
        (struct.pack(">i", 255), "damaged"),
        (struct.pack(">i", 99), "damaged"),
        (struct.pack(">4i", 21, 0, 254, 1) + struct.pack(">2i", 6, 254) * 5_000, "too much in it"),
    ],
)
def test_what_cannot_be_or_is_too_much_is_refused(body: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        read_rdata("a.rds", write(tmp_path, body), ViewOptions())


def test_no_more_is_unpacked_than_a_page_may_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework.browse.render.data.rdata.stream.MOST_UNPACKED_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="too much in it"):
        read_rdata("a.rds", write(tmp_path, struct.pack(">2i", 14, 1 << 20) + bytes(4 << 20)), ViewOptions())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b"text", "no file that R has saved"),
        (b"A\n2\n", "written as text; readRDS"),
        (b"\x1f\x8b" + bytes(50), "damaged"),
        (b"BZh91AY" + bytes(50), "damaged"),
        (b"\xfd7zXZ\0" + bytes(50), "damaged"),
    ],
)
def test_another_file_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match=why):
        read_rdata("a.rds", str(tmp_path / "a"), ViewOptions())
