"""Values of any type as text."""

import struct

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Blocks
from framework.browse.render.data.hdf5.heaps import GlobalHeap
from framework.browse.render.data.hdf5.types import Datatype
from framework.browse.render.data.moments import write_number

MOST_ELEMENTS, LONGEST_TEXT = 20, 500
_DIGITS = {"e": 4, "f": 7, "d": 15}


class Writer:
    """Writes values; `paths` has the names of objects by their addresses, for references."""

    def __init__(self, blocks: Blocks) -> None:
        self.paths = dict[int, str]()
        self._blocks, self._heap = blocks, GlobalHeap(blocks)

    def write(self, form: Datatype, data: bytes) -> str:
        """One value.

        Raises:
            Damaged: it is cut off, or points to what is not there.
        """
        if len(data) < form.size_bytes:
            raise Damaged
        if form.kind == "number":
            (number,) = struct.unpack_from(form.letter, data)
            return write_number(number, _DIGITS[form.letter[1]]) if isinstance(number, float) else str(number)
        if form.kind == "text":
            return _clean(data[: form.size_bytes])
        if form.kind == "long text":
            return _clean(self.follow(data, 1, LONGEST_TEXT * 4))
        if form.kind == "compound":
            return self._write_compound(form, data)
        if form.kind == "reference":
            return self.paths.get(int.from_bytes(data[: self._blocks.address_bytes], "little"), "elsewhere")
        return self._write_elements(form, data) if form.base else f"{form.size_bytes:,} bytes"

    def write_all(self, form: Datatype, data: bytes, count: int) -> str:
        """The first of so many values, separated by commas."""
        shown = min(count, MOST_ELEMENTS)
        size_bytes = form.size_bytes
        told = [self.write(form, data[size_bytes * number :][:size_bytes]) for number in range(shown)]
        return ", ".join([*told, *(["…"] if count > shown else [])])[:LONGEST_TEXT]

    def follow(self, data: bytes, element_bytes: int, longest: int) -> bytes:
        """The bytes of a list or text of any length, which the value points to."""
        told = self._blocks.fields(data)
        count, address, number = told.whole(4), told.address(), told.whole(4)
        if not count or not address:
            return b""
        return self._heap.read(address, number, min(longest, count * element_bytes))

    def _write_compound(self, form: Datatype, data: bytes) -> str:
        told = [self.write(member.form, data[member.offset :]) for member in form.members[:MOST_ELEMENTS]]
        if form.words.startswith("complex"):
            return f"{told[0]}{'' if told[1].startswith('-') else '+'}{told[1]}i"
        named = zip(form.members, told, strict=False)
        return ", ".join(f"{member.name}: {value}" for member, value in named)[:LONGEST_TEXT]

    def _write_elements(self, form: Datatype, data: bytes) -> str:
        base = form.base
        assert base
        if form.kind == "enum":
            written = self.write(base, data)
            return form.names.get(int(written), written)
        if form.kind == "array":
            return f"[{self.write_all(base, data, form.count)}]"
        found = self.follow(data, base.size_bytes, base.size_bytes * (MOST_ELEMENTS + 1))
        return f"[{self.write_all(base, found, len(found) // max(1, base.size_bytes))}]"


def _clean(data: bytes) -> str:
    return data.split(b"\0")[0].decode(errors="replace").rstrip()[:LONGEST_TEXT]
