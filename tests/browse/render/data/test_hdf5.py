"""HDF5 files of h5py, netCDF4 and MATLAB are shown by what is in them, what is said of that, and first values."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from framework.browse.render.data.hdf5.blocks import MARK
from framework.browse.render.data.hdf5.contents import MOST_ITEMS
from framework.browse.render.data.hdf5.reading import read_hdf5
from framework.browse.render.data.matlab import read_matlab
from framework.browse.render.data.netcdf import read_netcdf
from framework.browse.render.tables.book import Book
from framework.browse.view_options import ViewOptions
from tests.browse.kinds.specimens import MADE_FOLDER

OLD, LATEST = "kinds.h5", "latest.h5"
TIMES = " \N{MULTIPLICATION SIGN} "


def read(name: str, sheet: str = "") -> Book:
    """The sheet of this name of a file that another program has made."""
    path = str(MADE_FOLDER / name)
    reader = {"mat": read_matlab, "nc": read_netcdf}.get(name.rpartition(".")[2], read_hdf5)
    number = list(reader(name, path, ViewOptions()).names).index(sheet) if sheet else 0
    return reader(name, path, ViewOptions(sheet=number))


def rows(book: Book) -> list[list[str]]:
    assert book.table
    return [list(row) for _number, row in book.table.rows]


def contents(name: str) -> dict[str, Sequence[str]]:
    return {row[0]: row[1:] for row in rows(read(name))}


@pytest.mark.parametrize("name", [OLD, LATEST])
def test_both_generations_of_the_format_have_the_same_contents(name: str) -> None:
    found = contents(name)
    told = {path: list(found[path][:2]) for path in found if not path.startswith("many/")}
    assert told == {
        "plots": ["group", ""],
        "plots/depth": ["float64", f"2{TIMES}2"],
        "names": ["text", "2"],
        "fixed": ["text of 2", "2"],
        "one": ["int64", ""],
        "note": ["text", ""],
        "clear": ["true or false", "3"],
        "cube": ["int16", f"2{TIMES}3{TIMES}4"],
        "table": [f"(id: uint32, x: float32, name: text of 5, v: float64{TIMES}2)", "3"],
        "big-endian": ["float32", "5"],
        "complex": ["complex128", "2"],
        "half": ["float16", "2"],
        "empty": ["float32", "empty"],
        "none": ["int32", "0"],
        "unwritten": ["int32", f"4{TIMES}2"],
        "ragged": ["lists of int32", "2"],
        "level": ["one of low, high", "3"],
        "soft": ["link to /plots/depth", ""],
        "outside": ["link to other.h5:/x", ""],
        "same": ["the same as plots/depth", ""],
        "ref": ["reference", "2"],
        "loop": ["the same as the whole", ""],
        "kind": ["named type: float64", ""],
        "committed": ["float64", "3"],
        "many": ["group", ""],
        "told": ["int64", "2"],
        "lzf": ["float64", "100"],
        "elsewhere": ["int32", "3"],
    }
    assert sum(path.startswith("many/") for path in found) == 30


@pytest.mark.parametrize("name", [OLD, LATEST])
def test_attributes_are_told(name: str) -> None:
    facts = dict(read(name).facts)
    assert facts["title"] == "Lakes of the Alps"
    assert facts["matrix"] == "0, 1, 2, 3, 4, 5"
    assert facts["Groups"] == "2"
    told = {(row[0], row[1]): row[2] for row in rows(read(name, "Attributes"))}
    assert told["plots", "count"] == "2"
    assert told["told", "note 39"] == "value 39" * 5
    assert list(contents(name)["plots/depth"][3:5]) == ["m", "greatest depth"]


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        ("plots/depth", [["1.5", "2.25"], ["3", "4"]]),
        ("names", [["Brienz"], ["Öschinen"]]),
        ("fixed", [["ab"], ["c"]]),
        ("clear", [["true"], ["false"], ["true"]]),
        ("cube", [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9", "10", "11"]]),
        ("table", [["7", "0.5", "a", "[0, 0]"], ["8", "1.5", "bb", "[0, 0]"], ["9", "2.5", "ccccc", "[0, 0]"]]),
        ("big-endian", [["0"], ["1"], ["2"], ["3"], ["4"]]),
        ("complex", [["1+2i"], ["3-4i"]]),
        ("half", [["0.5"], ["1.25"]]),
        ("unwritten", [["0", "0"]] * 4),
        ("ragged", [["[0, 1]"], ["[0, 1, 2]"]]),
        ("level", [["low"], ["high"], ["high"]]),
        ("ref", [["plots"], ["one"]]),
        ("committed", [["0"], ["1"], ["2"]]),
    ],
)
def test_values_are_shown(sheet: str, expected: list[list[str]]) -> None:
    assert rows(read(OLD, sheet)) == expected


def test_single_values_stand_beside_the_names() -> None:
    found = contents(OLD)
    assert found["one"][2] == "42"
    assert found["note"][2] == "Öschinen lies high"
    assert found["cube"][5] == f"1{TIMES}2{TIMES}3, checksum"
    assert dict(read(OLD, "cube").facts)["Values of"] == "cube[0, :, :]"
    assert "lzf" not in read(OLD).names


def test_a_file_of_netcdf_4_has_named_dimensions() -> None:
    book = read("lakes4.nc")
    facts = dict(book.facts)
    assert facts["Format"] == "NetCDF 4 (HDF5)"
    assert facts["Dimensions"] == "time = 3, lake = 2, bare = 5"
    assert facts["title"] == "Lakes"
    assert not any(name.startswith("_") for name in facts)
    found = contents("lakes4.nc")
    assert list(found["temperature"][:2]) == ["float32", f"time (3){TIMES}lake (2)"]
    assert list(found["time"][:2]) == ["float64", "time (3)"]
    assert "degC" in found["temperature"]
    assert "lake" not in found
    assert rows(read("lakes4.nc", "temperature")) == [["1", "2"], ["3", "4"], ["5", "6.5"]]


def test_a_file_of_matlab_has_its_own_words() -> None:
    assert dict(read("lakes73.mat").facts)["Format"] == "MATLAB 7.3 (HDF5)"
    found = contents("lakes73.mat")
    assert {path: list(row[:3]) for path, row in found.items()} == {
        "cells": ["cell array", f"1{TIMES}1", ""],
        "depth": ["double", f"3{TIMES}2", ""],
        "label": ["text", f"1{TIMES}8", "Öschinen"],
        "lake": ["structure", "", ""],
        "lake/area": ["double", f"1{TIMES}1", "29.8"],
        "n": ["double", f"1{TIMES}1", "3"],
        "nothing": ["double", "empty", ""],
    }
    assert rows(read("lakes73.mat", "depth")) == [["1.5", "2.5"], ["3", "4"], ["5", "6"]]


def test_a_file_with_very_many_groups_is_shown_in_part(tmp_path: Path) -> None:
    """A root group of links to headers without messages, all of them in one message each."""
    count = MOST_ITEMS + 5
    links = b"".join(
        struct.pack("<HHBxxx", 6, 16, 0) + struct.pack("<BBB4sQx", 1, 0, 4, b"%04d" % number, 48 + 16 * number)
        for number in range(count)
    )
    start = 48 + 16 * count
    empty = struct.pack("<BBHIIxxxx", 1, 0, 0, 1, 0) * count
    root = struct.pack("<BBHIIxxxx", 1, 0, count & 0xFFFF, 1, len(links)) + links
    content = MARK + bytes([2, 8, 8, 0]) + struct.pack("<QQQQI", 0, (1 << 64) - 1, 1 << 40, start, 0) + empty + root
    (tmp_path / "a").write_bytes(content)
    book = read_hdf5("a", str(tmp_path / "a"), ViewOptions())
    assert dict(book.facts)["Shown"] == f"the first {MOST_ITEMS:,} groups and data sets"


@pytest.mark.parametrize("content", [b"", b"PK\3\4" + bytes(99), MARK, MARK + bytes([9]) + bytes(99)])
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match="it is"):
        read_hdf5("a", str(tmp_path / "a"), ViewOptions())
