"""JSON as a tree that can be folded, when it is small enough for a page; numbers and keys as they are written."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from framework.browse.render.encodings import replace_surrogates
from framework.browse.view_options import ViewOptions

MOST_NODES = 5_000
DEEPEST = 40
SHORT_NODES = 100
"""A tree of no more values is unfolded."""
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Node:
    """A value: `kind` is object, array, string, number or word; a key or index, a text or children.

    XML has elements, whose children may be texts without a key, and comments.
    """

    key: str
    kind: str
    text: str = ""
    children: Sequence["Node"] = ()


@dataclass(frozen=True)
class Tree:
    """The value of a file."""

    root: Node

    @property
    def is_short(self) -> bool:
        """Whether all of it can be unfolded at first."""
        return _count(self.root) <= SHORT_NODES


def _count(node: Node) -> int:
    return 1 + sum(map(_count, node.children))


def read_tree(_name: str, text: str, _asked: ViewOptions) -> Tree:
    """The tree of a JSON text.

    Raises:
        ValueError: it is no JSON, or has too many values or too deep ones.
    """
    return tree_of(parse_exactly(text))


def tree_of(value: object) -> Tree:
    """The tree of a value as `parse_exactly` gives it.

    Raises:
        ValueError: it has too many values or too deep ones.
    """
    return Tree(_Builder().node("", value, 0))


class Written(str):
    """A number as it is written; a float would round it, and `1E400` would be infinite."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The names and values of an object in their order; a name may be there twice."""


def parse_exactly(text: str) -> Any:
    """The value of a JSON text: objects are `Members`, numbers `Written`, all else as `json` has it.

    Raises:
        ValueError: it is no JSON, or its values are too deep.
    """
    try:
        return json.loads(
            text, object_pairs_hook=Members, parse_float=Written, parse_int=Written, parse_constant=Written
        )
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error


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
        if isinstance(value, Members):
            children = [self.node(replace_surrogates(name), one, depth + 1) for name, one in value]
            return Node(key, "object", "", children)
        if isinstance(value, list):
            return Node(key, "array", "", [self.node(str(place), one, depth + 1) for place, one in enumerate(value)])
        return _leaf(key, value)


def _leaf(key: str, value: object) -> Node:
    if isinstance(value, Written):
        kind, text = "number", str(value)
    else:
        kind, text = "string" if isinstance(value, str) else "word", write_value(value)
    return Node(key, kind, text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…")


def write_value(value: object) -> str:
    """The value as JSON again, its numbers as they were written."""
    if isinstance(value, Members):
        return "{" + ", ".join(f"{write_value(name)}: {write_value(one)}" for name, one in value) + "}"
    if isinstance(value, Written):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(map(write_value, value)) + "]"
    return replace_surrogates(json.dumps(value, ensure_ascii=False))
