"""Types of values, as messages describe them, and their names for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Fields

DEEPEST, MOST_MEMBERS, MOST_NAMES, MOST_AXES = 8, 500, 2_000, 32
_WHOLE, _FLOAT, _TIME, _TEXT, _BITS, _OPAQUE, _COMPOUND, _REFERENCE, _ENUM, _LIST, _ARRAY = range(11)
_LETTERS = {1: "b", 2: "h", 4: "i", 8: "q"}
_FLOATS = {2: "e", 4: "f", 8: "d"}
MOST_TOLD_MEMBERS = 6
TIMES = " × "  # noqa: RUF001


@dataclass(frozen=True)
class Member:
    """A field of a compound: where it begins in the value."""

    name: str
    offset: int
    form: "Datatype"


@dataclass(frozen=True)
class Datatype:
    """`kind` is number, text, long text, compound, reference, enum, list, array or bytes.

    `letter` is how `struct` reads a number; `base` is the type of the elements of lists and arrays and of an enum.
    """

    kind: str
    words: str
    size_bytes: int
    letter: str = ""
    members: Sequence[Member] = ()
    base: "Datatype | None" = None
    names: Mapping[int, str] = field(default_factory=dict)
    count: int = 1


def read_type(data: Fields, depth: int = 0) -> Datatype:
    """The type that a message describes.

    Raises:
        Damaged.
    """
    if depth > DEEPEST:
        raise Damaged
    first = data.whole(1)
    version, number = first >> 4, first & 15
    flags, size_bytes = data.whole(3), data.whole(4)
    if number == _COMPOUND:
        return _read_compound(data, version, flags & 0xFFFF, size_bytes, depth)
    if number == _ENUM:
        return _read_enum(data, version, flags & 0xFFFF, size_bytes, depth)
    if number == _LIST:
        base = read_type(data, depth + 1)
        if flags & 15 == 1:
            return Datatype("long text", "text", size_bytes, base=base)
        return Datatype("list", f"lists of {base.words}", size_bytes, base=base)
    if number == _ARRAY:
        return _read_array(data, version, size_bytes, depth)
    return _read_plain(data, number, flags, size_bytes)


def _read_plain(data: Fields, number: int, flags: int, size_bytes: int) -> Datatype:
    order = ">" if flags & 1 else "<"
    if number in {_WHOLE, _BITS}:
        data.skip(4)
        letter, signed = _LETTERS.get(size_bytes, ""), bool(flags & 8)
        words = f"{'' if signed else 'u'}int{8 * size_bytes}" if number == _WHOLE else f"{8 * size_bytes} bits"
        return _number(words, size_bytes, order, letter if signed else letter.upper())
    if number == _FLOAT:
        data.skip(12)
        return _number(f"float{8 * size_bytes}", size_bytes, order, _FLOATS.get(size_bytes, ""))
    if number == _TEXT:
        return Datatype("text", f"text of {size_bytes}", size_bytes)
    if number == _REFERENCE:
        return Datatype("reference", "reference", size_bytes)
    data.skip({_TIME: 2, _OPAQUE: flags & 0xFF}.get(number, 0))
    return Datatype("bytes", "time" if number == _TIME else f"{size_bytes} bytes", size_bytes)


def _number(words: str, size_bytes: int, order: str, letter: str) -> Datatype:
    """A number; one of a size that `struct` does not know is only bytes."""
    return Datatype("number" if letter else "bytes", words, size_bytes, order + letter)


def _read_compound(data: Fields, version: int, count: int, size_bytes: int, depth: int) -> Datatype:
    if not 0 < count <= MOST_MEMBERS:
        raise Damaged
    members = list[Member]()
    for _number in range(count):
        name = _read_name(data, padded=version < 3)
        offset = data.whole(4 if version < 3 else (size_bytes.bit_length() + 7) // 8)
        length = _read_old_axes(data) if version == 1 else 1
        form = read_type(data, depth + 1)
        members.append(Member(name, offset, _repeat(form, length) if length > 1 else form))
    if [member.name.lower() for member in members] in (["r", "i"], ["real", "imag"]):
        return Datatype("compound", f"complex{8 * size_bytes}", size_bytes, members=members)
    told = ", ".join(f"{member.name}: {member.form.words}" for member in members[:MOST_TOLD_MEMBERS])
    more = f", {count - MOST_TOLD_MEMBERS} more" if count > MOST_TOLD_MEMBERS else ""
    return Datatype("compound", f"({told}{more})", size_bytes, members=members)


def _read_old_axes(data: Fields) -> int:
    """How often a member is repeated."""
    axes = data.whole(1)
    data.skip(11)
    lengths = data.numbers("4I")[: min(axes, 4)]
    return _multiply(lengths)


def _read_enum(data: Fields, version: int, count: int, size_bytes: int, depth: int) -> Datatype:
    base = read_type(data, depth + 1)
    if count > MOST_NAMES or base.kind != "number":
        raise Damaged
    names = [_read_name(data, padded=version < 3) for _number in range(count)]
    order = "big" if base.letter.startswith(">") else "little"
    is_signed = base.letter[1:].islower()
    values = [int.from_bytes(data.take(base.size_bytes), order, signed=is_signed) for _name in names]  # type: ignore[arg-type]
    known = dict(zip(values, names, strict=True))
    if set(names) == {"FALSE", "TRUE"}:
        return Datatype("enum", "true or false", size_bytes, base=base, names={0: "false", 1: "true"})
    ordered = [known[value] for value in sorted(known)]
    told = ", ".join(ordered[:MOST_TOLD_MEMBERS]) + (", …" if count > MOST_TOLD_MEMBERS else "")
    return Datatype("enum", f"one of {told}", size_bytes, base=base, names=known)


def _read_array(data: Fields, version: int, size_bytes: int, depth: int) -> Datatype:
    axes = data.whole(1)
    if axes > MOST_AXES:
        raise Damaged
    data.skip(3 if version < 3 else 0)
    lengths = data.numbers(f"{axes}I")
    data.skip(4 * axes if version < 3 else 0)
    base = read_type(data, depth + 1)
    count = _multiply(lengths)
    return Datatype("array", f"{base.words}{TIMES}{count}", size_bytes, base=base, count=count)


def _repeat(form: Datatype, count: int) -> Datatype:
    return Datatype("array", f"{form.words}{TIMES}{count}", form.size_bytes * count, base=form, count=count)


def _multiply(lengths: Sequence[int]) -> int:
    product = 1
    for length in lengths:
        product *= length
    return product


def _read_name(data: Fields, *, padded: bool) -> str:
    name = bytearray()
    while (letter := data.take(1)) != b"\0":
        name += letter
    if padded:
        data.skip(-(len(name) + 1) % 8)
    return name.decode(errors="replace")
