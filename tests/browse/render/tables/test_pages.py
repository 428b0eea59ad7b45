"""Pages of tables that are too large to be read as a whole, or too costly in the order that was asked for."""

import re
from typing import Any

import pytest

from framework.browse.render import rendering
from framework.browse.view_options import ViewOptions
from framework.sandbox.sandbox import TooCostly
from tests.browse.render.made_files import Show
from tests.browse.render.workbooks import number, text, xlsx_of


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_a_table_that_takes_too_much_to_sort_stays_a_table(
    shown: Show, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [[text("name"), text("n")], *([text(f"n{n}"), number(n)] for n in (2, 3, 1))]
    visitor = shown(
        {
            "table.csv": b"name;n\n" + b"".join(b"n%d;%d\n" % (n, n) for n in range(250)),
            "table.xlsx": xlsx_of({"S": rows}),
        }
    )
    call = rendering.sandbox.call

    def call_within_less(key: object, work: Any, *arguments: Any, **prepared: Any) -> object:
        if any(isinstance(it, ViewOptions) and it.sort is not None for it in arguments):
            raise TooCostly
        return call(key, work, *arguments, **prepared)

    monkeypatch.setattr(rendering.sandbox, "call", call_within_less)
    page = visitor.get(f"/blob/main/{name}?sort=1&order=down")
    assert rendering.UNSORTED in page
    assert "aria-sort" not in page
    assert len(re.findall(r"<td>n\d+</td>", page)) == (200 if name == "table.csv" else 3)


def test_of_a_long_table_the_first_rows_are_shown(shown: Show) -> None:
    row = b'1,"two\nlines, and more"\n'
    content = b"a,b\n" + row * ((8 << 20) // len(row) + 40)
    page = shown({"long.csv": content}).get("/blob/main/long.csv")
    assert "Only the first 8 MiB of" in page
    assert "first 200,000 of" in page
    assert "never closed" not in page
