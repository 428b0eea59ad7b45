"""JSON as a tree that can be folded, when it is small enough for a page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from framework.browse.render.encodings import replace_surrogates
from framework.browse.view_options import ViewOptions

LONGEST_BYTES = 1 << 19
MOST_NODES = 5_000
DEEPEST = 40
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Node:
    """A value: `kind` is object, array, string, number or word; a key or index, a text or children."""

    key: str
    kind: str
    text: str = ""
    children: Sequence["Node"] = ()


@dataclass(frozen=True)
class Tree:
    """The value of a JSON file."""

    root: Node


def read_tree(_name: str, text: str, _asked: ViewOptions) -> Tree:
    """The tree of a JSON text.

    Raises:
        ValueError: it is no JSON, or has too many values or too deep ones.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    return Tree(_Builder().node("", value, 0))


class _Builder:
    """Makes nodes, and counts them."""

    def __init__(self) -> None:
        self._left = MOST_NODES

    def node(self, key: str, value: object, depth: int) -> Node:
        """The node of a value."""
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"it has more than {MOST_NODES:,} values")
        if depth > DEEPEST:
            raise ValueError("its values are nested too deeply")
        if isinstance(value, dict):
            children = [self.node(replace_surrogates(name), one, depth + 1) for name, one in value.items()]
            return Node(key, "object", "", children)
        if isinstance(value, list):
            return Node(key, "array", "", [self.node(str(place), one, depth + 1) for place, one in enumerate(value)])
        return _leaf(key, value)


def _leaf(key: str, value: object) -> Node:
    kind = "string" if isinstance(value, str) else "word" if value is None or isinstance(value, bool) else "number"
    text = replace_surrogates(json.dumps(value, ensure_ascii=False))
    return Node(key, kind, text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…")
