"""Lists in pages: `?page=` counts from 1, and the header Link (RFC 8288) leads to the pages before and after."""

from urllib.parse import urlencode

from flask import request

from framework import config
from framework.errors import Invalid

LAST_PAGE = 10_000
PAGE = {"page": "The number of the page, from 1. The header Link names the next and the previous one."}


class BadPage(Invalid):
    """The page is not a number that there can be a page of."""

    field = "page"

    def __init__(self) -> None:
        super().__init__(f"A page is a number from 1 to {LAST_PAGE:,}; follow the header Link to the next one.")


def page_number() -> int:
    """The page that is asked for.

    Raises:
        BadPage.
    """
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= LAST_PAGE:
        raise BadPage
    return int(text)


def links(number: int, *, more: bool) -> dict[str, str]:
    """The header Link of this page, when another one is there."""
    pages = {"first": 1, "prev": number - 1} if number > 1 else {}
    pages |= {"next": number + 1} if more else {}
    told = ", ".join(f'<{_address(page)}>; rel="{relation}"' for relation, page in pages.items())
    return {"Link": told} if told else {}


def _address(page: int) -> str:
    query = {name: value for name, value in request.args.items() if name != "page"} | {"page": str(page)}
    return f"{config.current().base_url}{request.path}?{urlencode(query)}"
