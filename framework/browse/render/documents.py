"""Documents that people write, as safe HTML whose relative links stay in the same version."""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import nh3
from markupsafe import Markup

from framework.browse.render.code.highlighting import CLASSES
from framework.browse.render.markup.anchors import Anchors
from framework.browse.render.markup.formulas import Formulas
from framework.browse.render.markup.markdown import ALERTS, render_markdown
from framework.browse.render.markup.restructured import render_restructured

README_NAMES = ("readme.md", "readme.markdown", "readme.rst", "readme.txt", "readme")
MARKDOWN_ENDINGS = (".md", ".markdown", ".mdown", ".mkd", ".rmd", ".qmd")
MARKDOWN, RST, PLAIN = "markdown", "rst", "plain"
LONGEST_DOCUMENT_BYTES = 1 << 17
ID_PREFIX = "doc-"
LINKED_SCHEMES = {"http", "https", "mailto"}

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ATTRIBUTES = {
    **{heading: {"id", "align"} for heading in _HEADINGS},
    **{block: {"align"} for block in ("p", "div")},
    **{cell: {"align", "colspan", "rowspan"} for cell in ("td", "th")},
    "section": {"id"},
    "li": {"id"},
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title", "width", "height", "align"},
    "ol": {"start"},
    "details": {"open"},
}
_CLASSES = {
    "span": set(CLASSES.values()),
    "aside": {f"alert-{kind}" for kind in ALERTS},
    "pre": {"mermaid"},
}
_PASTED = "attachment"

# A link or a picture as the cleaner writes it.
_WRITTEN = re.compile(r'<(a|img)((?: [a-z]+="[^"]*")*)>|</a>')
_SOURCE = re.compile(r' src="((?:https?:)?//[^"]*)"', re.IGNORECASE)
_DESCRIPTION = re.compile(r' alt="([^"]+)"')


@dataclass(frozen=True)
class Links:
    """Where a document lies: the address of its project's page, the ref, and the folder.

    One that lies in no project, with an empty address, has neither files to link to nor pictures of its own.
    """

    project: str
    ref: str
    folder: str

    def filter_attribute(self, tag: str, attribute: str, value: str) -> str | None:
        """An attribute of the document as the page carries it; None leaves it out.

        The address of a picture from elsewhere is kept, for `_name_pictures` to replace.
        """
        if attribute == "id":
            return value.lower()
        if attribute not in {"href", "src"}:
            return value
        try:
            target = urlsplit(value)
        except ValueError:
            return None
        if target.scheme or target.netloc:
            schemes = LINKED_SCHEMES if tag == "a" else {"http", "https", ""}
            return value if target.scheme in schemes and (target.scheme or tag == "img") else None
        if not target.path or not self.project:
            is_heading = tag == "a" and target.fragment and not target.path
            return f"#{_heading_id(target.fragment)}" if is_heading else None
        return self._inside("raw" if tag == "img" else "blob", target.path, target.fragment)

    def _inside(self, kind: str, path: str, fragment: str) -> str | None:
        """The page or the bytes of what the path leads to from here, or from the root when it begins with a slash."""
        joined = posixpath.join("/" if path.startswith("/") else f"/{self.folder}", unquote(path).lstrip("/"))
        inside = posixpath.normpath(joined).strip("/")
        if not inside:
            return self._address("tree", self.ref)
        has_headings = document_kind(inside) != PLAIN or inside.lower().endswith(".ipynb")
        heading = _heading_id(fragment) if has_headings else fragment
        return self._address(kind, self.ref, inside) + (f"#{heading}" if fragment else "")

    def _address(self, *parts: str) -> str:
        return "/".join((self.project, *(quote(part.encode(errors="surrogateescape"), safe="/") for part in parts)))


def document_kind(path: str) -> str:
    """How the name says that a document is written: markdown, rst, or plain for everything else."""
    if path.lower().endswith(MARKDOWN_ENDINGS):
        return MARKDOWN
    return RST if path.lower().endswith((".rst", ".rest")) else PLAIN


def readme_among(names: Sequence[str]) -> str | None:
    """The name of the file that introduces a folder, if there is one."""
    found = {name.lower(): name for name in names}
    return next((found[name] for name in README_NAMES if name in found), None)


def render_each(texts: Sequence[str]) -> list[Markup]:
    """Several texts of Markdown that belong to no project, each as HTML."""
    return [render_to_html(text, Links("", "", "")) for text in texts]


def render_to_html(
    text: str,
    links: Links,
    kind: str = MARKDOWN,
    *,
    anchors: Anchors | None = None,
    pasted: Mapping[str, str] | None = None,
) -> Markup:
    """The document as HTML of harmless elements: nothing runs, nothing is loaded from elsewhere, ids are its own.

    Its headings are added to the anchors. `pasted` are pictures that it carries itself: `data:` addresses by name.
    """
    formulas = Formulas()
    if kind == RST:
        made = render_restructured(text, formulas)
    else:
        made = render_markdown(text, formulas, Anchors() if anchors is None else anchors)
    return Markup(formulas.fill(clean_html(made, links, pasted or {})))  # noqa: S704 # cleaned, and so are its formulas


def clean_html(html: str, links: Links | None, pasted: Mapping[str, str] | None = None) -> str:
    """The harmless elements of some HTML; without `links` only addresses elsewhere are kept, and no picture."""
    tags = nh3.ALLOWED_TAGS | {"section"} if links else nh3.ALLOWED_TAGS - {"img"}
    cleaned = nh3.clean(
        html,
        tags=tags,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(links, pasted or {}) if links else _elsewhere_only,
        allowed_classes=_CLASSES,
        set_tag_attribute_values={"img": {"loading": "lazy"}} if links else {},
        url_schemes=LINKED_SCHEMES | ({_PASTED} if pasted else set()),
        id_prefix=ID_PREFIX,
        link_rel="nofollow noopener",
    )
    return _name_pictures(cleaned)


def _filter(links: Links, pasted: Mapping[str, str]) -> Callable[[str, str, str], str | None]:
    def filter_attribute(tag: str, attribute: str, value: str) -> str | None:
        scheme, _, name = value.partition(":")
        if attribute in {"href", "src"} and scheme.lower() == _PASTED:
            return pasted.get(unquote(name)) if tag == "img" else None
        return links.filter_attribute(tag, attribute, value)

    return filter_attribute if pasted else links.filter_attribute


def _name_pictures(cleaned: str) -> str:
    """The HTML with words in the places of pictures from elsewhere; they link there, unless they are in a link."""
    depth = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal depth
        if found[1] != "img":
            depth += 1 if found[1] else -1
            return found[0]
        source = _SOURCE.search(found[2])
        return _name_picture(source[1], found[2], linked=depth > 0) if source else found[0]

    return _WRITTEN.sub(replace, cleaned)


def _name_picture(address: str, attributes: str, *, linked: bool) -> str:
    """What takes a picture's place; its address and attributes are escaped already."""
    description = _DESCRIPTION.search(attributes)
    host = address.partition("//")[2].partition("/")[0].rpartition("@")[2]
    words = f"{description[1] if description else 'Picture'} <small>from {host}, not loaded</small>"
    if linked:
        return f'<span class="elsewhere">{words}</span>'
    return f'<a class="elsewhere" href="{address}" rel="nofollow noopener">{words}</a>'


def _heading_id(fragment: str) -> str:
    """The id of the heading that a link leads to; ids are in lower case."""
    return ID_PREFIX + quote(unquote(fragment).lower())


def _elsewhere_only(_tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or value.startswith(("http://", "https://", "mailto:")) else None
