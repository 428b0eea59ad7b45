"""The headings of a page and the ids that links lead to, as GitHub and Jupyter make them of a heading's words."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it.token import Token
from markupsafe import escape

_KEPT_KINDS = {"Nd", "Nl", "Pc"}
_WORDS = {"text", "code_inline", "html_block"}


@dataclass(frozen=True)
class Heading:
    """A heading of a page: its level from 1 to 6, its words, and the id that leads to it, without the page's prefix."""

    level: int
    words: str
    id: str


@dataclass
class Anchors:
    """The ids that a page has given so far; several documents of one page share them.

    With `jupyter` each heading can also be reached by the id that Jupyter gives it. `part` tells the documents apart.
    """

    jupyter: bool = False
    part: int = 0
    headings: list[Heading] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, level: int, words: str) -> str:
        """Take up a heading; its id, which no other one has."""
        wanted = id_of(words)
        made, number = wanted, self._counts.get(wanted, 0)
        while made in self._counts:
            number += 1
            made = f"{wanted}-{number}"
        self._counts[wanted], self._counts[made] = number, self._counts.get(made, 0)
        self.headings.append(Heading(level, words.strip(), made))
        return made

    def mark_headings(self, tokens: Sequence[Token]) -> None:
        """Give each heading among a document's tokens its id."""
        for token, content in pairwise(tokens):
            if token.type == "heading_open":
                words = words_of(content)
                token.attrSet("id", made := self.add(int(token.tag[1:]), words))
                if self.jupyter and (other := words.strip().replace(" ", "-")) != made:
                    anchor = Token("html_inline", "", 0, content=f'<a id="{escape(other)}"></a>')
                    content.children = [anchor, *(content.children or [])]


def id_of(words: str) -> str:
    """The id that GitHub gives a heading: letters, digits, `_` and `-` in lower case, a hyphen for each space."""
    kept = (char for char in words.lower() if char in " -" or _is_of_word(char))
    return "".join(kept).replace(" ", "-")


def words_of(inline: Token) -> str:
    """The words of a paragraph or heading as a reader sees them, without the signs that mark them up."""
    return "".join(
        child.content if child.type in _WORDS else " " if child.type in {"softbreak", "hardbreak"} else ""
        for child in inline.children or []
    )


def _is_of_word(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind[0] in "LM" or kind in _KEPT_KINDS
