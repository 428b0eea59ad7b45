# ruff: noqa: E501 - a table in a line
"""What names the columns of a table, what stands above it, and where it begins."""

import pytest

from framework.browse.render.tables import guessing, reading
from framework.browse.render.tables.grid import Grid
from framework.browse.render.tables.guessing import guess_grid
from framework.browse.render.tables.naming import JUDGED_COLUMNS
from framework.browse.render.tables.reading import read_grid


def told(grid: Grid) -> tuple[list[str], list[str], int]:
    """The names of the columns, the first row, and how many there are."""
    return list(grid.header), list(grid.rows[0]), len(grid.rows)


@pytest.mark.parametrize(
    ("text", "names", "first", "count"),
    [
        ("2020-01-01,1.5,2\n2020-01-02,2,3\n", [], ["2020-01-01", "1.5", "2"], 2),
        ("31.12.2019;1\n1.1.2020;2\n", [], ["31.12.2019", "1"], 2),
        ("1,2,NA\n3,4,5\n", [], ["1", "2", "NA"], 2),
        ("anna,1,2\nbob,3,4\n", [], ["anna", "1", "2"], 2),
        ("anna,NA\nbob,3\n", [], ["anna", "NA"], 2),
        ("10:30,a\n10:45,b\n", [], ["10:30", "a"], 2),
        ("3\n4\n5\n", [], ["3"], 3),
        ("name,2001,2002\nx,3,4\n", ["name", "2001", "2002"], ["x", "3", "4"], 1),
        ("anna,2001,2002\nbob,2003,2004\n", [], ["anna", "2001", "2002"], 2),
        ("name,city\nanna,bern\n", ["name", "city"], ["anna", "bern"], 1),
        (",0,1\na,0.5,2\nb,3,4\n", ["", "0", "1"], ["a", "0.5", "2"], 2),
        ("#,name\n1,a\n2,b\n", ["#", "name"], ["1", "a"], 2),
        ('"x","y"\n"1",5,a\n"2",6,b\n', ["", "x", "y"], ["1", "5", "a"], 2),
        ("x,y,z\n1,2,3,\n4,5,6,\n", ["x", "y", "z", ""], ["1", "2", "3", ""], 2),
    ],
)
def test_a_row_names_columns_if_words_stand_above_numbers_or_days(
    text: str, names: list[str], first: list[str], count: int
) -> None:
    assert told(read_grid("a.csv", text)) == (names, first, count)


@pytest.mark.parametrize(
    ("text", "names", "above"),
    [
        ("# made by x, y, z\na,b,c\n1,2,3\n4,5,6\n", ["a", "b", "c"], ["# made by x, y, z"]),
        ("# made by us\n#a,b\n1,2\n3,4\n", ["a", "b"], ["# made by us"]),
        ("#id,name\nx,y\nz,w\n", ["id", "name"], []),
        ("# by x y z, at home\nid,name\nx,y\n", ["id", "name"], ["# by x y z, at home"]),
        ("Station: Foo\nSince: 2001\n\na;b\n1;2\n3;4\n", ["a", "b"], ["Station: Foo", "Since: 2001"]),
        ("Station;Foo\na;b;c\n1;2;3\n", ["a", "b", "c"], ["Station; Foo"]),
        ("note\nhello, world\nfoo\n", ["note"], []),
    ],
)
def test_lines_that_tell_of_a_table_stand_above_it(text: str, names: list[str], above: list[str]) -> None:
    grid = read_grid("a.csv", text)
    assert (list(grid.header), list(grid.above)) == (names, above)


def test_of_very_many_columns_the_first_tell_whether_they_are_named() -> None:
    words, numbers = ",".join(["a"] * JUDGED_COLUMNS), ",".join(["1"] * JUDGED_COLUMNS)
    assert read_grid("a.csv", f"{numbers},x\n{numbers},2\n").header == ()
    assert len(read_grid("a.csv", f"{words},1\n{numbers},2\n").header) == JUDGED_COLUMNS + 1


def test_the_ending_tsv_is_believed_where_there_are_tabs() -> None:
    assert read_grid("a.tsv", "a,b\n1,2\n").header == ["a", "b"]
    assert read_grid("a.tsv", "a, b\tc, d\n1\t2\n").header == ["a, b", "c, d"]
    assert read_grid("a.tsv", "a\nb\n").header == ["a"]


def test_the_separator_may_be_told_in_quotation_marks() -> None:
    assert read_grid("a.csv", '"sep=;"\na,b;c\n1;2\n').header == ["a,b", "c"]


@pytest.mark.parametrize("end", ["", '9,"open\n'])
def test_of_many_rows_the_first_are_shown_and_the_others_counted(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    for module in (guessing, reading):
        monkeypatch.setattr(module, "MOST_ROWS", 20)
    grid = read_grid("a.csv", "n,m\n" + "1,2\n" * (23) + end)
    assert (len(grid.rows), grid.left_out, grid.quoted) == (20, 3 + bool(end), not end)
    spaced = guess_grid("a.dat", "n m\n" + "1 2\n" * (23))
    assert (len(spaced.rows), spaced.left_out) == (20, 3)


ROWS = "".join(f"{n} {n / 4} x\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("text", "names", "first", "count"),
    [
        ('"len" "site"\n"1" 5.1 "Lake Roth"\n"2" 4.9 "b"\n"3" 5 "c"\n', ["", "len", "site"], ["1", "5.1", "Lake Roth"], 3),
        ("id\ttaxon\tplace\na\tParus major\tBern\nb\tTurdus merula\t\n", ["id", "taxon", "place"], ["a", "Parus major", "Bern"], 2),
        (f"id size ok\n{ROWS}60 15\n", ["id", "size", "ok"], ["1", "0.25", "x"], 60),
        ('name,a,b\n"Smith, J",1,2\n"Ng, L",3,4\n', ["name", "a", "b"], ["Smith, J", "1", "2"], 2),
        ("t x\n1 1.5D+03\n2 1.0D-01\n3 0.0D0\n", ["t", "x"], ["1", "1.5D+03"], 3),
        ("# by us\n# a,b\n1,2\n3,4\n5,6\n", ["a", "b"], ["1", "2"], 3),
        ("% a\tb\n1\t2\n3\t4\n5\t6\n", ["a", "b"], ["1", "2"], 3),
    ],
)  # fmt: skip
def test_tables_of_scientists_are_tables(text: str, names: list[str], first: list[str], count: int) -> None:
    assert told(guess_grid("a.txt", text)) == (names, first, count)
