"""R's serialization: objects one inside another, of which long vectors are passed over after their first values."""

import sys
from array import array
from collections.abc import Callable

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.rdata.bytecode import skip_code
from framework.browse.render.data.rdata.stream import Stream, TooLarge
from framework.browse.render.data.rdata.things import Thing, write_values

MOST_ITEMS, DEEPEST, LONGEST_KEPT = 250_000, 200, 500
MOST_KEPT, FEWEST_KEPT = 50_000, 20
KEPT_BYTES, TEXT_BYTES = 40 << 20, 60
"""First values of vectors are kept as long as they have room, of which a text takes so much more than its letters."""
_NIL, _SYMBOL, _PAIRS, _CLOSURE, _ENVIRONMENT, _PROMISE, _CALL = 0, 1, 2, 3, 4, 5, 6
_SPECIAL, _BUILTIN, _TEXT, _LOGICAL, _INTEGER, _DOUBLE, _COMPLEX, _TEXTS = 7, 8, 9, 10, 13, 14, 15, 16
_DOTS, _LIST, _EXPRESSION, _BYTECODE, _POINTER, _WEAK, _RAW, _S4 = 17, 19, 20, 21, 22, 23, 24, 25
_COMPACT = 238
_PERSISTENT, _PACKAGE, _NAMESPACE, _REFERENCE = 247, 248, 249, 255
_WORDS_ALONE = {_NIL: "NULL", 241: "environment", 242: "environment", 250: "environment", 251: "missing",
                252: "unbound", 253: "environment", 254: "NULL"}  # fmt: skip
_LIKE_PAIRS = {_PAIRS: "pairs", _CLOSURE: "function", _PROMISE: "promise", _CALL: "call", _DOTS: "pairs"}
_NUMBERS = {_LOGICAL: ("logical", "i"), _INTEGER: ("integer", "i"), _DOUBLE: ("double", "d")}
_WITHOUT_ATTRIBUTES = {_ENVIRONMENT, _COMPACT, _REFERENCE}  # which use the bits otherwise
_HAS_ATTRIBUTES, _HAS_TAG = 0x200, 0x400
_UTF8, _LATIN1 = 1 << 15, 1 << 14
_MISSING_TEXT = -1


class Unserializer:
    """Reads the objects of a stream in their order, and remembers those that others refer to."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._known = list[Thing]()
        self._items, self._depth, self._room = 0, 0, KEPT_BYTES
        self._readers = self._list_readers()

    def read(self) -> Thing:
        """The next object.

        Raises:
            Damaged. TooLarge.
        """
        self._items += 1
        self._depth += 1
        if self._items > MOST_ITEMS:
            raise TooLarge
        if self._depth > DEEPEST:
            raise ValueError("its objects are nested too deeply")
        flags = self._stream.whole()
        thing = self._read(flags & 0xFF, flags)
        self._depth -= 1
        return thing

    def _read(self, kind: int, flags: int) -> Thing:
        if kind in _WORDS_ALONE:
            return Thing(_WORDS_ALONE[kind])
        if kind in _LIKE_PAIRS:
            return self._read_pairs(kind, flags)
        reader = self._readers.get(kind)
        if reader is None:
            raise Damaged
        thing = reader(flags)
        if flags & _HAS_ATTRIBUTES and kind not in _WITHOUT_ATTRIBUTES:
            thing.attributes = self._read_attributes()
        return thing

    def _list_readers(self) -> dict[int, Callable[[int], Thing]]:
        return {
            _SYMBOL: self._read_symbol,
            _ENVIRONMENT: self._read_environment,
            _TEXT: self._read_text,
            _LOGICAL: self._read_numbers,
            _INTEGER: self._read_numbers,
            _DOUBLE: self._read_numbers,
            _COMPLEX: self._read_complex,
            _TEXTS: self._read_texts,
            _LIST: self._read_list,
            _EXPRESSION: self._read_list,
            _BYTECODE: self._read_bytecode,
            _SPECIAL: self._read_builtin,
            _BUILTIN: self._read_builtin,
            _POINTER: self._read_pointer,
            _WEAK: lambda _flags: self._know(Thing("weak reference")),
            _RAW: self._read_raw,
            _S4: lambda _flags: Thing("S4"),
            _COMPACT: self._read_compact,
            _PERSISTENT: self._read_named,
            _PACKAGE: self._read_named,
            _NAMESPACE: self._read_named,
            _REFERENCE: self._read_reference,
        }

    def _keep(self, letter: str, length: int) -> "array[float]":
        """The first of so many numbers that follow, of a kind that `array` has."""
        made: array[float] = array(letter)
        kept = min(length, MOST_KEPT, max(self._room // made.itemsize, FEWEST_KEPT))
        self._room -= kept * made.itemsize
        made.frombytes(self._stream.take(kept * made.itemsize))
        self._stream.skip((length - kept) * made.itemsize)
        if sys.byteorder == "little":
            made.byteswap()
        return made

    def _know(self, thing: Thing) -> Thing:
        self._known.append(thing)
        return thing

    def _read_attributes(self) -> dict[str, Thing]:
        return _members_of(self.read())

    def _read_pairs(self, kind: int, flags: int) -> Thing:
        """A list of pairs to its end; of a function or a call only that it is one."""
        thing = Thing(_LIKE_PAIRS[kind])
        tags, values = list[str](), list[Thing]()
        while True:
            if flags & _HAS_ATTRIBUTES:
                attributes = self._read_attributes()
                thing.attributes = thing.attributes or attributes
            tag = self.read() if flags & _HAS_TAG else None
            value = self.read()
            thing.length += 1
            if len(values) < MOST_KEPT:
                tags.append(str(tag.values[0]) if tag and tag.values else "")
                values.append(value)
            flags = self._stream.whole()
            self._items += 1
            if self._items > MOST_ITEMS:
                raise TooLarge
            if flags & 0xFF not in _LIKE_PAIRS:
                self._read(flags & 0xFF, flags)
                break
        if thing.kind == "pairs":
            thing.tags, thing.values = tags, values
        return thing

    def _read_symbol(self, _flags: int) -> Thing:
        thing = self._know(Thing("symbol"))
        name = self.read()
        thing.values = [str(name.values[0])] if name.values else [""]
        return thing

    def _read_reference(self, flags: int) -> Thing:
        number = flags >> 8 & 0xFFFFFF or self._stream.whole()
        if not 0 < number <= len(self._known):
            raise Damaged
        return self._known[number - 1]

    def _read_environment(self, _flags: int) -> Thing:
        self._stream.whole()
        thing = self._know(Thing("environment"))
        for _part in ("enclosure", "frame", "table"):
            self.read()
        attributes = self.read()
        thing.attributes = _members_of(attributes)
        return thing

    def _read_text(self, flags: int) -> Thing:
        """A text by itself; None stands for a missing one."""
        text = self._take_text(flags)
        return Thing("letters", 1, [text])

    def _take_text(self, flags: int) -> str | None:
        length = self._stream.whole()
        if length == _MISSING_TEXT:
            return None
        if length < 0:
            raise Damaged
        kept = self._stream.take(min(length, LONGEST_KEPT * 4))
        self._stream.skip(length - len(kept))
        return kept.decode("cp1252" if flags & _LATIN1 else "utf-8", "replace")[:LONGEST_KEPT]

    def _read_texts(self, _flags: int) -> Thing:
        length, kept = self._stream.length(), list[str | None]()
        for _number in range(length):
            self._items += 1
            if self._items > MOST_ITEMS:
                raise TooLarge
            flags = self._stream.whole()
            if flags & 0xFF != _TEXT:
                raise Damaged
            text = self._take_text(flags)
            if len(kept) < (MOST_KEPT if self._room > 0 else FEWEST_KEPT):
                kept.append(text)
                self._room -= TEXT_BYTES + len(text or "")
        return Thing("text", length, kept)

    def _read_numbers(self, flags: int) -> Thing:
        kind, letter = _NUMBERS[flags & 0xFF]
        length = self._stream.length()
        return Thing(kind, length, self._keep(letter, length))

    def _read_complex(self, _flags: int) -> Thing:
        length = self._stream.length()
        kept = self._keep("d", 2 * length)
        pairs = zip(kept[::2], kept[1::2], strict=False)
        return Thing("complex", length, [complex(real, imaginary) for real, imaginary in pairs])

    def _read_raw(self, _flags: int) -> Thing:
        length = self._stream.length()
        self._stream.skip(length)
        return Thing("raw", length)

    def _read_list(self, flags: int) -> Thing:
        length, kept = self._stream.length(), list[Thing]()
        for _number in range(length):
            thing = self.read()
            if len(kept) < MOST_KEPT:
                kept.append(thing)
        return Thing("list" if flags & 0xFF == _LIST else "expression", length, kept)

    def _read_builtin(self, _flags: int) -> Thing:
        self._stream.skip(max(0, self._stream.whole()))
        return Thing("function")

    def _read_pointer(self, _flags: int) -> Thing:
        thing = self._know(Thing("external pointer"))
        self.read()
        self.read()
        return thing

    def _read_named(self, _flags: int) -> Thing:
        """A package, a namespace or another thing that R finds by its names."""
        self._stream.whole()
        for _number in range(self._stream.length()):
            self.read()
        return self._know(Thing("environment"))

    def _read_compact(self, _flags: int) -> Thing:
        """A vector in a form of its own: a sequence, one beside facts about it, or texts of numbers."""
        form, state, attributes = self.read(), self.read(), self.read()
        symbol = form.values[0] if form.values else None
        name = str(symbol.values[0]) if isinstance(symbol, Thing) and symbol.values else ""
        thing = _expand(name, state)
        return Thing(thing.kind, thing.length, thing.values, {**thing.attributes, **_members_of(attributes)})

    def _read_bytecode(self, _flags: int) -> Thing:
        self._stream.whole()
        skip_code(self._stream, self.read)
        return Thing("function")


def _members_of(pairs: Thing) -> dict[str, Thing]:
    return {tag: value for tag, value in zip(pairs.tags, pairs.values, strict=False) if isinstance(value, Thing)}


def _expand(name: str, state: Thing) -> Thing:
    """The vector that a compact form stands for."""
    if name in {"compact_intseq", "compact_realseq"} and len(state.values) == 3:
        count, start, step = (int(value) if isinstance(value, int | float) else 0 for value in state.values)
        kind = "integer" if name == "compact_intseq" else "double"
        return Thing(kind, count, range(start, start + step * min(count, MOST_KEPT), step or 1))
    inner = state.values[0] if state.values and isinstance(state.values[0], Thing) else Thing("compact vector")
    return Thing("text", inner.length, write_values(inner)) if name == "deferred_string" else inner
