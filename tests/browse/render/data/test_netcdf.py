"""NetCDF files are shown by their dimensions and variables."""

from pathlib import Path

import pytest

from framework.browse.render.data.netcdf import read_netcdf
from framework.browse.render.tables.book import Book
from framework.browse.view_options import ViewOptions
from tests.browse.render.data.netcdf_files import netcdf_of


def read(content: bytes, folder: Path) -> Book:
    (folder / "file").write_bytes(content)
    return read_netcdf("a.nc", str(folder / "file"), ViewOptions())


@pytest.mark.parametrize("version", [1, 2, 5])
def test_each_classic_format_is_read(version: int, tmp_path: Path) -> None:
    book = read(netcdf_of(version), tmp_path)
    assert dict(book.facts)["Dimensions"] == "time = 3, lake = 2"
    assert dict(book.facts)["title"] == "Lakes"
    assert dict(book.facts)["levels"] == "1.5, 2"
    assert book.table
    assert [list(row) for _number, row in book.table.rows] == [
        ["temperature", "float", "time (3) \N{MULTIPLICATION SIGN} lake (2)", "6", "degC", "Temperature of the water"],
        ["count", "int", "", "1", "", ""],
    ]


@pytest.mark.parametrize("content", [b"", b"CDF\x03" + bytes(99), b"GRIB" + bytes(99)])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file of NetCDF"):
        read(content, tmp_path)


def test_lists_that_say_what_cannot_be_are_refused(tmp_path: Path) -> None:
    good = netcdf_of(1)
    for damaged in (good[:40], good.replace(b"\0\0\0\x0b\0\0\0\x02", b"\0\0\0\x0b\xff\0\0\x02")):
        with pytest.raises(ValueError, match="damaged"):
            read(damaged, tmp_path)
