"""What CITATION.cff says, as far as a citation needs it (Citation File Format 1.2.0); called in the sandbox."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

MOST_AUTHORS = 50
LONGEST_TEXT = 500


@dataclass(frozen=True)
class CitationFile:
    """What the file tells, each part empty where it tells nothing.

    An author is family and given names, or one whole name.
    """

    title: str
    doi: str
    year: int | None
    authors: Sequence[tuple[str, str]]


def read_citation_file(content: bytes) -> CitationFile | None:
    """What this CITATION.cff says; None when it is no such file."""
    try:
        told = yaml.safe_load(content.decode())
        return _read(told) if isinstance(told, dict) and told else None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None  # the library's constructors raise all of these


def _read(told: Mapping[str, Any]) -> CitationFile:
    preferred = told.get("preferred-citation")
    told = {**told, **preferred} if isinstance(preferred, dict) else told
    return CitationFile(
        _text(told.get("title")), _text(told.get("doi")), _year(told.get("date-released")), list(_authors(told))
    )


def _authors(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = told.get("authors")
    for one in (listed if isinstance(listed, list) else [])[:MOST_AUTHORS]:
        if isinstance(one, dict):
            particle = _text(one.get("name-particle"))
            family = " ".join(part for part in (particle, _text(one.get("family-names"))) if part)
            if name := family or _text(one.get("name")) or _text(one.get("alias")):
                yield name, _text(one.get("given-names")) if family else ""


def _year(value: object) -> int | None:
    found = re.match(r"[0-9]{4}", str(value))
    return int(found[0]) if found else None


def _text(value: object) -> str:
    return " ".join(str(value).split())[:LONGEST_TEXT] if isinstance(value, str | int | float) else ""
