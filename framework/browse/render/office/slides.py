"""PPTX: the text, tables and pictures of each slide of a PresentationML document (ECMA-376), and its notes."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

from framework.browse.render.office.package import DAMAGED, Package, open_package
from framework.browse.render.office.paper import Block, Paper, link, make_paper, picture, table
from framework.browse.view_options import ViewOptions

MOST_SLIDES = 300
_PRESENTATION = "ppt/presentation.xml"
_UNSEEN = {"sldNum", "dt", "ftr", "hdr", "sldImg"}


def read_slides(_name: str, path: str, _asked: ViewOptions) -> Paper:
    """The slides of a PPTX file.

    Raises:
        ValueError: it is damaged, protected, or too large.
    """
    with open_package(path) as package:
        return make_paper(list_slide_blocks(package))


def list_slide_blocks(package: Package) -> Iterator[Block]:
    """The blocks of the slides in their order.

    Raises:
        ValueError: it is damaged, or too large.
    """
    root = package.parse(_PRESENTATION)
    if root is None:
        raise ValueError(DAMAGED)
    relations = package.relations(_PRESENTATION)
    names = [relations.get(one.get("id", ""), "") for listed in root.iter("sldIdLst") for one in listed]
    for number, name in enumerate(names[:MOST_SLIDES], start=1):
        slide = package.parse(name)
        if slide is not None:
            if number > 1:
                yield Block("hr", Markup(), "")
            yield Block("p", Markup("<small>Slide {}</small>").format(number), f"Slide {number}")
            yield from _Slide(package, package.relations(name)).blocks(slide)


class _Slide:
    """Reads elements of one slide."""

    def __init__(self, package: Package, relations: dict[str, str]) -> None:
        self._package, self._relations = package, relations

    def blocks(self, slide: Element) -> Iterator[Block]:
        """The slide's title, text, tables and pictures, then what its speaker has noted."""
        for tree in slide.iter("spTree"):
            yield from self._shapes(tree)
        notes = next((name for name in self._relations.values() if "/notesSlides/" in name), "")
        root = self._package.parse(notes) if notes else None
        noted = [block for shape in (root.iter("sp") if root is not None else ()) for block in self._shape(shape)]
        if any(block.text.strip() for block in noted):
            yield Block("p", Markup("<em>Notes</em>"), "Notes")
            yield from (Block("p", block.html, block.text) for block in noted)

    def _shapes(self, parent: Element) -> Iterator[Block]:
        for one in parent:
            if one.tag == "sp":
                yield from self._shape(one)
            elif one.tag == "pic":
                yield self._picture(one)
            elif one.tag == "graphicFrame":
                yield from self._tables(one)
            elif one.tag in {"grpSp", "AlternateContent", "Choice"}:
                yield from self._shapes(one)

    def _shape(self, one: Element) -> Iterator[Block]:
        place = next(one.iter("ph"), None)
        kind = place.get("type", "") if place is not None else "text"
        body = one.find("txBody")
        if body is None or kind in _UNSEEN:
            return
        for line in body.findall("p"):
            html, text = self._words(line), "".join(part.text or "" for part in line.iter("t"))
            if kind in {"title", "ctrTitle"}:
                yield Block("h2", html, text)
            elif kind in {"text", "subTitle"} or line.find("pPr/buNone") is not None:
                yield Block("p", html, text)
            else:
                told = line.find("pPr")
                level = told.get("lvl", "0") if told is not None else "0"
                yield Block("ul", html, text, int(level) + 1 if level.isdecimal() and len(level) < 3 else 1)

    def _words(self, line: Element) -> Markup:
        return Markup().join(self._inline(line))

    def _inline(self, line: Element) -> Iterator[Markup]:
        for one in line:
            if one.tag == "br":
                yield Markup("<br>")
            elif one.tag in {"r", "fld"}:
                yield self._run(one)
            elif one.tag not in {"pPr", "endParaRPr"}:
                yield escape("".join(part.text or "" for part in one.iter("t")))

    def _run(self, one: Element) -> Markup:
        words = escape(one.findtext("t") or "")
        told = one.find("rPr")
        if told is None or not words:
            return words
        for name, tag in (("b", "strong"), ("i", "em")):
            if told.get(name) in {"1", "true"}:
                words = Markup(f"<{tag}>{{}}</{tag}>").format(words)  # noqa: S704 # names of ours
        target = told.find("hlinkClick")
        return link(self._relations.get(target.get("id", ""), ""), words) if target is not None else words

    def _picture(self, one: Element) -> Block:
        described, blip = next(one.iter("cNvPr"), None), next(one.iter("blip"), None)
        name = self._relations.get(blip.get("embed", ""), "") if blip is not None else ""
        description = described.get("descr", "") if described is not None else ""
        return Block("p", picture(self._package.picture(name), description), description)

    def _tables(self, one: Element) -> Iterator[Block]:
        for found in one.iter("tbl"):
            yield table([self._cell(cell) for cell in row.findall("tc")] for row in found.findall("tr"))

    def _cell(self, cell: Element) -> tuple[Markup, str]:
        lines = list(cell.iter("p"))
        text = " ".join("".join(part.text or "" for part in line.iter("t")) for line in lines)
        return Markup("<br>").join(self._words(line) for line in lines), text
