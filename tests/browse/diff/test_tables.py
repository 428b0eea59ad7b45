"""Differences of tables: which rows are one, which columns came and went, and what of it a page shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from framework.browse.diff.tables.changes import MOST_WHOLE_ROWS, SheetChange, diff_tables
from framework.browse.diff.tables.matching import match_rows
from framework.browse.render.kinds.registry import kind_of
from tests.browse.conftest import Onlooker
from tests.browse.diff.test_rich import changed
from tests.browse.render.workbooks import number, text, xlsx_of


def change_of(before: str, now: str) -> SheetChange:
    kind = kind_of("a.csv")
    assert kind
    made = diff_tables(kind, "a.csv", before.encode(), now.encode())
    assert made
    (sheet,) = made.sheets
    return sheet


def told(sheet: SheetChange) -> list[str]:
    """Each row in a line: its kind, its number, and its cells, those that changed as before>now."""
    return [
        f"{row.kind} {row.number or ''} " + " ".join(old if old == new else f"{old}>{new}" for old, new in row.cells)
        for row in sheet.rows
    ]


ROWS = [f"{n},name {n},{n * 10}" for n in range(1, 30)]
TABLE = "id,name,size\n" + "\n".join(ROWS)


def test_a_changed_cell_is_shown_with_three_rows_around() -> None:
    assert told(change_of(TABLE, TABLE.replace("name 9,90", "name 9,91"))) == [
        "gap  ",
        *(f"same {n} {n} name {n} {n * 10}" for n in (6, 7, 8)),
        "changed 9 9 name 9 90>91",
        *(f"same {n} {n} name {n} {n * 10}" for n in (10, 11, 12)),
        "gap  ",
    ]


def test_a_key_tells_which_row_is_which() -> None:
    sheet = change_of("id,a,b\nx,1,1\ny,2,2\nz,3,3\n", "id,a,b\nz,3,3\nx,7,8\nnew,4,4\n")
    assert told(sheet) == ["same 1 z 3 3", "changed 2 x 1>7 1>8", "removed 2 y> 2> 2>", "added 3 >new >4 >4"]
    assert sheet.moved == 1


def test_without_a_key_rows_that_are_half_the_same_are_one() -> None:
    sheet = change_of("a,b,c\n1,1,1\n1,1,1\n2,2,2\n", "a,b,c\n1,1,1\n1,1,1\n2,2,9\n")
    assert told(sheet) == ["same 1 1 1 1", "same 2 1 1 1", "changed 3 2 2 2>9"]


def test_columns_come_go_and_get_other_names() -> None:
    sheet = change_of("id,old,depth\n1,x,5\n2,y,6\n", "id,depth (m),new\n1,5,n\n2,6,m\n")
    assert [(column.kind, *column.name) for column in sheet.columns] == [
        ("same", "id", "id"),
        ("changed", "old", "depth (m)"),
        ("changed", "depth", "new"),
    ]
    sheet = change_of("id,depth\n1,5\n2,6\n", "id,lake,depth\n1,Roth,5\n2,Roth,6\n")
    assert [(column.kind, column.name[1]) for column in sheet.columns] == [
        ("same", "id"), ("added", "lake"), ("same", "depth"),
    ]  # fmt: skip
    assert told(sheet) == ["same 1 1 >Roth 5", "same 2 2 >Roth 6"]


def test_many_changed_columns_of_a_wide_table_are_bounded() -> None:
    header, row = ",".join(f"c{n}" for n in range(300)), ",".join("1" * 300)
    sheet = change_of(f"{header}\n{row}\n", f"{header}\n{row[:-1]}2\n")
    assert len(sheet.columns) == 60
    assert sheet.columns[-1].name == ("c299", "c299")
    assert sheet.left_out_columns == 240


def test_sheets_are_compared_by_their_names(onlooker: Onlooker) -> None:
    before = {"Plots": [[text("plot"), text("n")], [text("A"), number(1)]], "Old": [[text("x")]]}
    now = {"Plots": [[text("plot"), text("n")], [text("A"), number(2)]], "New": [[text("y")], [text("z")]] * 30}
    page = changed(onlooker, {"t.xlsx": xlsx_of(before)}, {"t.xlsx": xlsx_of(now)})
    assert "<td>A</td><td><del>1</del> <ins>2</ins></td>" in page
    assert "New table: New" in page
    assert "Removed table: Old" in page
    assert f"{59 - MOST_WHOLE_ROWS} more rows are not shown" in page
    assert "Show lines instead" not in page


@pytest.mark.parametrize("now", [b"PK no spreadsheet", b""])
def test_what_is_no_table_any_more_changes_as_other_files_do(now: bytes) -> None:
    kind = kind_of("a.xlsx")
    assert kind
    assert diff_tables(kind, "a.xlsx", xlsx_of({"S": [[number(1)]]}), now) is None


def test_another_way_to_write_the_same_table_is_a_matter_of_lines() -> None:
    kind = kind_of("a.csv")
    assert kind
    assert diff_tables(kind, "a.csv", b"a,b\n1,2\n", b'"a","b"\r\n"1","2"\r\n') is None


records = some.lists(some.tuples(some.sampled_from("abcdef"), some.sampled_from("xy")), max_size=12)


@given(records, records)
def test_every_row_is_matched_once_and_those_of_now_are_in_order(
    old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    pairs, moved = match_rows(old, new)
    assert [now for _before, now in pairs if now is not None] == list(range(len(new)))
    assert sorted(before for before, _now in pairs if before is not None) == list(range(len(old)))
    assert 0 <= moved <= min(len(old), len(new))
    assert (None, None) not in pairs


@given(records)
def test_equal_tables_are_the_same_row_by_row(rows: list[tuple[str, str]]) -> None:
    assert match_rows(rows, rows) == ([(place, place) for place in range(len(rows))], 0)
