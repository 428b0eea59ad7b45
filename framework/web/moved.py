"""Addresses with the name that a person or a project had before: they lead to the same address with today's name."""

from urllib.parse import quote

from flask import has_request_context, request

from framework.errors import HoldfastError


class Moved(HoldfastError):
    """What is asked for has another address now."""

    status = 301

    def __init__(self, place: str) -> None:
        super().__init__("This has another address now.")
        self.place = place
        self.fallback_link = ("Open it there", place)

    @property
    def headers(self) -> dict[str, str]:
        """Where it is."""
        return {"Location": self.place}


def redirect_reader(**names: str) -> None:
    """Lead whoever reads an address by an earlier name to the one with these; other requests go on where they are.

    A client that is told to send a body elsewhere may send none, or GET instead (RFC 9110, section 15.4); git follows
    its first request only, and sends the others to where that led.

    Raises:
        Moved: to the same address, in which the variables of the route have these values.
    """
    if has_request_context() and request.method in {"GET", "HEAD"}:
        raise Moved(_address_with(names))


def _address_with(names: dict[str, str]) -> str:
    assert request.url_rule is not None
    path = request.environ["PATH_INFO"].encode("latin-1").split(b"/")  # bytes: a file's name need not be UTF-8
    segments = [quote(segment, safe="") for segment in path]
    for place, part in enumerate(request.url_rule.rule.split("/")):
        for variable, name in names.items():
            if part.startswith(f"<{variable}>"):
                segments[place] = part.replace(f"<{variable}>", name)
    query = request.query_string.decode("ascii", errors="ignore")
    return "/".join(segments) + (f"?{query}" if query else "")
