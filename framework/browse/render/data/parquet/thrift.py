"""Thrift's compact protocol, in which Parquet describes itself: structures as dictionaries by the numbers of fields."""

import struct
from typing import Any

from framework.browse.render.data.cursor import Damaged

DEEPEST = 24
MOST_VALUES = 300_000
_TRUE, _FALSE, _BYTE, _SHORT, _INT, _LONG, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12

Fields = dict[int, Any]


class Compact:
    """Reads from bytes; `place` is behind what was read."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self._data, self.place, self._room = data, place, MOST_VALUES

    def read_fields(self, depth: int = 0) -> Fields:
        """A structure.

        Raises:
            Damaged: there is none, or it is too large.
        """
        if depth > DEEPEST:
            raise Damaged
        found, number = Fields(), 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._whole()
            found[number] = self._read(head & 15, depth + 1)
        return found

    def _read(self, kind: int, depth: int) -> Any:
        self._room -= 1
        if self._room < 0:
            raise Damaged
        if kind in {_TRUE, _FALSE}:
            return kind == _TRUE
        if kind in {_LIST, _SET}:
            return self._read_list(depth)
        if kind == _STRUCT:
            return self.read_fields(depth)
        return self._read_simple(kind)

    def _read_simple(self, kind: int) -> int | float | bytes:
        if kind == _BYTE:
            return self._byte()
        if kind in {_SHORT, _INT, _LONG}:
            return self._whole()
        if kind == _DOUBLE:
            number: float = struct.unpack("<d", self._take(8))[0]
            return number
        if kind == _BINARY:
            return self._take(self.read_varint())
        raise Damaged

    def _read_list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self.read_varint()
        if count > self._room:
            raise Damaged
        inner = head & 15
        if inner in {_TRUE, _FALSE}:
            return [self._byte() == _TRUE for _number in range(count)]
        return [self._read(inner, depth) for _number in range(count)]

    def _whole(self) -> int:
        number = self.read_varint()
        return number >> 1 ^ -(number & 1)

    def read_varint(self) -> int:
        """A number in groups of seven bits, the least first.

        Raises:
            Damaged: it does not end.
        """
        number = shift = 0
        while shift < 70:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
        raise Damaged

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size_bytes: int) -> bytes:
        data = self._data[self.place : self.place + size_bytes]
        if len(data) < size_bytes:
            raise Damaged
        self.place += size_bytes
        return data
