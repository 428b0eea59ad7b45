"""Documents that people write, as safe HTML whose relative links stay in the same version."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from framework.browse.render.code.highlighting import CLASSES, snippet
from framework.browse.render.formulas import Formulas
from framework.browse.render.restructured import render_restructured

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
_TASK = re.compile(r"\[([ xX])\]\s+")


@dataclass(frozen=True)
class Links:
    """Where a document lies: the address of its project's page, the ref, and the folder."""

    project: str
    ref: str
    folder: str

    def filter_attribute(self, tag: str, attribute: str, value: str) -> str | None:
        """An attribute of the document as the page carries it; None leaves it out."""
        if attribute not in {"href", "src"}:
            return value
        try:
            target = urlsplit(value)
        except ValueError:
            return None
        if target.scheme or target.netloc:
            return value if tag == "a" and target.scheme in LINKED_SCHEMES else None
        if not target.path:
            return f"#{ID_PREFIX}{target.fragment.lower()}" if tag == "a" and target.fragment else None
        return self._inside("raw" if tag == "img" else "blob", target.path, target.fragment)

    def _inside(self, kind: str, path: str, fragment: str) -> str | None:
        """The page or the bytes of what the path leads to from here, or from the root when it begins with a slash."""
        joined = posixpath.join("/" if path.startswith("/") else f"/{self.folder}", unquote(path).lstrip("/"))
        inside = posixpath.normpath(joined).strip("/")
        if not inside:
            return self._address("tree", self.ref)
        heading = fragment if document_kind(inside) == PLAIN else f"{ID_PREFIX}{fragment.lower()}"
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


def render_to_html(text: str, links: Links, kind: str = MARKDOWN) -> Markup:
    """The document as HTML of harmless elements: nothing runs, nothing is loaded from elsewhere, ids are its own."""
    formulas = Formulas()
    made = render_restructured(text, formulas) if kind == RST else _parser(formulas).render(text)
    return Markup(formulas.fill(clean_html(made, links)))  # noqa: S704 # cleaned, and so are its formulas


def clean_html(html: str, links: Links | None) -> str:
    """The harmless elements of some HTML; without `links` only addresses elsewhere are kept, and no picture."""
    tags = nh3.ALLOWED_TAGS | {"section"} if links else nh3.ALLOWED_TAGS - {"img"}
    return nh3.clean(
        html,
        tags=tags,
        attributes=_ATTRIBUTES,
        attribute_filter=links.filter_attribute if links else _elsewhere_only,
        allowed_classes={"span": set(CLASSES.values())},
        set_tag_attribute_values={"img": {"loading": "lazy"}} if links else {},
        url_schemes=LINKED_SCHEMES,
        id_prefix=ID_PREFIX,
        link_rel="nofollow noopener",
    )


def _elsewhere_only(_tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or value.startswith(("http://", "https://", "mailto:")) else None


def _parser(formulas: Formulas) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"highlight": _fence}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.use(
        dollarmath_plugin,
        allow_digits=False,
        double_inline=True,
        renderer=lambda latex, options: formulas.mark(latex, display=options["display_mode"]),
    )
    parser.core.ruler.push("addresses", _add_heading_ids)
    parser.core.ruler.push("alignment", _align_cells)
    parser.core.ruler.push("tasks", _tick_tasks)
    return parser


def _fence(code: str, language: str, _attributes: str) -> str:
    return str(snippet(language, code))


def _add_heading_ids(state: StateCore) -> None:
    """An id for each heading, made of its words as other forges do, so that `#the-words` leads to it."""
    seen: dict[str, int] = {}
    for token, content in zip(state.tokens, state.tokens[1:], strict=False):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", content.content.lower()).strip().replace(" ", "-")
            seen[words] = seen.get(words, -1) + 1
            token.attrSet("id", f"{words}-{seen[words]}" if seen[words] else words)


def _align_cells(state: StateCore) -> None:
    """Alignment by an attribute, since the pages allow no inline style."""
    for token in state.tokens:
        style = str(token.attrs.pop("style", "")) if token.type in {"th_open", "td_open"} else ""
        if style:
            token.attrSet("align", style.removeprefix("text-align:"))


def _tick_tasks(state: StateCore) -> None:
    """`[x]` at the start of a list's item as a ticked box: a sign, since a document has no controls."""
    for before, _paragraph, token in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if before.type == "list_item_open" and token.type == "inline" and token.children:
            first = token.children[0]
            if task := _TASK.match(first.content):
                first.content = ("☐ " if task[1] == " " else "☑ ") + first.content[task.end() :]
