"""EPUB: the text of a book's chapters in their order (EPUB 3.3); its pictures are left out."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from markupsafe import Markup

from framework.browse.render.documents import clean_html
from framework.browse.render.office.package import DAMAGED, Package, open_package
from framework.browse.render.office.paper import Block, Paper, make_paper
from framework.browse.view_options import ViewOptions

_HEAD = re.compile(r"<head\b.*?</head\s*>", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile("<[^>]*>")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}encoding=["']([A-Za-z0-9-]{1,20})["']""")


def read_book(_name: str, path: str, _asked: ViewOptions) -> Paper:
    """The chapters of an EPUB file.

    Raises:
        ValueError: it is damaged, protected, or too large.
    """
    with open_package(path) as package:
        return make_paper(_chapters(package))


def _chapters(package: Package) -> Iterator[Block]:
    container = package.parse("META-INF/container.xml")
    place = next((one.get("full-path", "") for one in container.iter("rootfile")), "") if container is not None else ""
    root = package.parse(place) if place else None
    if root is None:
        raise ValueError(DAMAGED)
    names = {one.get("id"): one.get("href", "") for one in root.iter("item")}
    title = next((one.text or "" for one in root.iter("title")), "")
    yield Block("h1", Markup("{}").format(title), title)
    for one in root.iter("itemref"):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(names.get(one.get("idref"), ""))))
        if data := package.read(name):
            html = clean_html(_HEAD.sub("", _decode(data), count=1), None)
            yield Block("section", Markup(html), _TAGS.sub("", html))  # noqa: S704 # cleaned


def _decode(data: bytes) -> str:
    told = _ENCODING.match(data)
    try:
        return data.decode(told[1].decode() if told else "utf-8", "replace")
    except LookupError:
        return data.decode(errors="replace")
