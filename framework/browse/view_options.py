"""How a page is asked to be: what its address says behind the question mark, checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from framework.browse.render.encodings import CHOICES
from framework.web.paging import page_number, small_number


@dataclass(frozen=True)
class ViewOptions:
    """`plain`: as text. `whole`: with all last changes, however long they take. `number`: the page, from 1.

    `encoding`: one of `encodings.CHOICES`, None for what the text looks like.
    `sort`: the column of a table, from 0, None for the file's own order; `descending`: from the largest down.
    """

    plain: bool = False
    whole: bool = False
    number: int = 1
    encoding: str | None = None
    sort: int | None = None
    descending: bool = False

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "ViewOptions":
        """What these parameters ask for; what is no number is left out."""
        sort = small_number(values.get("sort", ""))
        return cls(
            plain="plain" in values,
            whole="whole" in values,
            number=page_number(values),
            encoding=chosen if (chosen := values.get("encoding")) in CHOICES else None,
            sort=sort,
            descending=values.get("order") == "down",
        )
