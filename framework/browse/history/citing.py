"""How to cite a project: by its CITATION.cff, else by what is known of it; pinned to a tag or a commit."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from framework import config
from framework.browse.history.about import read_about
from framework.browse.history.citation_files import CitationFile, read_citation_file
from framework.browse.places import find_place
from framework.browse.render.rendering import read_head, sandbox
from framework.gitcore.dates import moment_at
from framework.gitcore.ref_names import TAGS
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import Entry, find, list_folder
from framework.sandbox.sandbox import Busy, TooCostly

FILE_NAME = "CITATION.cff"
LONGEST_BYTES = 1 << 16
NOTHING = CitationFile("", "", None, ())

_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
            **{sign: f"\\{sign}" for sign in "&%$#_{}"}}  # fmt: skip


@dataclass(frozen=True)
class Author:
    """An author: family and given names, or one whole name of a person or an institution."""

    family: str
    given: str = ""

    @property
    def bibtex(self) -> str:
        """`Family, Given`; a whole name in braces, so that it is not taken apart."""
        return f"{_escape(self.family)}, {_escape(self.given)}" if self.given else f"{{{_escape(self.family)}}}"

    @property
    def apa(self) -> str:
        """`Family, G.`."""
        initials = " ".join(f"{word[0]}." for word in re.split(r"[\s-]+", self.given) if word)
        return f"{self.family}, {initials}" if initials else self.family


@dataclass(frozen=True)
class Citation:
    """What a bibliography needs: `version` is a tag or a commit, `url` leads to exactly that version."""

    title: str
    authors: Sequence[Author]
    year: int
    version: str
    url: str
    publisher: str
    doi: str = ""
    from_file: bool = False

    @property
    def bibtex(self) -> str:
        """An entry for BibTeX and biblatex."""
        key = re.sub(r"[^a-z0-9]+", "-", f"{self.authors[0].family if self.authors else ''} {self.title}".lower())
        fields = {
            "title": f"{{{_escape(self.title)}}}",
            "author": " and ".join(author.bibtex for author in self.authors),
            "year": str(self.year),
            "version": _escape(self.version),
            "publisher": _escape(self.publisher),
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
        return f"@software{{{key.strip('-')[:60]}-{self.year},\n" + ",\n".join(lines) + "\n}"

    @property
    def apa(self) -> str:
        """A line as the APA's Publication Manual (7th edition) writes software."""
        names = [author.apa for author in self.authors]
        people = ", ".join(names[:-1]) + (", & " if len(names) > 1 else "") + names[-1] if names else self.publisher
        where = f"https://doi.org/{self.doi}" if self.doi else self.url
        end = "" if people.endswith(".") else "."
        return f"{people}{end} ({self.year}). {self.title} (Version {self.version}) [Computer software]. {where}"


def cite(copy: Copy, access: ProjectAccess, ref: str) -> Citation:
    """How to cite the version at a ref: under the newest name of its commit that stays, a tag's or its own.

    Raises:
        RefAbsent.
    """
    place = find_place(copy, ref, "")
    entries = list_folder(copy, find(copy, place.sha, ""), sizes=False)
    tags = [place.tag] if place.tag else _tags_at(copy, place.sha)
    version = tags[0] if tags else place.sha[:12]
    told = _read_citation_file(copy, entries) or NOTHING
    moment = moment_at(copy.commit(place.sha).commit_time)
    people = read_about(copy, place.sha, (), whole=False).shown
    return Citation(
        title=told.title or access.name,
        authors=[Author(*names) for names in told.authors] or [Author(one.name) for one in people],
        year=told.year or moment.year,
        version=version,
        url=config.current().base_url + access.address("tree", TAGS + tags[0] if tags else place.sha),
        publisher=config.current().base_url.partition("://")[2],
        doi=told.doi,
        from_file=told is not NOTHING,
    )


def _tags_at(copy: Copy, sha: str) -> list[str]:
    return sorted(name for name, target in copy.snapshot.tags.items() if target == sha)


def _read_citation_file(copy: Copy, entries: Sequence[Entry]) -> CitationFile | None:
    """What CITATION.cff says; None when there is none, or it is no such file."""
    found = next((entry for entry in entries if entry.name == FILE_NAME and entry.kind == "blob"), None)
    blob = copy.blob(found.sha) if found else None
    if blob is None or blob.size_bytes > LONGEST_BYTES:
        return None
    with suppress(TooCostly, Busy):
        key = copy.snapshot.repository_id, blob.sha
        return sandbox.call(key, read_citation_file, read_head(blob, LONGEST_BYTES))
    return None


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)
