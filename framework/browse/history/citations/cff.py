"""What CITATION.cff says, as far as a citation needs it (Citation File Format 1.2.0); called in the sandbox."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from framework.browse.history.citations.styles import DATASET, SOFTWARE, Author, Work

MOST_AUTHORS = 50
LONGEST_TEXT = 500
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.[^\s{}\\]+)", re.IGNORECASE)
_ORCID = re.compile(r"(?:https?://(?:www\.)?orcid\.org/)?([0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X])/?", re.IGNORECASE)
_CODE = ("", "software", "software-code", "software-container", "software-executable", "software-virtual-machine")


@dataclass(frozen=True)
class CitationFile:
    """What the file tells, each part empty where it tells nothing; `work` is not the project if it prefers another."""

    work: Work
    prefers_other: bool = False


def read_citation_file(content: bytes) -> CitationFile | None:
    """What this CITATION.cff says; None when it is no such file."""
    try:
        told = yaml.safe_load(content.decode())
        return _read(told) if isinstance(told, dict) and told else None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None  # the library's constructors raise all of these


def _read(told: Mapping[str, Any]) -> CitationFile:
    preferred = told.get("preferred-citation")
    if isinstance(preferred, dict) and _text(preferred.get("title")):
        return CitationFile(_read_work(preferred), prefers_other=True)
    return CitationFile(_read_work({**told, "type": DATASET if told.get("type") == DATASET else SOFTWARE}))


def _read_work(told: Mapping[str, Any]) -> Work:
    kind = _text(told.get("type"))
    return Work(
        kind=SOFTWARE if kind in _CODE else kind,
        title=_text(told.get("title")),
        authors=list(_authors(told)),
        year=_year(told.get("year")) or _year(told.get("date-published")) or _year(told.get("date-released")),
        doi=_doi(told.get("doi")) or next(_identifiers(told), ""),
        url=_address(told.get("url")),
        container=_text(told.get("journal")) or _name(told.get("conference")) or _text(told.get("collection-title")),
        volume=_text(told.get("volume")),
        issue=_text(told.get("issue")),
        pages=tuple(page for page in (_text(told.get("start")), _text(told.get("end"))) if page),
        publisher=_name(told.get("publisher")) or _name(told.get("institution")),
        thesis=_text(told.get("thesis-type")),
    )


def _authors(told: Mapping[str, Any]) -> Iterator[Author]:
    listed = told.get("authors")
    for one in (listed if isinstance(listed, list) else [])[:MOST_AUTHORS]:
        if isinstance(one, dict):
            particle = _text(one.get("name-particle"))
            family = " ".join(part for part in (particle, _text(one.get("family-names"))) if part)
            if family:
                yield Author(family, _text(one.get("given-names")), _text(one.get("name-suffix")), _orcid(one))
            elif name := _text(one.get("name")) or _text(one.get("alias")):
                yield Author(name, orcid=_orcid(one))


def _orcid(told: Mapping[str, Any]) -> str:
    """The address of the iD, which people write without the address, too."""
    found = _ORCID.fullmatch(_text(told.get("orcid")))
    return f"https://orcid.org/{found[1].upper()}" if found else ""


def _identifiers(told: Mapping[str, Any]) -> Iterator[str]:
    """The DOIs among the identifiers."""
    listed = told.get("identifiers")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("type") == "doi" and (doi := _doi(one.get("value"))):
            yield doi


def _doi(value: object) -> str:
    """The DOI alone, which people write as an address, too."""
    found = _DOI.match(_text(value))
    return found[1] if found else ""


def _address(value: object) -> str:
    found = re.fullmatch(r"https?://[^\s{}\\]+", _text(value))
    return found[0] if found else ""


def _name(value: object) -> str:
    return _text(value.get("name")) if isinstance(value, dict) else ""


def _year(value: object) -> int | None:
    found = re.match(r"[0-9]{4}", str(value))
    return int(found[0]) if found else None


def _text(value: object) -> str:
    return " ".join(str(value).split())[:LONGEST_TEXT] if isinstance(value, str | int | float) else ""
