"""Numbers and days in the columns of tables: which sign is decimal, what a unit is, and what is no number."""

import pytest

from framework.browse.render.tables.quantities import has_decimal_commas, read_day, read_quantity
from framework.browse.render.tables.reading import read_table
from framework.browse.render.tables.summary import Column
from framework.browse.view_options import ViewOptions


def sorted_values(values: list[str], separator: str = ";") -> list[str]:
    text = f"id{separator}v\n" + "".join(f"r{separator}{value}\n" for value in values)
    return [row[1] for _number, row in read_table("a.csv", text, ViewOptions(sort=1)).rows]


def summary_of(values: list[str], separator: str = ";") -> Column:
    text = f"id{separator}v\n" + "".join(f"r{separator}{value}\n" for value in values)
    return read_table("a.csv", text, ViewOptions(summary=True)).summary[1]


@pytest.mark.parametrize(
    "values",
    [
        ["0.125", "1.5", "9.75", "10.5"],
        ["0,125", "1,5", "9,75", "10,5"],
        ["0.125", "9.750", "10.500", "1500"],
        ["9,750", "10,500", "1500"],
        ["900", "1.000,5", "1.200.300,5"],
        ["1.200", "900.5", "1,200.5"],
        ["31.12.2019", "1.2.2020", "31.1.2021"],
        ["9 kg/m2", "10 kg/m2", "12 kg/m2"],
        ["9 mm2", "10 mm2", "11 mm2"],
        ["<0.01", "0.02", "> 5"],
        ["-$5", "$5", "$10"],
        ["5 €", "10 €"],
        ["9.5D+02", "1.5D+03", "1.0D+05"],
    ],
)
def test_values_are_sorted_as_what_they_mean(values: list[str]) -> None:
    assert sorted_values(values[::-1]) == values


def test_a_comma_with_three_digits_groups_thousands_unless_semicolons_separate() -> None:
    assert sorted_values(["1,200", "900"]) == ["1,200", "900"]
    assert sorted_values(["1,200", "900"], "\t") == ["900", "1,200"]


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("3.5mg", 3.5, 3.5),
        ("1.200", 1.2, 1200),
        ("1,200", 1200, 1.2),
        ("1.200.300", None, 1_200_300),
        ("1 200", 1200, 1200),
        ("5 W m-2", 5, 5),
        ("1.2.3", None, None),
        ("31.12.2019", None, None),
        ("1_000", None, None),
        ("1 2", None, None),
        ("1A2", None, None),
        ("10:30", None, None),
        ("1" * 90 + " kg", None, None),
    ],
)
def test_a_text_is_a_number_or_none(text: str, point: float | None, comma: float | None) -> None:
    assert [read_quantity(text, decimal_comma=decimal_comma) for decimal_comma in (False, True)] == [point, comma]


def test_the_decimal_sign_is_what_most_values_tell() -> None:
    assert has_decimal_commas(["1,5", "2,5", "3.5"])
    assert not has_decimal_commas(["1.5", "2.5", "3,5"], likely=True)
    assert not has_decimal_commas(["1.234", "5.678"], likely=True)
    assert has_decimal_commas(["1.234.567", "5.678"], likely=True)
    assert not has_decimal_commas(["Smith, Jane", "Ng, Li"])


def test_numbers_between_semicolons_are_summarised_as_they_are() -> None:
    column = summary_of(["9.75", "10.5", "0.125", "1.5"])
    assert (column.kind, column.least, column.most, column.mean) == ("number", "0.125", "10.5", "5.46875")


def test_days_with_dots_are_days() -> None:
    column = summary_of(["31.12.2019", "1.2.2020", "01.02.2020"])
    assert (column.kind, column.least, column.most, column.mean) == ("date", "31.12.2019", "1.2.2020", "")
    assert read_day("31.12.2019 12:30") == "2019-12-31 12:30"
    assert read_day("31.13.2019") is None


def test_bounds_have_no_mean() -> None:
    column = summary_of(["<0.01", "0.5"])
    assert (column.kind, column.least, column.most, column.mean) == ("number", "<0.01", "0.5", "")
