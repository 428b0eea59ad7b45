"""Markdown as GitHub shows it, as HTML that still has to be cleaned."""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from framework.browse.render.code.highlighting import snippet
from framework.browse.render.markup.anchors import Anchors
from framework.browse.render.markup.autolinks import link_addresses
from framework.browse.render.markup.emoji import replace_names
from framework.browse.render.markup.fenced_divs import add_fenced_divs
from framework.browse.render.markup.formulas import LONGEST_FORMULA, Formulas
from framework.browse.render.markup.front_matter import split_front_matter
from framework.browse.render.markup.pandoc import add_pandoc

ALERTS = ("note", "tip", "important", "warning", "caution")

_ALERT = re.compile(rf"\[!({'|'.join(ALERTS)})\][ \t]*(?:\n|$)", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\]\s+")
_LINK = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
_NAME = re.compile(r"\sname\s*=", re.IGNORECASE)
_ID = re.compile(r"\sid\s*=", re.IGNORECASE)
_CHUNK = re.compile(r"\{\s*\.?([A-Za-z0-9_+-]*)")


def render_markdown(text: str, formulas: Formulas, anchors: Anchors) -> str:
    """The document; formulas are marks, and its headings are added to the anchors."""
    front, body = split_front_matter(text)
    anchors.part += 1
    made = _parser(formulas, anchors).render(body, {"docId": str(anchors.part)} if anchors.part > 1 else {})
    return str(front) + _LINK.sub(_name_to_id, made)


def _parser(formulas: Formulas, anchors: Anchors) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"highlight": lambda code, language, _rest: str(snippet(language, code))})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.use(amsmath_plugin, renderer=lambda latex: formulas.mark(latex, display=True))
    parser.use(
        dollarmath_plugin,
        allow_digits=False,
        double_inline=True,
        renderer=lambda latex, options: formulas.mark(latex, display=options["display_mode"]),
    )
    parser.inline.ruler.before("math_inline", "math_code", _read_code_formula)
    parser.add_render_rule("math_code", lambda _self, tokens, at, *_: formulas.mark(tokens[at].content, display=False))
    parser.add_render_rule("fence", _fence_rule(formulas))
    add_fenced_divs(parser, ALERTS)
    add_pandoc(parser)
    parser.core.ruler.push("addresses", link_addresses)
    parser.core.ruler.push("anchors", lambda state: anchors.mark_headings(state.tokens))
    parser.core.ruler.push("emoji", replace_names)
    parser.core.ruler.push("alignment", _align_cells)
    parser.core.ruler.push("tasks", _tick_tasks)
    parser.core.ruler.push("alerts", _raise_alerts)
    return parser


def _fence_rule(formulas: Formulas) -> Callable[..., str]:
    """What draws a block of code: a formula, a diagram for the script, or the code in its language's colours."""

    def fence(renderer: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[at]
        info = unescapeAll(token.info).strip()
        chunk = _CHUNK.match(info)
        language = (chunk[1] if chunk else info.partition(" ")[0]).lower()
        if language == "math":
            return f"<p>{formulas.mark(token.content, display=True)}</p>\n"
        if language == "mermaid":
            return str(Markup('<pre class="mermaid">{}</pre>\n').format(token.content))
        token.info = language
        return renderer.fence(tokens, at, options, env)

    return fence


def _read_code_formula(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as the parser calls it
    """A formula between $` and `$, which GitHub has beside the one between dollars."""
    start = state.pos + 2
    if state.src[state.pos : start] != "$`":
        return False
    end = state.src.find("`$", start, start + LONGEST_FORMULA)
    if end < 0:
        return False
    if not silent:
        state.push("math_code", "math", 0).content = state.src[start:end]
    state.pos = end + 2
    return True


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


def _raise_alerts(state: StateCore) -> None:
    """A quotation whose first line is `[!NOTE]` or the like as an alert."""
    opened: list[Token | None] = []
    for at, token in enumerate(state.tokens):
        if token.type == "blockquote_open":
            opened.append(token if _make_alert(state.tokens[at : at + 4]) else None)
        elif token.type == "blockquote_close" and opened.pop():
            token.tag = "aside"


def _make_alert(tokens: list[Token]) -> bool:
    """Make an alert of the quotation that begins with these tokens, if it says that it is one."""
    quotation, content = tokens[0], next((token for token in tokens if token.type == "inline"), None)
    found = _ALERT.match(content.content) if content and tokens[1].type == "paragraph_open" else None
    if not found or content is None or not content.children:
        return False
    kind = found[1].lower()
    quotation.tag = "aside"
    quotation.attrSet("class", f"alert-{kind}")
    rest = next((at for at, one in enumerate(content.children) if one.type in {"softbreak", "hardbreak"}), None)
    title = [Token("text", "", 0, content=kind.capitalize())]
    ending = [Token("html_inline", "", 0, content="</p>\n<p>")] if rest is not None else []
    content.children = [*title, *ending, *(content.children[rest + 1 :] if rest is not None else [])]
    return True


def _name_to_id(found: re.Match[str]) -> str:
    """The link with an `id` in the place of its `name`, which is all that a document's links may have."""
    return found[0] if _ID.search(found[0]) else _NAME.sub(" id=", found[0], count=1)
