"""What the beginning of a film says of the whole: how long it is and how large its picture.

MP4 and QuickTime files are boxes one inside another (ISO/IEC 14496-12), WebM files elements (RFC 8794, RFC 9559).
"""

import struct
from collections.abc import Iterator

from framework.browse.render.media.facts import Film

MOST_PARTS = 2_000
LONGEST_SECONDS = 10_000_000
_UNKNOWN = {0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF}
_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT, _INFO, _SCALE, _DURATION = 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489
_TRACKS, _TRACK, _VIDEO, _WIDTH, _HEIGHT = 0x1654AE6B, 0xAE, 0xE0, 0xB0, 0xBA
_FIXED_POINT = 65_536
_NANOSECONDS = 1_000_000_000


def read_film(head: bytes) -> Film | None:
    """What the first bytes of a film say; None when they tell nothing."""
    try:
        found = _read_elements(head) if head.startswith(_EBML) else _read_boxes(head)
    except (struct.error, IndexError, OverflowError, ArithmeticError):
        return None
    return found if found.seconds or found.pixels else None


def _read_boxes(head: bytes) -> Film:
    seconds: float | None = None
    pixels: tuple[int, int] | None = None
    for kind, start, end in _walk_boxes(head, 0, len(head)):
        if kind == b"mvhd":
            long = head[start] == 1
            scale, count = struct.unpack_from(">IQ" if long else ">II", head, start + (20 if long else 12))
            seconds = _check(count / scale) if scale and count not in _UNKNOWN else None
        elif kind == b"tkhd" and end - start >= 44 and not pixels:
            width, height = struct.unpack_from(">II", head, end - 8)
            upright = (width // _FIXED_POINT, height // _FIXED_POINT)
            turn = struct.unpack_from(">9i", head, end - 44)
            pixels = (upright if turn[0] else upright[::-1]) if width and height else None
    return Film(seconds, pixels)


def _walk_boxes(head: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes and those inside of the ones that say what the film is: kind, first byte of the content, last one."""
    parts = [(start, end)]
    for _number in range(MOST_PARTS):
        if not parts:
            return
        place, last = parts.pop()
        if place + 8 > last:
            continue
        size_bytes, kind = struct.unpack_from(">I4s", head, place)
        begin = place + 8
        if size_bytes == 1:
            (size_bytes,) = struct.unpack_from(">Q", head, begin)
            begin += 8
        if size_bytes < begin - place:
            continue
        parts.append((place + size_bytes, last))
        inner = min(place + size_bytes, last)
        if kind in {b"moov", b"trak"}:
            parts.append((begin, inner))
        else:
            yield kind, begin, inner


def _read_elements(head: bytes) -> Film:
    scale, count = 1_000_000, 0.0
    sizes = dict[int, int]()
    for kind, data in _walk_elements(head):
        if kind == _SCALE:
            scale = int.from_bytes(data, "big")
        elif kind == _DURATION:
            count = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
        elif kind in {_WIDTH, _HEIGHT}:
            sizes.setdefault(kind, int.from_bytes(data, "big"))
    pixels = (sizes[_WIDTH], sizes[_HEIGHT]) if len(sizes) == 2 else None
    return Film(_check(count * scale / _NANOSECONDS), pixels)


def _walk_elements(head: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that have a value, down to those of a track; the walk goes into what holds others."""
    place = 0
    for _number in range(MOST_PARTS):
        if place + 2 > len(head):
            return
        kind, place = _read_varying(head, place, keep_mark=True)
        size_bytes, place = _read_varying(head, place, keep_mark=False)
        if kind in {_SEGMENT, _INFO, _TRACKS, _TRACK, _VIDEO}:
            continue
        if size_bytes <= 8:
            yield kind, head[place : place + size_bytes]
        place += size_bytes


def _read_varying(head: bytes, place: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number whose first byte tells by its leading zeros how many bytes it has; and where the next begins."""
    first = head[place]
    width = 9 - first.bit_length()
    value = int.from_bytes(head[place : place + width], "big")
    return (value if keep_mark else value & ((1 << (7 * width)) - 1)), place + width


def _check(seconds: float) -> float | None:
    return seconds if 0 < seconds < LONGEST_SECONDS else None
