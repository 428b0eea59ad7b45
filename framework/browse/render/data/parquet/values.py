"""The pages of a column chunk: unpacked, and their values decoded, as many as are asked for."""

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice

import cramjam

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.parquet.schema import BOOLEAN, BYTES, FIXED, INT96, Column, Value
from framework.browse.render.data.parquet.thrift import Compact, Fields

LONGEST_PAGE_BYTES = 24 << 20
MOST_PAGES = 200
_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3
_PLAIN, _PLAIN_DICTIONARY, _RLE, _RLE_DICTIONARY = 0, 2, 3, 8
_FORMATS = {1: "i", 2: "q", 4: "f", 5: "d"}

Cell = tuple[int, int, Value]
"""A value with how deep it is defined and repeated."""


class NotDecoded(ValueError):
    """The values are written in a way that is not read here."""


def read_cells(data: bytes, column: Column, codec: int, most: int) -> Iterator[Cell]:
    """The first values of a column chunk, which these bytes begin with.

    Raises:
        Damaged. NotDecoded: of another encoding or compression.
    """
    place, found = 0, 0
    dictionary: Sequence[Value] = ()
    for _number in range(MOST_PAGES):
        if found >= most or place >= len(data):
            return
        compact = Compact(data, place)
        header = compact.read_fields()
        kind, packed = header.get(1), data[compact.place : compact.place + header.get(3, 0)]
        place = compact.place + max(1, header.get(3, 0))
        if kind == _DICTIONARY:
            page = _unpack(packed, codec, header.get(2, 0))
            dictionary = _read_plain(page, column, header.get(7, {}).get(1, 0))
        elif kind in {_DATA, _DATA_2}:
            for cell in _Page(column, dictionary).read(header, packed, codec, most - found):
                found += 1
                yield cell


class _Page:
    """A page of values of a column, whose dictionary was read before."""

    def __init__(self, column: Column, dictionary: Sequence[Value]) -> None:
        self._column, self._dictionary = column, dictionary

    def read(self, header: Fields, packed: bytes, codec: int, most: int) -> Iterator[Cell]:
        """The first cells of the page."""
        told = header.get(8) or header.get(5) or {}
        count = min(told.get(1, 0), most)
        defined_bits, repeated_bits = self._column.most_defined.bit_length(), self._column.most_repeated.bit_length()
        if header.get(1) == _DATA_2:
            lengths = told.get(6, 0), told.get(5, 0)
            levels, rest = packed[: sum(lengths)], packed[sum(lengths) :]
            data = _unpack(rest, codec, header.get(2, 0) - sum(lengths)) if told.get(7, True) else rest
            repeated_part, defined_part = levels[: lengths[0]], levels[lengths[0] :]
            encoding = told.get(4)
        else:
            data = _unpack(packed, codec, header.get(2, 0))
            repeated_part, data = _cut_levels(data, repeated_bits)
            defined_part, data = _cut_levels(data, defined_bits)
            encoding = told.get(2)
        repeated = _read_runs(repeated_part, repeated_bits, count) if repeated_bits else [0] * count
        defined = _read_runs(defined_part, defined_bits, count) if defined_bits else [0] * count
        values = iter(self._read_values(data, encoding, sum(it == self._column.most_defined for it in defined)))
        for level, repetition in zip(defined, repeated, strict=False):
            yield level, repetition, next(values, None) if level == self._column.most_defined else None

    def _read_values(self, data: bytes, encoding: int | None, count: int) -> Sequence[Value]:
        if encoding == _PLAIN:
            return _read_plain(data, self._column, count)
        if encoding in {_PLAIN_DICTIONARY, _RLE_DICTIONARY}:
            if not data:
                return []
            places = _read_runs(data[1:], data[0], count)
            return [self._dictionary[place] if place < len(self._dictionary) else None for place in places]
        if encoding == _RLE and self._column.type == BOOLEAN:
            return [bool(value) for value in _read_runs(data[4:], 1, count)]
        raise NotDecoded


def _cut_levels(data: bytes, bits: int) -> tuple[bytes, bytes]:
    if not bits:
        return b"", data
    if len(data) < 4:
        raise Damaged
    (length,) = struct.unpack_from("<I", data)
    return data[4 : 4 + length], data[4 + length :]


def _unpack(data: bytes, codec: int, size_bytes: int) -> bytes:
    """The bytes of a page.

    Raises:
        Damaged. NotDecoded: another compression.
    """
    if not 0 <= size_bytes <= LONGEST_PAGE_BYTES:
        raise NotDecoded
    try:
        if codec == 0:
            return data
        if codec == 1:
            return bytes(cramjam.snappy.decompress_raw(data))
        if codec == 2:
            return gzip.decompress(data)
        if codec == 4:
            return bytes(cramjam.brotli.decompress(data))
        if codec == 6:
            return bytes(cramjam.zstd.decompress(data))
        if codec == 7:
            return bytes(cramjam.lz4.decompress_block(data, output_len=size_bytes))
    except (cramjam.DecompressionError, zlib.error, EOFError, OSError, ValueError) as error:
        raise Damaged from error
    raise NotDecoded


def _read_plain(data: bytes, column: Column, count: int) -> Sequence[Value]:
    if column.type in _FORMATS:
        size_bytes = struct.calcsize(_FORMATS[column.type])
        many = min(count, len(data) // size_bytes)
        return list(struct.unpack_from(f"<{many}{_FORMATS[column.type]}", data))
    if column.type == BOOLEAN:
        return [bool(data[place // 8] >> place % 8 & 1) for place in range(min(count, len(data) * 8))]
    if column.type in {FIXED, INT96}:
        length = 12 if column.type == INT96 else column.length
        if length < 1:
            raise Damaged
        return [data[place : place + length] for place in range(0, len(data) - length + 1, length)][:count]
    assert column.type == BYTES
    return list(islice(_read_texts(data), count))


def _read_texts(data: bytes) -> Iterator[bytes]:
    place = 0
    while place + 4 <= len(data):
        (length,) = struct.unpack_from("<I", data, place)
        yield data[place + 4 : place + 4 + length]
        place += 4 + length


def _read_runs(data: bytes, bits: int, count: int) -> list[int]:
    """Numbers in runs of one value or packed in groups of eight (the RLE and bit-packing hybrid)."""
    if bits > 32:
        raise Damaged
    found, place, size_bytes = list[int](), 0, (bits + 7) // 8
    while len(found) < count and place < len(data):
        compact = Compact(data, place)
        head, place = compact.read_varint(), compact.place
        if head & 1:
            many = min((head >> 1) * 8, count - len(found))
            found += islice(_split(data[place : place + (many + 7) // 8 * bits], bits), many)
            place += (head >> 1) * bits
        else:
            value = int.from_bytes(data[place : place + size_bytes], "little")
            place += size_bytes
            found += [value] * min(head >> 1, count - len(found))
    return found[:count]


def _split(packed: bytes, bits: int) -> Iterator[int]:
    """The numbers of so many bits, of which eight fill so many bytes."""
    mask = (1 << bits) - 1
    for start in range(0, len(packed), max(1, bits)):
        number = int.from_bytes(packed[start : start + bits], "little")
        for _place in range(8):
            yield number & mask
            number >>= bits
