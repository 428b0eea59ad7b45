"""Blocks between lines of colons, as Pandoc, Quarto and Docusaurus have them, and what stands in braces after headings.

A callout is shown as an alert. Of other blocks the content is shown, since what they ask for is layout.
"""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markupsafe import Markup

_LINE = re.compile(
    r":{3,}+[ \t]*+(?P<name>[A-Za-z][\w-]*+)?+[ \t]*+(?P<attributes>\{[^{}]*\})?+(?P<title>[^:{}]*+):*+[ \t]*+"
)
"""Possessive, since a line of many spaces could be divided in very many ways."""
_CALLOUT = re.compile(r"\.callout-(\w+)")
_TITLE = re.compile(r"""\btitle=(?:"([^"]*)"|'([^']*)')""")
_ITEM = r"""(?:[#.][\w:.-]+|-|[\w-]+=(?:"[^"]*"|[^\s"{}]+))"""
_ATTRIBUTES = re.compile(rf"[ \t]+\{{[ \t]*{_ITEM}(?:[ \t]+{_ITEM})*[ \t]*\}}[ \t]*$")
_ID = re.compile(r"#([\w:.-]+)")
MOST_OPEN, LONGEST_LINE = 50, 300


def add_fenced_divs(parser: MarkdownIt, alerts: Sequence[str]) -> None:
    """Let the parser know all this; blocks whose name is one of `alerts`, or a callout of it, become alerts."""
    parser.core.ruler.before("inline", "attributes", _strip_attributes)

    def read_line(state: StateBlock, start: int, _end: int, silent: bool) -> bool:  # noqa: FBT001 # as the parser calls it
        begin, end = state.bMarks[start] + state.tShift[start], state.eMarks[start]
        if state.is_code_block(start) or not state.src.startswith(":::", begin) or end - begin > LONGEST_LINE:
            return False
        found = _LINE.fullmatch(state.src, begin, end)
        opened: list[bool] = state.env.setdefault("fenced_divs", [])
        opens = bool(found and (found["name"] or found["attributes"]))
        closes = bool(found and opened and not opens and not found["title"])
        if not found or not ((opens and len(opened) < MOST_OPEN) or closes):
            return False
        if silent:
            return True
        kind = _kind_of(found) if opens else ""
        if opens:
            opened.append(kind in alerts)
            html = _begin(kind, found) if kind in alerts else ""
        else:
            html = "</aside>\n" if opened.pop() else ""
        state.line = start + 1
        state.push("html_block", "", 0).content = html
        return True

    parser.block.ruler.before(
        "fence", "fenced_div", read_line, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def _kind_of(found: re.Match[str]) -> str:
    callout = _CALLOUT.search(found["attributes"] or "")
    return (callout[1] if callout else found["name"] or "").lower()


def _begin(kind: str, found: re.Match[str]) -> str:
    told = _TITLE.search(found["attributes"] or "")
    title = ((told[1] or told[2]) if told else found["title"].strip()) or kind.capitalize()
    return str(Markup('<aside class="alert-{}"><p>{}</p>\n').format(kind, title))


def _strip_attributes(state: StateCore) -> None:
    """Take `{#id .class}` off the ends of headings, and let links lead to the identifier."""
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open" and (found := _ATTRIBUTES.search(inline.content[-LONGEST_LINE:])):
            told = _ID.search(found[0])
            anchor = f'<a id="{told[1]}"></a>' if told else ""
            inline.content = anchor + inline.content.removesuffix(found[0])
