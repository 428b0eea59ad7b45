"""Bare addresses as links, where GitHub makes some of them: `https://…`, `www.…` and e-mail addresses."""

import re
from collections.abc import Iterator

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

# Each alternative begins at the start of a word only, so that a long word is looked at once.
_ADDRESS = re.compile(
    r"(?<![\w/@])(?:https?://|www\.)[^\s<]+|(?<![\w.+@/-])[a-z0-9._+-]+@[a-z0-9_-]+(?:\.[a-z0-9_-]+)+", re.IGNORECASE
)
_ENDS = "?!.,:*_~'\";"
_BEGINS_LINK, _ENDS_LINK = re.compile(r"<a[\s>]", re.IGNORECASE), re.compile(r"</a\s*>", re.IGNORECASE)


def link_addresses(state: StateCore) -> None:
    """Put links in the places of bare addresses, except within links and code."""
    for token in state.tokens:
        if token.type == "inline" and token.children and _ADDRESS.search(token.content):
            token.children = list(_replace(state, token.children))


def _replace(state: StateCore, tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        if token.type in {"link_open", "link_close"}:
            depth += token.nesting
        elif token.type == "html_inline":
            depth += bool(_BEGINS_LINK.match(token.content)) - bool(_ENDS_LINK.match(token.content))
        if token.type == "text" and depth <= 0:
            yield from _split(state, token)
        else:
            yield token


def _split(state: StateCore, token: Token) -> Iterator[Token]:
    text, place = token.content, 0
    for found in _ADDRESS.finditer(text):
        words = _without_end(found[0])
        target = state.md.normalizeLink(_target_of(words))
        if "." not in words.partition("//")[2] + words.partition("@")[2] and not words.startswith("www."):
            continue
        yield Token("text", "", 0, content=text[place : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": target})
        yield Token("text", "", 0, content=words)
        yield Token("link_close", "a", -1)
        place = found.start() + len(words)
    yield Token("text", "", 0, content=text[place:])


def _target_of(words: str) -> str:
    lower = words.lower()
    if lower.startswith(("http://", "https://")):
        return words
    return f"https://{words}" if lower.startswith("www.") else f"mailto:{words}"


def _without_end(words: str) -> str:
    """The address without the signs behind it that belong to the sentence; a bracket that it opens is its own."""
    unopened, end = words.count(")") - words.count("("), len(words)
    while end:
        last = words[end - 1]
        if last == ")" and unopened > 0:
            unopened -= 1
        elif last not in _ENDS:
            break
        end -= 1
    return words[:end]
