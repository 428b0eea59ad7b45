"""What is in an HDF5 file: its groups and data sets one after another, as far as a page has room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.attributes import MOST_ATTRIBUTES, Attribute, read_attributes, read_space
from framework.browse.render.data.hdf5.blocks import Blocks
from framework.browse.render.data.hdf5.links import Link, is_group, read_links
from framework.browse.render.data.hdf5.objects import SPACE, TYPE, Message, first, read_header
from framework.browse.render.data.hdf5.storage import Storage, read_storage
from framework.browse.render.data.hdf5.types import Datatype, read_type

MOST_ITEMS, DEEPEST = 1_000, 40
LONGEST_NAME = 200
GROUP, DATA, OTHER = "group", "data", "other"


@dataclass(frozen=True)
class Item:
    """A group, a data set, or what is neither, of which the `words` say what it is.

    `shape` has the lengths along each axis: none of them for a single value, and no shape for nothing.
    """

    path: str
    kind: str
    words: str
    address: int | None = None
    attributes: Sequence[Attribute] = ()
    form: Datatype | None = None
    shape: tuple[int, ...] | None = None
    storage: Storage | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def count(self) -> int:
        """How many values it has."""
        return 0 if self.shape is None else prod(self.shape)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name."""
        return next((one for one in self.attributes if one.name == name), None)


@dataclass
class Contents:
    """The items in the order of the file, the root first; `is_whole` tells that there are no more."""

    items: list[Item] = field(default_factory=list)
    is_whole: bool = True


def list_contents(blocks: Blocks) -> Contents:
    """What the file has.

    Raises:
        Damaged: not even its root can be read.
    """
    found = Contents()
    walk = _Walk(blocks)
    for item in walk.visit(Link("", blocks.root), "", 0):
        if len(found.items) == MOST_ITEMS:
            found.is_whole = False
            break
        found.items.append(item)
    if found.items[0].kind != GROUP:
        raise Damaged
    return found


class _Walk:
    """Goes from the root to all that is below it, and to no object twice."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._seen = dict[int, str]()

    def visit(self, link: Link, parent: str, depth: int) -> Iterator[Item]:
        """The object that a link names, and all that is in it."""
        path = f"{parent}/{link.name[:LONGEST_NAME]}".removeprefix("/") if depth else ""
        if link.address is None:
            yield Item(path, OTHER, f"link to {link.target}" if link.target else "link")
        elif link.address in self._seen:
            yield Item(path, OTHER, f"the same as {self._seen[link.address] or 'the whole'}")
        elif depth > DEEPEST:
            yield Item(path, OTHER, "group")
        else:
            self._seen[link.address] = path
            yield from self._read(link.address, path, depth)

    def _read(self, address: int, path: str, depth: int) -> Iterator[Item]:
        try:
            messages = read_header(self._blocks, address)
            item = _read_item(self._blocks, path, address, messages)
        except Damaged:
            yield Item(path, OTHER, "cannot be read")
            return
        yield item
        if item.kind == GROUP:
            try:
                for link in read_links(self._blocks, messages):
                    yield from self.visit(link, path, depth + 1)
            except Damaged:
                yield Item(f"{path}/…", OTHER, "cannot be read")


def _read_item(blocks: Blocks, path: str, address: int, messages: Sequence[Message]) -> Item:
    attributes = list[Attribute]()
    for attribute in read_attributes(blocks, messages):
        attributes.append(attribute)
        if len(attributes) == MOST_ATTRIBUTES:
            break
    if is_group(messages):
        return Item(path, GROUP, "group", address, attributes)
    described, space = first(messages, TYPE), first(messages, SPACE)
    if described is None:
        return Item(path, OTHER, "empty", address, attributes)
    form = read_type(blocks.fields(described))
    if space is None:
        return Item(path, OTHER, f"named type: {form.words}", address, attributes)
    shape = read_space(blocks.fields(space))
    return Item(path, DATA, form.words, address, attributes, form, shape, read_storage(blocks, messages))
