"""Which page of a list an address asks for."""

from collections.abc import Mapping

LAST_PAGE = 10_000


def page_number(parameters: Mapping[str, str]) -> int:
    """What `page` says, from 1 to `LAST_PAGE`; what is no number is the first page.

    Whoever reads a page wants to see one; a program, which the API answers, wants to know that it asked for none.
    """
    return min(max(1, small_number(parameters.get("page", "")) or 1), LAST_PAGE)


def read_entry_number(text: str) -> int | None:
    """The number of the entry that a page of a log follows, or None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def small_number(text: str) -> int | None:
    """A number of at most six digits, or None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None
