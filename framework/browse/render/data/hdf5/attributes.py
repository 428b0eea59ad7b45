"""What is said of a group or a data set by names and values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Blocks, Fields
from framework.browse.render.data.hdf5.heaps import FractalHeap
from framework.browse.render.data.hdf5.objects import ATTRIBUTE, ATTRIBUTE_INFO, TYPE, Message, first, read_shared
from framework.browse.render.data.hdf5.trees import walk_new
from framework.browse.render.data.hdf5.types import MOST_AXES, Datatype, read_type

MOST_ATTRIBUTES = 100
_KIND_BY_NAME = 8


@dataclass(frozen=True)
class Attribute:
    """A name, the type and the number of its values along each axis, and their bytes."""

    name: str
    form: Datatype
    shape: Sequence[int]
    data: bytes

    @property
    def count(self) -> int:
        """How many values it has."""
        return prod(self.shape)


def read_attributes(blocks: Blocks, messages: Sequence[Message]) -> Iterator[Attribute]:
    """The attributes of the object that has these messages.

    Raises:
        Damaged.
    """
    for message in messages:
        if message.kind == ATTRIBUTE:
            yield _read_attribute(blocks, message.data)
    many = first(messages, ATTRIBUTE_INFO)
    if many is None:
        return
    told = blocks.fields(many)
    told.skip(1)
    told.skip(2 * (told.whole(1) & 1))
    heap, tree = told.address(), told.address()
    if heap is None:
        return
    found = FractalHeap(blocks, heap)
    for kind, record in walk_new(blocks, tree):
        if kind != _KIND_BY_NAME:
            raise Damaged
        yield _read_attribute(blocks, found.read(record[: found.name_bytes]))


def _read_attribute(blocks: Blocks, data: bytes) -> Attribute:
    told = blocks.fields(data)
    version, flags = told.whole(1), told.whole(1)
    name_bytes, type_bytes, space_bytes = told.whole(2), told.whole(2), told.whole(2)
    told.skip(1 if version == 3 else 0)

    def take(size_bytes: int) -> bytes:
        found = told.take(size_bytes)
        told.skip(-size_bytes % 8 if version == 1 else 0)
        return found

    name = take(name_bytes).split(b"\0")[0].decode(errors="replace")
    described = take(type_bytes)
    if version > 1 and flags & 1:
        described = read_shared(blocks, TYPE, described)
    form, shape = read_type(blocks.fields(described)), read_space(blocks.fields(take(space_bytes)))
    return Attribute(name, form, (0,) if shape is None else shape, told.rest())


def read_space(data: Fields) -> tuple[int, ...] | None:
    """How many values there are along each axis; empty for a single one, None for nothing at all.

    Raises:
        Damaged.
    """
    version, axes = data.whole(1), data.whole(1)
    data.skip(1)
    if version == 1:
        data.skip(5)
    elif data.whole(1) == 2:
        return None
    if axes > MOST_AXES:
        raise Damaged
    return tuple(data.length() for _number in range(axes))
