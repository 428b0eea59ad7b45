"""A work as bibliographies write it: an entry of BibTeX, and a line in the style of the APA (7th edition)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SOFTWARE, DATASET = "software", "dataset"

_BIBTEX_KINDS: Mapping[str, str] = {
    "article": "article", "magazine-article": "article", "newspaper-article": "article", "book": "book",
    "conference": "proceedings", "proceedings": "proceedings", "conference-paper": "inproceedings", "manual": "manual",
    "pamphlet": "booklet", "report": "techreport", "thesis": "phdthesis", "unpublished": "unpublished",
    SOFTWARE: "software", DATASET: "dataset",
}  # fmt: skip
"""What BibTeX calls the types of the Citation File Format; the others are `misc`."""
_APA_NAMES: Mapping[str, str] = {SOFTWARE: "Computer software", DATASET: "Data set"}
_PUBLISHERS: Mapping[str, str] = {"thesis": "school", "report": "institution"}
_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
            **{sign: f"\\{sign}" for sign in "&%$#_{}"}}  # fmt: skip


@dataclass(frozen=True)
class Author:
    """An author: family and given names, and what follows them such as "Jr."; or one whole name.

    `orcid` is the address of an ORCID iD, `email` the e-mail address of the author's commits, each empty without one.
    """

    family: str
    given: str = ""
    suffix: str = ""
    orcid: str = ""
    email: str = ""

    @property
    def called(self) -> str:
        """The name as people write it."""
        return " ".join(part for part in (self.given, self.family, self.suffix) if part)

    @property
    def orcid_id(self) -> str:
        """The iD without the address: four groups of four digits, the last of which may be an X."""
        return self.orcid.rpartition("/")[2]

    @property
    def bibtex(self) -> str:
        """`Family, Jr., Given`; a whole name in braces, so that it is not taken apart."""
        parts = (self.family, self.suffix, self.given)
        return ", ".join(_escape(part) for part in parts if part) if self.given else f"{{{_escape(self.family)}}}"

    @property
    def apa(self) -> str:
        """`Family, G.-H., Jr.`."""
        names = (re.split(r"-+", name.strip("-")) for name in self.given.split())
        initials = " ".join("-".join(f"{part[0]}." for part in parts if part) for parts in names)
        return ", ".join(part for part in (self.family, initials, self.suffix) if part)


@dataclass(frozen=True)
class Work:
    """What a bibliography needs, each part empty where it is not known.

    `kind` is a type of the Citation File Format, `pages` the first and the last one, `version` that of software,
    `container` the journal, the proceedings or the series.
    """

    kind: str
    title: str
    authors: Sequence[Author]
    year: int | None = None
    doi: str = ""
    url: str = ""
    version: str = ""
    container: str = ""
    volume: str = ""
    issue: str = ""
    pages: tuple[str, ...] = ()
    publisher: str = ""
    thesis: str = ""

    @property
    def bibtex(self) -> str:
        """An entry for BibTeX and biblatex, which knows ORCID iDs as annotations; BibTeX passes over them."""
        key = re.sub(r"[^a-z0-9]+", "-", f"{self.authors[0].family if self.authors else ''} {self.title}".lower())
        fields = {
            "title": f"{{{_escape(self.title)}}}",
            "author": " and ".join(author.bibtex for author in self.authors),
            "author+an:orcid": "; ".join(f'{n}="{one.orcid_id}"' for n, one in enumerate(self.authors, 1) if one.orcid),
            "year": str(self.year or ""),
            "journal" if self._bibtex_kind == "article" else "booktitle": _escape(self.container),
            "volume": _escape(self.volume),
            "number": _escape(self.issue),
            "pages": _escape("--".join(self.pages)),
            "version": _escape(self.version),
            _PUBLISHERS.get(self.kind, "publisher"): _escape(self.publisher),
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
        name = "-".join(part for part in (key.strip("-")[:60], str(self.year or "")) if part)
        return f"@{self._bibtex_kind}{{{name},\n" + ",\n".join(lines) + "\n}"

    @property
    def apa(self) -> str:
        """A line as the APA's Publication Manual writes such a work."""
        names = [author.apa for author in self.authors]
        people = ", ".join(names[:-1]) + (", & " if len(names) > 1 else "") + names[-1] if names else self.publisher
        end = "" if people.endswith(".") else "."
        source = f"https://doi.org/{self.doi}" if self.doi else self.url
        parts = (f"{self.title}{self._apa_remark}", self._apa_container, source)
        return f"{people}{end} ({self.year or 'n.d.'}). {'. '.join(part for part in parts if part)}"

    @property
    def _bibtex_kind(self) -> str:
        if self.kind == "thesis" and "master" in self.thesis.lower():
            return "mastersthesis"
        return _BIBTEX_KINDS.get(self.kind, "misc")

    @property
    def _apa_remark(self) -> str:
        if what := _APA_NAMES.get(self.kind):
            return f" (Version {self.version}) [{what}]" if self.version else f" [{what}]"
        return f" [{self.thesis}]" if self.kind == "thesis" and self.thesis else ""

    @property
    def _apa_container(self) -> str:
        """Where it was published; empty for software, whose address says so."""
        pages = "\N{EN DASH}".join(self.pages)
        if self._bibtex_kind == "article":
            issue = f"{self.volume}({self.issue})" if self.volume and self.issue else self.volume or self.issue
            return ", ".join(part for part in (self.container, issue, pages) if part)
        if self.container:
            return f"In {self.container}{f' (pp. {pages})' if pages else ''}"
        return "" if self.kind in _APA_NAMES else self.publisher


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)
