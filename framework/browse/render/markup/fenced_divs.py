"""Blocks between lines of colons, as Pandoc, Quarto and Docusaurus have them.

A callout is shown as an alert, whose title is the heading that it begins with. Of other blocks the content is shown,
since what they ask for is layout.
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
UNTITLED = "untitled"
MOST_OPEN, LONGEST_LINE = 50, 300


def add_fenced_divs(parser: MarkdownIt, alerts: Sequence[str]) -> None:
    """Let the parser know all this; blocks whose name is one of `alerts`, or a callout of it, become alerts."""
    parser.core.ruler.before("inline", "callouts", _take_titles)

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
            html, title = _begin(kind, found) if kind in alerts else ("", "")
        else:
            html, title = "</aside>\n" if opened.pop() else "", ""
        state.line = start + 1
        token = state.push("html_block", "", 0)
        token.content, token.meta = html + title, {UNTITLED: html} if title == _default_title(kind) else {}
        return True

    parser.block.ruler.before(
        "fence", "fenced_div", read_line, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def _kind_of(found: re.Match[str]) -> str:
    callout = _CALLOUT.search(found["attributes"] or "")
    return (callout[1] if callout else found["name"] or "").lower()


def _begin(kind: str, found: re.Match[str]) -> tuple[str, str]:
    """The beginning of an alert, and its title behind it."""
    told = _TITLE.search(found["attributes"] or "")
    title = ((told[1] or told[2]) if told else found["title"].strip()) or ""
    shown = str(Markup("<p>{}</p>\n").format(title)) if title else _default_title(kind)
    return f'<aside class="alert-{kind}">', shown


def _default_title(kind: str) -> str:
    return f"<p>{kind.capitalize()}</p>\n"


def _take_titles(state: StateCore) -> None:
    """Let the heading that an alert begins with be its title, where it has no other."""
    for block, heading, end in zip(state.tokens, state.tokens[1:], state.tokens[3:], strict=False):
        if heading.type == "heading_open" and UNTITLED in block.meta:
            block.content = f"{block.meta[UNTITLED]}\n"
            heading.type, heading.tag = "paragraph_open", "p"
            end.type, end.tag = "paragraph_close", "p"
