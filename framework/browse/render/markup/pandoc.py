"""What Pandoc, R Markdown and Quarto write beside Markdown: attributes in braces, breaks of pages, references."""

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

LONGEST_LOOKED_AT = 300
_ITEM = r"""(?:[#.][\w:.-]+|-|[\w-]+=(?:"[^"]*"|[^\s"{}]+))"""
_BRACES = rf"\{{[ \t]*{_ITEM}(?:[ \t]+{_ITEM})*[ \t]*\}}"
_AT_THE_END = re.compile(rf"[ \t]+{_BRACES}[ \t]*$")
_AT_THE_START = re.compile(_BRACES)
_ID = re.compile(r"#([\w:.-]+)")
_WIDTH = re.compile(r"""\bwidth="?(\d{1,4}%|\d{1,4}(?=px|"|\s|\}))""")
_REFERENCE = re.compile(r"\\@ref\(([\w:.-]{1,100})\)")
_BREAKS = {"\\newpage", "\\pagebreak", "\\clearpage", "\\tableofcontents", "{{< pagebreak >}}", ". . ."}
"""Paragraphs that say how pages or slides are parted."""
_BEFORE_ATTRIBUTES = {"image", "link_close", "code_inline"}


def add_pandoc(parser: MarkdownIt) -> None:
    """Let the parser know all this."""
    parser.core.ruler.before("inline", "attributes", _strip_from_headings)
    parser.core.ruler.before("inline", "breaks", _leave_out_breaks)
    parser.core.ruler.before("inline", "references", _link_references)
    parser.core.ruler.after("inline", "inline_attributes", _strip_from_words)


def _strip_from_headings(state: StateCore) -> None:
    """Take `{#id .class}` off the ends of headings, and let links lead to the identifier."""
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open" and (found := _AT_THE_END.search(inline.content[-LONGEST_LOOKED_AT:])):
            told = _ID.search(found[0])
            anchor = f'<a id="{told[1]}"></a>' if told else ""
            inline.content = anchor + inline.content.removesuffix(found[0])


def _leave_out_breaks(state: StateCore) -> None:
    kept, place = list[Token](), 0
    while place < len(state.tokens):
        token = state.tokens[place]
        is_break = token.type == "paragraph_open" and state.tokens[place + 1].content.strip() in _BREAKS
        if not is_break:
            kept.append(token)
        place += 3 if is_break else 1
    state.tokens = kept


def _link_references(state: StateCore) -> None:
    r"""`\@ref(name)`, bookdown's reference to a section or figure, as a link to it."""
    for token in state.tokens:
        if token.type == "inline" and "\\@ref(" in token.content:
            token.content = _REFERENCE.sub(r"[\1](#\1)", token.content)


def _strip_from_words(state: StateCore) -> None:
    """Take attributes off what is behind pictures, links and code; the width of a picture is heeded."""
    for token in state.tokens:
        children = token.children or []
        for before, text in pairwise(children):
            if before.type not in _BEFORE_ATTRIBUTES or text.type != "text" or not text.content.startswith("{"):
                continue
            if found := _AT_THE_START.match(text.content[:LONGEST_LOOKED_AT]):
                text.content = text.content[found.end() :]
                if before.type == "image" and (width := _WIDTH.search(found[0])):
                    before.attrSet("width", width[1])
