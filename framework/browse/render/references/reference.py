"""A reference, and how it is written out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_REFERENCES = 1_000
MOST_NAMED_AUTHORS = 8

_DOI = re.compile(r"10\.\d{4,9}/\S+")


@dataclass(frozen=True)
class Reference:
    """What a list tells of one work; each part is empty where it tells nothing. `link` is an address, or empty."""

    key: str
    kind: str
    authors: Sequence[str]
    year: str
    title: str
    container: str
    details: str
    link: str

    @property
    def names(self) -> str:
        """The authors, the later ones of many left out, as are those whom BibTeX calls `others`."""
        if self.authors[1:] and self.authors[-1] == "others":
            return ", ".join(self.authors[:-1][:MOST_NAMED_AUTHORS]) + " et al."
        if len(self.authors) > MOST_NAMED_AUTHORS:
            return ", ".join(self.authors[: MOST_NAMED_AUTHORS - 1]) + " et al."
        return " & ".join(part for part in (", ".join(self.authors[:-1]), *self.authors[-1:]) if part)


@dataclass(frozen=True)
class References:
    """The references of a file in its order; `left_out` more are not shown."""

    entries: Sequence[Reference]
    left_out: int = 0


def make_references(entries: Sequence[Reference]) -> References:
    """The list, as far as a page can take it.

    Raises:
        ValueError: there are none.
    """
    if not entries:
        raise ValueError("it has no references")
    return References(entries[:MOST_REFERENCES], max(0, len(entries) - MOST_REFERENCES))


def find_link(doi: str, address: str) -> str:
    """The work's own address: its DOI's, or that of a page about it."""
    if found := _DOI.search(doi):
        return f"https://doi.org/{found[0].rstrip('.,;')}"
    return address if address.startswith(("https://", "http://")) else ""


def describe(parts: Mapping[str, str]) -> str:
    """Volume, number, pages, edition, publisher and a note in one line."""
    volume, number = parts.get("volume", ""), parts.get("number", "")
    place = f"{volume}({number})" if volume and number else volume or number
    pages, edition = parts.get("pages", "").replace("--", "\u2013"), _write_edition(parts.get("edition", ""))
    said = (place, pages, edition, parts.get("publisher", ""), parts.get("note", "").rstrip("."))
    return ", ".join(part for part in said if part)


def _write_edition(told: str) -> str:
    """`2` as `2nd ed.`; what is more than a number as it is."""
    if not told.isdecimal():
        return f"{told} ed." if told and "ed" not in told.lower().split()[-1] else told
    last = 0 if told[-2:-1] == "1" else int(told[-1])
    return f"{told}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') } ed."
