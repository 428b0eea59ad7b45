"""Where the values of a data set are, and the first of them: in one piece, or in chunks that may be compressed."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Blocks, Fields
from framework.browse.render.data.hdf5.objects import FILTERS, LAYOUT, Message, first
from framework.browse.render.data.hdf5.trees import walk_old
from framework.browse.render.data.hdf5.types import TIMES

MOST_BYTES, MOST_CHUNKS = 32 << 20, 4_000
_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = range(4)
_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3
_FILTERS = {_DEFLATE: "gzip", _SHUFFLE: "shuffle", _CHECKSUM: "checksum", 4: "szip", 5: "n-bit", 6: "scale-offset",
            307: "bzip2", 32000: "LZF", 32001: "Blosc", 32004: "LZ4", 32008: "bitshuffle", 32013: "ZFP",
            32015: "Zstandard", 32026: "Blosc 2"}  # fmt: skip
_READ_FILTERS = {_DEFLATE, _SHUFFLE, _CHECKSUM}


class NotRead(ValueError):
    """The values are stored in a way that is not read here."""


@dataclass(frozen=True)
class Storage:
    """`way` says how they are stored; `chunk` has the lengths of a chunk, `filters` the numbers of what packs it."""

    way: int
    address: int | None = None
    data: bytes = b""
    chunk: Sequence[int] = ()
    filters: Sequence[int] = ()
    is_listed: bool = True

    @property
    def is_shown(self) -> bool:
        """Whether the values can be read here."""
        return self.way != _VIRTUAL and self.is_listed and set(self.filters) <= _READ_FILTERS

    @property
    def words(self) -> str:
        """For people."""
        if self.way != _CHUNKED:
            return "in other files" if self.way == _VIRTUAL else ""
        names = [_FILTERS.get(number, f"filter {number}") for number in self.filters]
        return ", ".join([TIMES.join(f"{length:,}" for length in self.chunk), *names])


def read_storage(blocks: Blocks, messages: Sequence[Message]) -> Storage:
    """How the values of the data set with these messages are stored.

    Raises:
        Damaged.
    """
    data = first(messages, LAYOUT)
    if data is None:
        return Storage(_VIRTUAL)
    told = blocks.fields(data)
    version, way = told.whole(1), told.whole(1)
    if version not in {3, 4} or way > _VIRTUAL:
        return Storage(_VIRTUAL) if version > 4 else _read_old(blocks, data)
    if way == _COMPACT:
        return Storage(way, data=told.take(told.whole(2)))
    if way == _CHUNKED:
        return _read_chunked(told, version, _read_filters(blocks, first(messages, FILTERS)))
    return Storage(way, told.address() if way == _CONTIGUOUS else None)


def _read_chunked(told: Fields, version: int, filters: Sequence[int]) -> Storage:
    if version == 3:
        axes = told.whole(1)
        address = told.address()
        return Storage(_CHUNKED, address, chunk=told.numbers(f"{axes}I")[:-1], filters=filters)
    told.skip(1)
    axes, width = told.whole(1), told.whole(1)
    chunk = [told.whole(width) for _axis in range(axes)][:-1]
    return Storage(_CHUNKED, chunk=chunk, filters=filters, is_listed=False)


def _read_old(blocks: Blocks, data: bytes) -> Storage:
    """The same of files from before HDF5 1.6.3."""
    told = blocks.fields(data)
    told.skip(1)
    axes, way = told.whole(1), told.whole(1)
    told.skip(5)
    address = None if way == _COMPACT else told.address()
    lengths = told.numbers(f"{axes}I")
    if way == _COMPACT:
        return Storage(way, data=told.take(told.whole(4)))
    return Storage(way, address, chunk=lengths[:-1] if way == _CHUNKED else (), is_listed=way != _CHUNKED)


def _read_filters(blocks: Blocks, data: bytes | None) -> list[int]:
    if data is None:
        return []
    told = blocks.fields(data)
    version, count = told.whole(1), told.whole(1)
    told.skip(6 if version == 1 else 0)
    numbers = list[int]()
    for _number in range(count):
        number = told.whole(2)
        name_bytes = told.whole(2) if version == 1 or number >= 256 else 0
        told.skip(2)
        values = told.whole(2)
        told.skip(name_bytes + (-name_bytes % 8 if version == 1 else 0))
        told.skip(4 * (values + (values % 2 if version == 1 else 0)))
        numbers.append(number)
    return numbers


def read_corner(
    blocks: Blocks, storage: Storage, shape: Sequence[int], corner: Sequence[int], *, value_bytes: int
) -> list[bytes]:
    """The values of the first so many places along each axis, row by row; what was never written is zeros.

    Raises:
        NotRead: they are packed in a way that is not known here. Damaged.
    """
    rows = prod(corner[:-1])
    width = (corner[-1] if corner else 1) * value_bytes
    if rows * width > MOST_BYTES or not storage.is_shown:
        raise NotRead("its values are stored in a way that is not shown here")
    made = [bytearray(width) for _row in range(rows)]
    if storage.way == _CHUNKED:
        for offsets, data in _read_chunks(blocks, storage, corner, value_bytes):
            _place_chunk(made, offsets, data, storage.chunk, corner, value_bytes)
    elif storage.way == _COMPACT or storage.address is not None:
        _read_piece(blocks, storage, made, shape, corner, value_bytes)
    return [bytes(row[start : start + value_bytes]) for row in made for start in range(0, width, value_bytes)]


def _read_piece(
    blocks: Blocks, storage: Storage, made: list[bytearray], shape: Sequence[int], corner: Sequence[int], size: int
) -> None:
    strides = [prod(shape[axis + 1 :]) * size for axis in range(len(shape))]
    for row, at in enumerate(product(*map(range, corner[:-1]))):
        start = sum(place * stride for place, stride in zip(at, strides, strict=False))
        width = len(made[row])
        if storage.way == _COMPACT:
            data = storage.data[start : start + width]
        else:
            data = blocks.read((storage.address or 0) + start, width)
        made[row][: len(data)] = data


def _read_chunks(
    blocks: Blocks, storage: Storage, corner: Sequence[int], value_bytes: int
) -> Iterator[tuple[Sequence[int], bytes]]:
    """The chunks that have a part of the corner: where they begin, and their values."""
    if storage.address is None:
        return
    size_bytes, room = prod(storage.chunk) * value_bytes, MOST_BYTES
    if not 0 < size_bytes <= MOST_BYTES or len(storage.chunk) != len(corner):
        raise NotRead("its chunks are too large to be shown here")
    keys = walk_old(blocks, storage.address, kind=1, key_bytes=8 + 8 * (len(corner) + 1))
    for number, (key, address) in enumerate(keys):
        told = blocks.fields(key)
        packed_bytes, mask = told.whole(4), told.whole(4)
        offsets = told.numbers(f"{len(corner)}Q")
        if number >= MOST_CHUNKS or (offsets and offsets[0] >= corner[0]):
            return
        if all(offset < most for offset, most in zip(offsets, corner, strict=True)):
            room -= size_bytes
            if room < 0:
                raise NotRead("its chunks are too large to be shown here")
            packed = blocks.at(address, packed_bytes).take(packed_bytes)
            yield offsets, _unpack(packed, storage.filters, mask, size_bytes, value_bytes)


def _unpack(data: bytes, filters: Sequence[int], mask: int, size_bytes: int, value_bytes: int) -> bytes:
    """The values of a chunk, from the last filter back to the first; those that the mask names were not used."""
    for place, number in reversed(list(enumerate(filters))):
        if mask >> place & 1:
            continue
        if number == _CHECKSUM:
            data = data[:-4]
        elif number == _DEFLATE:
            try:
                data = zlib.decompressobj().decompress(data, size_bytes + 4)
            except zlib.error as error:
                raise Damaged from error
        else:
            data = _unshuffle(data, value_bytes)
    return data


def _unshuffle(data: bytes, value_bytes: int) -> bytes:
    """First bytes, then second bytes, … become values again; what is left over stays at the end."""
    count = len(data) // value_bytes
    made = bytearray(data)
    for place in range(value_bytes):
        made[place : count * value_bytes : value_bytes] = data[place * count : (place + 1) * count]
    return bytes(made)


def _place_chunk(
    made: list[bytearray], offsets: Sequence[int], data: bytes, chunk: Sequence[int], corner: Sequence[int], size: int
) -> None:
    """Put the values of a chunk where they belong, as far as they are in the corner."""
    lengths = [min(length, most - start) for length, most, start in zip(chunk, corner, offsets, strict=True)]
    width = lengths[-1] * size
    for at in product(*map(range, lengths[:-1])):
        row = start = 0
        for axis, place in enumerate(at):
            row = row * corner[axis] + offsets[axis] + place
            start = start * chunk[axis] + place
        start *= chunk[-1] * size
        begin = offsets[-1] * size
        found = data[start : start + width]
        made[row][begin : begin + len(found)] = found
