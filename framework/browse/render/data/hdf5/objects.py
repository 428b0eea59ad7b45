"""Object headers: the messages that say what a group or a data set is."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Blocks, Fields

SPACE, LINK_INFO, TYPE, LINK, LAYOUT, FILTERS, ATTRIBUTE, SYMBOLS, ATTRIBUTE_INFO = 1, 2, 3, 6, 8, 11, 12, 17, 21
MOST_MESSAGES, MOST_PARTS = 4_000, 500
_CONTINUED = 16
_SHARED = 2
_HAS_TIMES, _HAS_PHASES, _HAS_ORDER = 0x20, 0x10, 0x04


@dataclass(frozen=True)
class Message:
    """A message: its kind, and the bytes that say it."""

    kind: int
    data: bytes


def read_header(blocks: Blocks, address: int) -> list[Message]:
    """The messages of the object at this address; one that is shared is read from where it is.

    Raises:
        Damaged.
    """
    start = blocks.at(address, 64)
    messages = list[Message]()
    for kind, flags, data in _read_new(blocks, address) if start.take(4) == b"OHDR" else _read_old(blocks, address):
        shared = flags & _SHARED
        messages.append(Message(kind, read_shared(blocks, kind, data) if shared else data))
        if len(messages) > MOST_MESSAGES:
            raise Damaged
    return messages


def first(messages: Sequence[Message], kind: int) -> bytes | None:
    """What the first message of a kind says; None where there is none."""
    return next((message.data for message in messages if message.kind == kind), None)


def read_shared(blocks: Blocks, kind: int, data: bytes) -> bytes:
    """A message of this kind that stands in the header of another object, as named types do.

    Raises:
        Damaged: it is not there.
    """
    told = blocks.fields(data)
    version, place = told.whole(1), told.whole(1)
    told.skip(6 if version == 1 else 0)
    if version == 3 and place == 1:  # in a heap of shared messages
        raise Damaged
    address = told.address()
    raw = _read_new if blocks.read(address, 4) == b"OHDR" else _read_old
    for found, flags, there in raw(blocks, address or 0):
        if found == kind and not flags & _SHARED:
            return there
    raise Damaged


def _read_old(blocks: Blocks, address: int) -> Iterator[tuple[int, int, bytes]]:
    head = blocks.at(address, 16)
    if head.whole(1) != 1:
        raise Damaged
    head.skip(7)
    parts = deque([(address + 16, head.whole(4))])
    for _number in range(MOST_PARTS):
        if not parts:
            return
        place, size_bytes = parts.popleft()
        part = blocks.at(place, size_bytes)
        left = size_bytes
        while left >= 8:
            kind, length, flags = part.whole(2), part.whole(2), part.whole(1)
            part.skip(3)
            data = part.take(length)
            left -= 8 + length
            if kind == _CONTINUED:
                parts.append(_read_continuation(blocks.fields(data)))
            else:
                yield kind, flags, data


def _read_new(blocks: Blocks, address: int) -> Iterator[tuple[int, int, bytes]]:
    head = blocks.at(address, 64)
    head.skip(4)
    if head.whole(1) != 2:
        raise Damaged
    flags = head.whole(1)
    times, phases, width = 16 * bool(flags & _HAS_TIMES), 4 * bool(flags & _HAS_PHASES), 1 << (flags & 3)
    head.skip(times + phases)
    size_bytes, start = head.whole(width), address + 6 + times + phases + width
    ordered = 2 if flags & _HAS_ORDER else 0
    parts = deque([(start, size_bytes)])
    for _number in range(MOST_PARTS):
        if not parts:
            return
        place, left = parts.popleft()
        part = blocks.at(place, left)
        while left >= 4 + ordered:
            kind, length, told = part.whole(1), part.whole(2), part.whole(1)
            part.skip(ordered)
            data = part.take(length)
            left -= 4 + ordered + length
            if kind == _CONTINUED:
                following, size_bytes = _read_continuation(blocks.fields(data))
                if blocks.read(following, 4) != b"OCHK":
                    raise Damaged
                parts.append((following + 4, size_bytes - 8))
            else:
                yield kind, told, data


def _read_continuation(data: Fields) -> tuple[int, int]:
    place, size_bytes = data.address(), data.length()
    if place is None:
        raise Damaged
    return place, size_bytes
