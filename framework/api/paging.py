"""Lists in pages: `?page=` counts from 1, `?per_page=` is how long one is, Link (RFC 8288) leads to those beside it."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from flask import request

from framework import config
from framework.errors import Invalid
from framework.web.paging import LAST_PAGE, small_number

LONGEST_PAGE = 100
PAGE = {
    "page": "The number of the page, from 1. The header Link names the next and the previous one.",
    "per_page": f"How many a page has, from 1 to {LONGEST_PAGE}.",
}
PAGE_NUMBER = {"page": PAGE["page"]}
"""For lists whose pages are as long as those in the browser."""

Item = TypeVar("Item")


class BadPage(Invalid):
    """The page is not a number that there can be a page of."""

    field = "page"

    def __init__(self) -> None:
        super().__init__(f"A page is a number from 1 to {LAST_PAGE:,}; follow the header Link to the next one.")


class BadPageLength(Invalid):
    """A page cannot be so long or short."""

    field = "per_page"

    def __init__(self) -> None:
        super().__init__(f"A page has from 1 to {LONGEST_PAGE} entries; follow the header Link to the next one.")


def page_number() -> int:
    """The page that is asked for.

    Raises:
        BadPage.
    """
    return _number("page", 1, LAST_PAGE, BadPage)


def page_length(usual: int) -> int:
    """How many entries a page is to have, `usual` where nothing is asked for.

    Raises:
        BadPageLength.
    """
    return _number("per_page", usual, LONGEST_PAGE, BadPageLength)


def page_of(items: Sequence[Item]) -> tuple[Sequence[Item], dict[str, str]]:
    """The page of a whole list that is asked for, and its header Link; everything where no page is asked for.

    Raises:
        BadPage, BadPageLength.
    """
    if not {"page", "per_page"} & set(request.args):
        return items, {}
    number, length = page_number(), page_length(LONGEST_PAGE)
    first, beyond = (number - 1) * length, number * length
    return items[first:beyond], links(number, more=len(items) > beyond)


def _number(name: str, usual: int, most: int, refusal: type[BadPage | BadPageLength]) -> int:
    number = small_number(request.args.get(name, str(usual)))
    if number is None or not 1 <= number <= most:
        raise refusal
    return number


def links(number: int, *, more: bool) -> dict[str, str]:
    """The header Link of this page, when another one is there."""
    pages = {"first": 1, "prev": number - 1} if number > 1 else {}
    pages |= {"next": number + 1} if more else {}
    told = ", ".join(f'<{_address("page", page)}>; rel="{relation}"' for relation, page in pages.items())
    return {"Link": told} if told else {}


def link_to_next(name: str, value: int | None) -> dict[str, str]:
    """The header Link of a page that another one follows, which this parameter asks for; None for no other page."""
    return {} if value is None else {"Link": f'<{_address(name, value)}>; rel="next"'}


def _address(name: str, value: int) -> str:
    query = {known: given for known, given in request.args.items() if known != name} | {name: str(value)}
    return f"{config.current().base_url}{request.path}?{urlencode(query)}"
