"""Spreadsheets: the values of their sheets, within bounds, and nothing from outside the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.browse.render import rendering
from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.previews import read_file
from framework.browse.render.tables import spreadsheets
from framework.browse.render.tables.book import Book
from framework.browse.render.tables.spreadsheets import read_spreadsheet
from framework.browse.view_options import ViewOptions
from framework.sandbox.sandbox import TooCostly
from tests.browse.render.workbooks import date, formula, number, ods_of, text, xlsx_of, zip_of

SHEETS = {
    "Plots": [
        [text("plot"), text("area"), text("seen")],
        [text("A <1>"), number(21.5), date(45413)],
        [text("B"), formula("B2*2", 43), date(45414.5)],
    ],
    "Notes": [[text("who"), text("what")], [text("Ada"), text("measured")]],
    "Empty": [],
}


Read = Callable[..., Book]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(name: str, content: bytes, **asked: Any) -> Book:
        (tmp_path / "file").write_bytes(content)
        return read_spreadsheet(name, str(tmp_path / "file"), ViewOptions(**asked))

    return read


def test_a_sheet_has_values_of_formulas_and_dates(read: Read) -> None:
    book = read("a.xlsx", xlsx_of(SHEETS))
    assert (book.names, book.number) == (["Plots", "Notes", "Empty"], 0)
    assert book.table
    assert book.table.header == ["plot", "area", "seen"]
    assert [(n, list(row)) for n, row in book.table.rows] == [
        (2, ["A <1>", "21.5", "2024-05-01"]),
        (3, ["B", "43", "2024-05-02 12:00:00"]),
    ]


def test_another_sheet_is_asked_for_and_an_empty_one_says_so(read: Read) -> None:
    content = xlsx_of(SHEETS)
    second = read("a.xlsx", content, sheet=1).table
    assert second
    assert second.header == ["who", "what"]
    assert read("a.xlsx", content, sheet=2).table is None
    assert read("a.xlsx", content, sheet=9).number == 0


def test_a_cell_that_is_merged_downwards_is_in_each_row(read: Read) -> None:
    rows = [[text("lake"), text("n")], [text("Roth"), number(1)], [text(""), number(2)], [text(""), number(3)]]
    book = read("a.xlsx", xlsx_of({"S": rows}, merged=["A2:A3"]))
    assert book.table
    assert [row[0] for _number, row in book.table.rows] == ["Roth", "Roth", ""]


def test_cells_that_are_merged_beside_the_used_ones_change_nothing(read: Read) -> None:
    rows = [[text("lake"), text("n")], [text("Roth"), number(1)], [text("Blau"), number(2)]]
    book = read("a.xlsx", xlsx_of({"S": rows}, merged=["D1:D3", "A5:A9", "XFD1:XFD1048576"]))
    assert book.table
    assert [list(row) for _number, row in book.table.rows] == [["Roth", "1"], ["Blau", "2"]]


def test_sheets_of_open_document_are_read(read: Read) -> None:
    book = read("a.ods", ods_of({"One": [["a", "b"], ["x", 2.5]], "Two": [["c"]]}))
    assert book.table
    assert (book.names, list(book.table.header)) == (["One", "Two"], ["a", "b"])
    assert [list(row) for _number, row in book.table.rows] == [["x", "2.5"]]


def test_a_long_sheet_is_cut_and_says_how_long_it_is(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "row_limit", lambda _width: 10)
    table = read("a.xlsx", xlsx_of({"S": [[text("n")], *([number(n)] for n in range(50))]})).table
    assert table
    assert (table.total, table.left_out) == (10, 40)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no spreadsheet", "not a whole ZIP file"),
        (zip_of({"a": "b"}), "it is damaged"),
        (zip_of({str(n): "" for n in range(5_001)}), "too many"),
    ],
)
def test_what_cannot_be_read_says_why(read: Read, content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read("a.xlsx", content)


def test_a_sheet_that_unpacks_to_gigabytes_or_names_a_file_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("secret")
    entity = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{tmp_path}/passwd">]>'
    rows = [["<c t='inlineStr'><is><t>&e;</t></is></c>"]]
    bomb = xlsx_of({"S": [["<c t='inlineStr'><is><t>" + "x" * (300 << 20) + "</t></is></c>"]]})
    kind = kind_of("a.xlsx")
    for content in (xlsx_of({"S": rows}, front=entity), bomb):
        (tmp_path / "file").write_bytes(content)
        try:
            shown = rendering.sandbox.call(
                content[:9999], read_file, kind, "a.xlsx", str(tmp_path / "file"), ViewOptions()
            )
        except TooCostly:
            assert content is bomb
        else:
            assert "secret" not in repr(shown)
            assert content is not bomb
