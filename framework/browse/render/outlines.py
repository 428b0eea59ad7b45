"""YAML, TOML and XML as trees that can be folded, as JSON is; the text with its comments is what pages show first."""

import datetime
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from xml.parsers import expat

import yaml

from framework.browse.render.json_trees import DEEPEST, LONGEST_TEXT, MOST_NODES, Members, Node, Tree, Written, tree_of
from framework.browse.view_options import ViewOptions

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_WORDS = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}
_TOO_DEEP = "its values are nested too deeply"
_TOO_MANY = f"it has more than {MOST_NODES:,} values"


def read_yaml(_name: str, text: str, _asked: ViewOptions) -> Tree:
    """The values of a YAML text as they are written; an alias stays the name of what it stands for.

    Raises:
        ValueError: it is no YAML, or has too many values or too deep ones.
    """
    try:
        documents = list(_YamlTrees(text).read())
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{line}{error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError("it has signs that YAML does not allow") from error
    if len(documents) == 1:
        return Tree(documents[0])
    named = [replace(one, key=f"document {number}") for number, one in enumerate(documents, 1)]
    return Tree(Node("", "array", "", named))


class _YamlTrees:
    """Makes nodes of the events of a parser, which expands no alias."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=_LOADER)
        self._resolver = yaml.resolver.Resolver()
        self._left = MOST_NODES

    def read(self) -> Iterator[Node]:
        """The value of each document."""
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield self._node("", next(self._events), 0)

    def _node(self, key: str, event: yaml.Event, depth: int) -> Node:
        self._left -= 1
        if self._left < 0:
            raise ValueError(_TOO_MANY)
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
        if isinstance(event, yaml.MappingStartEvent):
            return Node(key, "object", "", list(self._members(depth + 1)))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(key, "array", "", list(self._elements(depth + 1)))
        if isinstance(event, yaml.AliasEvent):
            return Node(key, "word", f"*{event.anchor}")
        assert isinstance(event, yaml.ScalarEvent)
        return Node(key, self._kind_of(event), _cut(event.value))

    def _members(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node("", event, depth)
            name = f"*{key.text}" if isinstance(event, yaml.AliasEvent) else key.text or _write_key(key)
            yield self._node(name, next(self._events), depth)

    def _elements(self, depth: int) -> Iterator[Node]:
        place = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(str(place), event, depth)
            place += 1

    def _kind_of(self, event: yaml.ScalarEvent) -> str:
        tag = event.tag or self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        return "number" if tag in _NUMBERS else "word" if tag in _WORDS else "string"


def _write_key(node: Node) -> str:
    """A key that is itself a mapping or a sequence."""
    return {"object": "{…}", "array": "[…]"}.get(node.kind, "")


def read_toml(_name: str, text: str, _asked: ViewOptions) -> Tree:
    """The values of a TOML text.

    Raises:
        ValueError: it is no TOML, or has too many values or too deep ones.
    """
    try:
        told = tomllib.loads(text.removeprefix("\ufeff"), parse_float=Written)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    return tree_of(_as_members(told, 0))


def _as_members(value: object, depth: int) -> object:
    """The value as that of a JSON text: times and whole numbers are written."""
    if depth > DEEPEST:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, dict):
        return Members((name, _as_members(one, depth + 1)) for name, one in value.items())
    if isinstance(value, list):
        return [_as_members(one, depth + 1) for one in value]
    if isinstance(value, datetime.datetime):
        return Written(value.isoformat(" "))
    if isinstance(value, datetime.date | datetime.time):
        return Written(value.isoformat())
    return Written(value) if isinstance(value, int) and not isinstance(value, bool) else value


def read_xml(_name: str, text: str, _asked: ViewOptions) -> Tree:
    """The elements of an XML text with their attributes; an entity that it declares itself is never expanded.

    Raises:
        ValueError: it is no XML, or has too many elements or too deep ones.
    """
    builder = _XmlTree()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler, parser.CommentHandler = builder.tell, builder.remark
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(text.removeprefix("\ufeff").encode(errors="replace"), True)  # noqa: FBT003 # it takes no name
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from error
    return Tree(builder.root.children[0] if len(builder.root.children) == 1 else builder.root)


def _refuse_entity(*_declared: object) -> None:
    raise ValueError("it declares entities, which are not expanded here")


class _XmlTree:
    """Puts elements into each other; an element of text alone is a leaf."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[Node]]] = [("", [])]
        self._left = MOST_NODES

    @property
    def root(self) -> Node:
        """The document, with its element and the comments beside it."""
        return Node("", "elements", "", self._open[0][1])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._count(1 + len(attributes))
        if len(self._open) > DEEPEST:
            raise ValueError(_TOO_DEEP)
        self._open.append((name, [Node(f"@{key}", "string", _cut(value)) for key, value in attributes.items()]))

    def end(self, _name: str) -> None:
        """It ends."""
        name, children = self._open.pop()
        is_text = len(children) == 1 and not children[0].key
        leaf = Node(name, "string", children[0].text) if is_text else Node(name, "elements", "", children)
        self._open[-1][1].append(leaf)

    def tell(self, text: str) -> None:
        """There is text."""
        if text.strip():
            self._count(1)
            self._open[-1][1].append(Node("", "string", _cut(text.strip())))

    def remark(self, text: str) -> None:
        """There is a comment."""
        self._count(1)
        self._open[-1][1].append(Node("", "comment", _cut(text.strip())))

    def _count(self, nodes: int) -> None:
        self._left -= nodes
        if self._left < 0:
            raise ValueError(_TOO_MANY)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
