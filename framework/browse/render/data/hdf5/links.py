"""The members of groups: their names, and where they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Blocks
from framework.browse.render.data.hdf5.heaps import FractalHeap, LocalHeap
from framework.browse.render.data.hdf5.objects import LINK, LINK_INFO, SYMBOLS, Message, first
from framework.browse.render.data.hdf5.trees import walk_new, walk_old

MOST_LINKS = 5_000
_NAMES_IN_ORDER, _NAMES_AS_MADE = 5, 6
_HARD, _CACHED_PATH = 0, 2
_HAS_KIND, _HAS_ORDER, _HAS_ENCODING = 8, 4, 16


@dataclass(frozen=True)
class Link:
    """A member's name, and the address of its header; None and `target` for what is named by a path."""

    name: str
    address: int | None
    target: str = ""


def is_group(messages: Sequence[Message]) -> bool:
    """Whether these are the messages of a group."""
    return any(message.kind in {LINK, LINK_INFO, SYMBOLS} for message in messages)


def read_links(blocks: Blocks, messages: Sequence[Message]) -> list[Link]:
    """The members of the group that has these messages by their names; so many at most, of which any may miss.

    Raises:
        Damaged.
    """
    return sorted(islice(_read_links(blocks, messages), MOST_LINKS), key=lambda link: link.name)


def _read_links(blocks: Blocks, messages: Sequence[Message]) -> Iterator[Link]:
    for message in messages:
        if message.kind == LINK:
            yield _read_link(blocks, message.data)
    if (symbols := first(messages, SYMBOLS)) is not None:
        yield from _read_symbols(blocks, symbols)
    if (many := first(messages, LINK_INFO)) is not None:
        yield from _read_many(blocks, many)


def _read_symbols(blocks: Blocks, data: bytes) -> Iterator[Link]:
    told = blocks.fields(data)
    tree, heap = told.address(), LocalHeap(blocks, told.address())
    for _key, address in walk_old(blocks, tree, kind=0, key_bytes=blocks.length_bytes):
        head = blocks.at(address, 8)
        if head.take(4) != b"SNOD":
            raise Damaged
        head.skip(2)
        count = head.whole(2)
        entries = blocks.at(address + 8, count * (24 + 2 * blocks.address_bytes))
        for _number in range(count):
            name, place, kind = entries.whole(blocks.address_bytes), entries.address(), entries.whole(4)
            entries.skip(4)
            more = entries.take(16)
            if kind == _CACHED_PATH:
                yield Link(heap.text(name), None, heap.text(int.from_bytes(more[:4], "little")))
            else:
                yield Link(heap.text(name), place)


def _read_many(blocks: Blocks, data: bytes) -> Iterator[Link]:
    told = blocks.fields(data)
    told.skip(1)
    told.skip(8 * (told.whole(1) & 1))
    heap, tree = told.address(), told.address()
    if heap is None:
        return
    found = FractalHeap(blocks, heap)
    for kind, record in walk_new(blocks, tree):
        if kind not in {_NAMES_IN_ORDER, _NAMES_AS_MADE}:
            raise Damaged
        start = 4 if kind == _NAMES_IN_ORDER else 8
        yield _read_link(blocks, found.read(record[start : start + found.name_bytes]))


def _read_link(blocks: Blocks, data: bytes) -> Link:
    told = blocks.fields(data)
    told.skip(1)
    flags = told.whole(1)
    kind = told.whole(1) if flags & _HAS_KIND else _HARD
    told.skip(8 * bool(flags & _HAS_ORDER) + bool(flags & _HAS_ENCODING))
    name = told.take(told.whole(1 << (flags & 3))).decode(errors="replace")
    if kind == _HARD:
        return Link(name, told.address())
    target = told.take(told.whole(2))
    return Link(name, None, target.strip(b"\0").replace(b"\0", b":").decode(errors="replace"))
