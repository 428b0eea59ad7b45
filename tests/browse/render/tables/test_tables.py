"""Tables in text files: what separates their values, how they are sorted, and which rows are wanted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from framework.browse.render.json_trees import read_tree
from framework.browse.render.tables import json_lines
from framework.browse.render.tables.grid import Grid, Table, page_of
from framework.browse.render.tables.guessing import guess_grid
from framework.browse.render.tables.json_lines import read_json_grid, read_json_grids, read_json_lines
from framework.browse.render.tables.quantities import is_missing, read_quantity
from framework.browse.render.tables.reading import read_grid, read_table
from framework.browse.view_options import ViewOptions


def table_of(text: str, **asked: Any) -> Table:
    return read_table("a.csv", text, ViewOptions(**asked))


def cells_of(text: str) -> list[list[str]]:
    table = table_of(text)
    return [list(row) for row in ([table.header] if table.named else [])] + [list(row) for _number, row in table.rows]


def order_of(text: str, **asked: Any) -> list[int]:
    return [number for number, _row in table_of(text, sort=1, **asked).rows]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("x;y;z\n0,5;1,5;2,5\n", [["x", "y", "z"], ["0,5", "1,5", "2,5"]]),
        ("0,5;1,5\n2,5;3,5\n", [["0,5", "1,5"], ["2,5", "3,5"]]),
        ('"Lake, north";"Depth, m"\nx;y\n', [["Lake, north", "Depth, m"], ["x", "y"]]),
        ("Depth, m;Time, s\n1;2\n3;4\n", [["Depth, m", "Time, s"], ["1", "2"], ["3", "4"]]),
        ("a|b,c|d\n1,2\n", [["a|b", "c|d"], ["1", "2"]]),
        ("sep=;\na,b;c\n1;2\n", [["a,b", "c"], ["1", "2"]]),
        ("\ufeffsep=\t\na\tb\n", [["a", "b"]]),
        ('id,note\n1,"two\nlines"\n', [["id", "note"], ["1", "two\nlines"]]),
        ("a;b\r1,5;2\r", [["a", "b"], ["1,5", "2"]]),
        ("only\none column here\n", [["only"], ["one column here"]]),
        ("a\tb\n1,5\t2\n", [["a", "b"], ["1,5", "2"]]),
    ],
)
def test_the_separator_is_what_gives_rows_of_one_width(text: str, cells: list[list[str]]) -> None:
    assert cells_of(text) == cells


def test_a_quotation_mark_that_is_never_closed_costs_no_rows() -> None:
    text = 'id,size\n1,"5 inches\n2,6\n3,7\n'
    table = table_of(text)
    assert not table.quoted
    assert table.total == 3
    assert table.rows[0] == (1, ["1", '"5 inches'])


@given(some.lists(some.lists(some.text(max_size=5), min_size=2, max_size=4), min_size=1, max_size=5))
def test_whatever_stands_in_quotes_is_closed(rows: list[list[str]]) -> None:
    quoted = "\r\n".join(",".join('"{}"'.format(cell.replace('"', '""')) for cell in row) for row in rows)
    assert read_grid("a.csv", f"{quoted}\r\n").quoted


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["3", "nan", "1", "NaN", "0.5", "10"], [5, 3, 1, 6, 2, 4]),
        (["3", "", "1", "NA", "2"], [3, 5, 1, 2, 4]),
        (["12 kg", "9.5 kg", "100 kg"], [2, 1, 3]),
        (["12 %", "9 %", "−3 %"], [3, 2, 1]),  # noqa: RUF001
        (["2021-10-01", "2021-09-30", "n/a", "2020-12-31"], [4, 2, 1, 3]),
        (["b", "1", "a", "2"], [2, 4, 3, 1]),
    ],
)
def test_missing_values_are_last_in_both_directions(values: list[str], order: list[int]) -> None:
    text = "id,v\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values, 1))
    assert order_of(text) == order
    missing = [number for number in order if is_missing(values[number - 1])]
    there = [number for number in order if number not in missing]
    assert order_of(text, descending=True) == [*reversed(there), *missing]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("id;v\n1;10,5\n2;9,75\n3;0,125\n4;100\n", [3, 2, 1, 4]),
        ("id;v\n1;1.000,5\n2;900\n", [2, 1]),
        ("id\tv\n1\t10,5\n2\t9,75\n", [2, 1]),
        ('id,v\n1,"1,200"\n2,"900"\n3,"12,000"\n', [2, 1, 3]),
        ("id;v\n1;1 200,5\n2;900\n", [2, 1]),
    ],
)
def test_commas_are_decimal_where_the_table_says_so(text: str, order: list[int]) -> None:
    assert order_of(text) == order


@pytest.mark.parametrize("text", ["", "word", "2021-10-01", "1.2.3", "10:30", "v1", "1 2 x 3"])
def test_what_is_no_quantity(text: str) -> None:
    assert read_quantity(text, decimal_comma=False) is None


def test_rows_that_contain_a_text_are_shown_with_their_numbers() -> None:
    table = table_of("place,v\nNorth,1\nsouth,2\nnorthern,3\n", wanted="NORTH")
    assert [number for number, _row in table.rows] == [1, 3]
    assert (table.count, table.total) == (2, 3)


def test_columns_of_numbers_are_known() -> None:
    table = table_of("id,name,v,none\n1,a,5 kg,\n2,b,,\n")
    assert table.quantities == {0, 2}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1,2\n3,4\n", False),
        ("0,5;1\n2,5;3\n", False),
        ("2001,2002\n3,4\n", True),
        ("a,2\n3,4\n", True),
        ("1,2\n", True),
    ],
)
def test_a_row_of_numbers_names_no_columns(text: str, named: bool) -> None:
    table = table_of(text)
    assert (table.named, table.total) == (named, text.count("\n") - named)


def test_columns_are_summarised() -> None:
    text = "id,day,size,lake,ok\n" + "".join(
        f"{n},2024-05-{n:02},{n / 2} m,{'Roth' if n % 3 else 'Brienz'},{'yes' if n % 2 else 'no'}\n"
        for n in range(1, 10)
    )
    table = table_of(text + "10,,NA,,\n", summary=True)
    assert table.rows == []
    assert [(it.kind, it.missing, it.distinct, it.least, it.most, it.mean) for it in table.summary] == [
        ("whole number", 0, 10, "1", "10", "5.5"),
        ("date", 1, 9, "2024-05-01", "2024-05-09", ""),
        ("number", 1, 9, "0.5 m", "4.5 m", "2.5"),
        ("text", 1, 2, "", "", ""),
        ("true or false", 1, 2, "", "", ""),
    ]
    assert table.summary[3].common == [("Roth", 6), ("Brienz", 3)]
    assert len(table.summary[0].heights) == 12
    assert max(table.summary[0].heights) == 1


@given(some.lists(some.text("0123456789.,-eEinfa +", max_size=8), min_size=1, max_size=9))
def test_whatever_a_column_has_is_summarised(values: list[str]) -> None:
    grid = Grid(["v"], [[value] for value in values])
    (column,) = page_of(grid, ViewOptions(summary=True)).summary
    assert column.missing + (column.distinct > 0) <= len(values)
    assert all(0 <= height <= 1 for height in column.heights)


def test_lines_of_json_are_a_table() -> None:
    text = '{"id": 1, "v": 2.50}\n\n{"id": 2, "place": "Lake", "more": {"a": [1E400, null]}}\n'
    table = read_json_lines("a.jsonl", text, ViewOptions())
    assert table.header == ["id", "v", "place", "more"]
    assert [list(row) for _number, row in table.rows] == [
        ["1", "2.50", "", ""],
        ["2", "", "Lake", '{"a": [1E400, null]}'],
    ]


def test_lines_of_json_that_are_arrays_are_a_table_by_their_places() -> None:
    named = read_json_grid("a.jsonl", '["name", "depth"]\n["Baikal", 1642]\n["Ohrid", null, [1]]\n')
    assert (named.header, named.rows) == (["name", "depth"], [["Baikal", "1642"], ["Ohrid", "", "[1]"]])
    assert read_json_grid("a.jsonl", "[1, 2]\n[3, 4]\n").header == ()


def test_a_last_line_of_json_that_breaks_off_is_left_out_and_counted() -> None:
    grid = read_json_grid("a.jsonl", '{"a": 1}\n{"a": 2}\n{"a": ')
    assert (grid.rows, grid.left_out) == ([["1"], ["2"]], 1)


def test_of_many_lines_of_json_the_first_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "MOST_ROWS", 3)
    grid = read_json_grid("a.jsonl", '{"a": 1}\n' * 5)
    assert (len(grid.rows), grid.left_out) == (3, 2)
    with pytest.raises(ValueError, match="more than"):
        read_json_grids("a.jsonl", b'{"a": 1}\n' * 5)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1\n", "line 1 is no object, and no array"),
        ('{"a": 1}\n[1]\n', "line 2 is no object"),
        ("[]\n[]\n", "arrays are empty"),
        ('{"a": 1}\n{\n', "line 1 column 2"),
        (f'{{"a": {"[" * 950}{"]" * 950}}}', "too deeply"),
        ("{}\n", "are empty"),
    ],
)
def test_lines_that_are_no_table_say_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_json_lines("a.jsonl", text, ViewOptions())


def test_json_is_shown_as_it_is_written() -> None:
    numbers = ["12345678901234567890123", "3.14159265358979323846264338", "1.0", "1E400", "-0.0", "2.50", "NaN"]
    tree = read_tree("a.json", f'[{", ".join(numbers)}, "-Infinity", true]', ViewOptions())
    assert [node.text for node in tree.root.children] == [*numbers, '"-Infinity"', "true"]
    assert [node.kind for node in tree.root.children] == [*["number"] * len(numbers), "string", "word"]
    doubled = read_tree("a.json", '{"a": 1, "a": 2}', ViewOptions())
    assert [(node.key, node.text) for node in doubled.root.children] == [("a", "1"), ("a", "2")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("# t x\n0 1\n1 2\n2 3\n", [["t", "x"], ["0", "1"], ["1", "2"], ["2", "3"]]),
        ("% made by a logger\n0;1,5\n1;2,5\n2;NA\n", [["0", "1,5"], ["1", "2,5"], ["2", "NA"]]),
        ("id\tv\na\t2\nb\t3\n", [["id", "v"], ["a", "2"], ["b", "3"]]),
        (" 1.0E+00  2.0\n 1.5E+00  3.0\n 2E+00  4\n", [["1.0E+00", "2.0"], ["1.5E+00", "3.0"], ["2E+00", "4"]]),
    ],
)  # fmt: skip
def test_a_text_that_is_a_table_is_one(text: str, rows: list[list[str]]) -> None:
    grid = guess_grid("a.dat", text)
    assert [list(row) for row in ([grid.header] if grid.header else [])] + [list(row) for row in grid.rows] == rows


@pytest.mark.parametrize(
    ("text", "names", "units", "rows"),
    [
        ("t temp site\ns degC -\n0 20.1 a\n1 NA b\n2 3 c\n", ["t", "temp", "site"], ["s", "degC", "-"], 3),
        ("# t x\n# [s] [m]\n0 1\n1 2\n2 3\n", ["t", "x"], ["[s]", "[m]"], 3),
        ("t;x\ns;m\n0;1,5\n1;2,5\n", ["t", "x"], ["s", "m"], 2),
        ("t x\n0 1\n1 2\n2 3\n", ["t", "x"], [], 3),
        ("a b\nNA NA\n1 2\n2 3\n3 4\n", ["a", "b"], [], 4),
    ],
)
def test_units_below_the_names_are_no_row(text: str, names: list[str], units: list[str], rows: int) -> None:
    grid = guess_grid("a.dat", text)
    assert (list(grid.header), list(grid.types), len(grid.rows)) == (names, units, rows)


@pytest.mark.parametrize(
    "text",
    [
        "Two words\nof prose\nin rows\n",
        "- [ ] milk\n- [ ] eggs\n- [ ] bread\n",
        "1 2\n3 4 5\n6 7\n",
        "Chapter 1\nChapter 2\nThe end.\n",
        "line 1\nline 2\nline 3\nline 4\n",
        "1\n2\n3\n",
        "",
    ],
)
def test_prose_is_no_table(text: str) -> None:
    with pytest.raises(ValueError, match="look like"):
        guess_grid("a.txt", text)
