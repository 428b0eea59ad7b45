"""Names of a pack's objects in the order of the pack, from its index (gitformat-pack(5), version 2)."""

import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

from framework.repositories.write.received.pack_stream import NAME_BYTES, PackUnreadable

_MAGIC = b"\377tOc\0\0\0\2"
_FANOUT_END = len(_MAGIC) + 256 * 4
_ENTRY_BYTES = NAME_BYTES + 4


class PackNames:
    """The name of each object by its number; there are as many as objects were seen, at the same offsets.

    Raises:
        PackUnreadable: the index is of another pack.
    """

    def __init__(self, idx: Path, offsets: Sequence[int]) -> None:
        self._data = data = idx.read_bytes()
        count = int.from_bytes(data[_FANOUT_END - 4 : _FANOUT_END])
        start = _FANOUT_END + count * _ENTRY_BYTES
        found = array("I", data[start : start + 4 * count])
        if sys.byteorder == "little":
            found.byteswap()
        self._places = array("I", sorted(range(count), key=found.__getitem__))
        if not data.startswith(_MAGIC) or count != len(offsets) or not self._lie_at(found, offsets):
            raise PackUnreadable

    def _lie_at(self, found: Sequence[int], offsets: Sequence[int]) -> bool:
        return all(found[place] == offset for place, offset in zip(self._places, offsets, strict=True))

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> bytes:
        start = _FANOUT_END + self._places[number] * NAME_BYTES
        return self._data[start : start + NAME_BYTES]

    def numbers(self) -> dict[bytes, int]:
        """The numbers by name."""
        return {self[number]: number for number in range(len(self))}
