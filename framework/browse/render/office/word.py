"""DOCX: the text, headings, lists, tables, pictures and notes of a WordprocessingML document (ECMA-376)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

from framework.browse.render.office.package import DAMAGED, Package, open_package
from framework.browse.render.office.paper import (
    DEEPEST_TABLE,
    Block,
    Notes,
    Paper,
    cell,
    link,
    make_paper,
    picture,
    table,
)
from framework.browse.view_options import ViewOptions

_FOLDER = "word"
_LEFT_OUT = {"del", "moveFrom", "instrText", "Fallback", "pPr", "rPr", "delText", "footnotePr", "sectPr"}
_SIGNS = {"tab": "\t", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
_MARKS = (("b", "strong"), ("i", "em"), ("strike", "s"))


def read_word(_name: str, path: str, _asked: ViewOptions) -> Paper:
    """The document in a DOCX file.

    Raises:
        ValueError: it is damaged, protected, or too large.
    """
    with open_package(path) as package:
        return make_paper(list_word_blocks(package))


def list_word_blocks(package: Package) -> Iterator[Block]:
    """The blocks of the document, then its notes.

    Raises:
        ValueError: it is damaged, or too large.
    """
    root = package.parse(f"{_FOLDER}/document.xml")
    body = root.find("body") if root is not None else None
    if body is None:
        raise ValueError(DAMAGED)
    reader = _Reader(package)
    yield from reader.blocks(body)
    yield from reader.notes.blocks()


@dataclass
class _Reader:
    """Reads elements of one document; `notes` are those that the text has referred to so far."""

    package: Package
    notes: Notes = field(default_factory=Notes)

    def __post_init__(self) -> None:
        self._relations = self.package.relations(f"{_FOLDER}/document.xml")
        styles = self.package.parse(f"{_FOLDER}/styles.xml")
        self._headings = dict(_find_headings(styles))
        self._listed = dict(_find_listed(styles))
        self._numbered = set(_find_numbered(self.package.parse(f"{_FOLDER}/numbering.xml")))
        self._notes = {
            kind: {one.get("id"): one for one in found if found is not None}
            for kind in ("footnote", "endnote")
            if (found := self.package.parse(f"{_FOLDER}/{kind}s.xml")) is not None
        }

    def blocks(self, parent: Element, depth: int = 0) -> Iterator[Block]:
        """The paragraphs and tables in an element, also those in parts that can be filled in."""
        for one in parent:
            if one.tag == "p":
                yield self._paragraph(one)
            elif one.tag == "tbl" and depth < DEEPEST_TABLE:
                cells = (_outermost(row, "tc") for row in _outermost(one, "tr"))
                yield table([cell(self.blocks(child, depth + 1)) for child in row] for row in cells)
            elif one.tag in {"sdt", "sdtContent", "ins", "moveTo", "customXml"}:
                yield from self.blocks(one, depth)

    def _paragraph(self, one: Element) -> Block:
        html, text = self._words(one), "".join(_texts(one))
        told = one.find("pPr")
        if told is None:
            return Block("p", html, text)
        style, level = _value(told, "pStyle"), _value(told, "outlineLvl")
        heading = self._headings.get(style) or (int(level) + 1 if level.isdecimal() and int(level) < 6 else 0)
        if heading:
            return Block(f"h{heading}", html, text)
        numbering = told.find("numPr")
        number, step = _numbering(numbering) if numbering is not None else self._listed.get(style, ("", "0"))
        if number in {"", "0"}:
            return Block("p", html, text)
        return Block("ol" if (number, step) in self._numbered else "ul", html, text, int(step) + 1)

    def _words(self, parent: Element) -> Markup:
        return Markup().join(self._inline(parent))

    def _inline(self, parent: Element) -> Iterator[Markup]:
        for one in parent:
            if one.tag == "t":
                yield escape(one.text or "")
            elif one.tag in _SIGNS:
                yield escape(_SIGNS[one.tag])
            elif one.tag in {"br", "cr"}:
                yield Markup("<br>")
            elif one.tag == "r":
                yield _mark(one.find("rPr"), self._words(one))
            elif one.tag == "hyperlink":
                yield link(self._relations.get(one.get("id", ""), ""), self._words(one))
            elif one.tag in {"drawing", "pict"}:
                yield self._picture(one)
            elif one.tag in {"footnoteReference", "endnoteReference"}:
                yield self._note(one.tag.removesuffix("Reference"), one.get("id", ""))
            elif one.tag not in _LEFT_OUT:
                yield self._words(one)

    def _picture(self, one: Element) -> Markup:
        described = next(one.iter("docPr"), None)
        description = described.get("descr", "") if described is not None else ""
        ids = [blip.get("embed", "") for blip in one.iter("blip")]
        ids += [data.get("id", "") for data in one.iter("imagedata")]
        shown = (picture(self.package.picture(self._relations.get(name, "")), description) for name in ids)
        return Markup().join([*shown, *(self._words(box) for box in _outermost(one, "txbxContent"))])

    def _note(self, kind: str, name: str) -> Markup:
        found = self._notes.get(kind, {}).get(name)
        return Markup() if found is None or len(self.notes.found) > 1_000 else self.notes.add(self.blocks(found))


def _mark(properties: Element | None, words: Markup) -> Markup:
    """The words in bold and so on, where the run's properties say so."""
    if properties is None or not words:
        return words
    for name, tag in _MARKS:
        told = properties.find(name)
        if told is not None and told.get("val", "1") not in {"0", "false", "none"}:
            words = Markup(f"<{tag}>{{}}</{tag}>").format(words)  # noqa: S704 # names of ours
    raised = {"superscript": "sup", "subscript": "sub"}.get(_value(properties, "vertAlign"))
    return Markup(f"<{raised}>{{}}</{raised}>").format(words) if raised else words  # noqa: S704 # as before


def _texts(parent: Element) -> Iterator[str]:
    """The words of an element, without what was deleted."""
    for one in parent:
        if one.tag == "t":
            yield one.text or ""
        elif one.tag in _SIGNS or one.tag in {"br", "cr"}:
            yield _SIGNS.get(one.tag, " ")
        elif one.tag not in _LEFT_OUT:
            yield from _texts(one)


def _outermost(parent: Element, tag: str) -> Iterator[Element]:
    """The elements of this name in another, without those in one another: a table in a cell is the cell's own."""
    for one in parent:
        if one.tag == tag:
            yield one
        elif one.tag != "Fallback":
            yield from _outermost(one, tag)


def _find_headings(styles: Element | None) -> Iterator[tuple[str, int]]:
    """The levels of headings, by the ids of their styles."""
    for style in styles.iter("style") if styles is not None else ():
        name, outline = (
            _value(style, "name").lower(),
            next((_value(one, "outlineLvl") for one in style.iter("pPr")), ""),
        )
        if name == "title":
            yield style.get("styleId", ""), 1
        elif name.startswith("heading ") and name[8:].isdecimal():
            yield style.get("styleId", ""), min(6, max(1, int(name[8:])))
        elif outline.isdecimal() and int(outline) < 6:
            yield style.get("styleId", ""), int(outline) + 1


def _find_listed(styles: Element | None) -> Iterator[tuple[str, tuple[str, str]]]:
    """The styles whose paragraphs are items: the number of the list and the level, by id."""
    for style in styles.iter("style") if styles is not None else ():
        if (numbering := style.find("pPr/numPr")) is not None:
            yield style.get("styleId", ""), _numbering(numbering)


def _numbering(told: Element) -> tuple[str, str]:
    """The number of the list that a paragraph is in, and the level there."""
    level = _value(told, "ilvl")
    return _value(told, "numId"), level if level in set("012345678") else "0"


def _find_numbered(numbering: Element | None) -> Iterator[tuple[str, str]]:
    """The lists (by number and level) whose items have numbers rather than bullets."""
    if numbering is None:
        return
    abstract: Mapping[str, Element] = {one.get("abstractNumId", ""): one for one in numbering.iter("abstractNum")}
    for one in numbering.iter("num"):
        found = abstract.get(_value(one, "abstractNumId"))
        for level in found.iter("lvl") if found is not None else ():
            if _value(level, "numFmt") not in {"bullet", "none", ""}:
                yield one.get("numId", ""), level.get("ilvl", "")


def _value(parent: Element, name: str) -> str:
    found = parent.find(name)
    return found.get("val", "") if found is not None else ""
