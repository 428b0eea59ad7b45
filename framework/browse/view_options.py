"""How a page is asked to be: what its address says behind the question mark, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from framework.web.paging import page_number, small_number

ENCODINGS = (
    "utf-8", "windows-1252", "windows-1250", "iso-8859-2", "windows-1254", "windows-1257", "windows-1251", "koi8-r",
    "iso-8859-5", "ibm866", "windows-1253", "windows-1255", "windows-1256", "windows-874", "macintosh", "shift_jis",
    "euc-jp", "gb18030", "big5", "euc-kr", "utf-16le", "utf-16be",
)  # fmt: skip
"""What a reader may have a text read in, by the names that browsers have for it (the WHATWG's Encoding Standard)."""
LAYOUTS = ("list", "grid")
LONGEST_FILTER = 200
PAGE_LINES = 1_000
"""So many lines of a text are a page of it, so that a line's number tells its page."""


@dataclass(frozen=True)
class ViewOptions:
    """`plain`: as text; `outline`: as an outline where text comes first. `number`: the page, from 1.

    `whole`: with all last changes, however long they take.
    A text's page may be named by one of its lines instead.
    `encoding`: one of `ENCODINGS`, None for what the text looks like.
    `wanted`: a text that the rows of a table have to contain.
    `sort`: the column of a table, from 0, None for the file's own order; `descending`: from the largest down.
    `layout`: of a folder, one of `LAYOUTS`, empty for what suits it.
    `sheet`: which of a file's tables, from 0. `summary`: of its columns instead of its rows.
    """

    plain: bool = False
    outline: bool = False
    whole: bool = False
    number: int = 1
    encoding: str | None = None
    wanted: str = ""
    sort: int | None = None
    descending: bool = False
    sheet: int = 0
    summary: bool = False
    layout: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "ViewOptions":
        """What these parameters ask for; what is no number is left out."""
        if not values:
            return cls()
        sort = small_number(values.get("sort", ""))
        return cls(
            plain="plain" in values,
            outline="outline" in values,
            whole="whole" in values,
            number=_number_of_line(values.get("line", "")) or page_number(values),
            encoding=chosen if (chosen := values.get("encoding")) in ENCODINGS else None,
            wanted=values.get("filter", "").strip()[:LONGEST_FILTER],
            sort=sort,
            descending=values.get("order") == "down",
            sheet=small_number(values.get("sheet", "")) or 0,
            summary="summary" in values,
            layout=chosen_layout if (chosen_layout := values.get("view")) in LAYOUTS else "",
        )

    @property
    def in_file_order(self) -> "ViewOptions":
        """The same of a table whose rows are shown from the first, all of them, in the order of the file."""
        if self.sort is None and not self.summary and not self.wanted:
            return self
        return replace(self, sort=None, descending=False, summary=False, wanted="", number=1)

    def query(self, **changes: Any) -> str:
        """The question mark and what follows it in the address of the same table with these changes."""
        asked = replace(self, **changes)
        values = {
            "sheet": asked.sheet or "",
            "summary": "1" if asked.summary else "",
            "page": asked.number if asked.number > 1 else "",
            "sort": "" if asked.sort is None else asked.sort,
            "order": "down" if asked.descending else "",
            "filter": asked.wanted,
            "encoding": asked.encoding or "",
        }
        return "?" + urlencode({name: value for name, value in values.items() if value != ""})


def _number_of_line(text: str) -> int | None:
    """The page that has this line of a text."""
    line = small_number(text)
    return None if line is None else max(0, line - 1) // PAGE_LINES + 1
