"""Text from bytes of any encoding: what the bytes say of themselves, then UTF-8, then what they look like."""

import codecs
import re
from dataclasses import dataclass

from framework.browse.render.evidence import guess_encoding

LOOKED_AT_BYTES = 1 << 16
PROBED_BYTES = 8000
FEWEST_WIDE_BYTES = 8

# What Python calls these, where it knows them by another name.
_CODECS = {"windows-874": "cp874", "ibm866": "cp866", "macintosh": "mac-roman", "euc-kr": "cp949", "shift_jis": "cp932"}
_NAMES = {"iso8859-2": "iso-8859-2", "iso8859-5": "iso-8859-5", "euc_jp": "euc-jp"} | {
    codec: name for name, codec in _CODECS.items()
}

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_WIDE = {"utf-16", "utf-32"}
_UNWRITTEN = re.compile("[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff]")
"""What no text holds: controls, halves of pairs, and what nobody has given a meaning."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Decoded:
    """A text, and the name of the encoding that its bytes were in."""

    text: str
    encoding: str


def detect_mark(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start tells."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def detect_wide(data: bytes) -> str | None:
    """UTF-16 without a mark, by its name among `ENCODINGS`: every other byte is mostly NUL, and the rest is written.

    Texts in other scripts than Latin have no such bytes, and are not recognised.
    """
    probe = data[: min(len(data), PROBED_BYTES) & ~1]
    if len(probe) < FEWEST_WIDE_BYTES or b"\0" not in probe:
        return None
    first, second = probe[::2].count(0), probe[1::2].count(0)
    name = "utf-16le" if second > first else "utf-16be"
    if max(first, second) * 4 < len(probe):
        return None
    try:
        text = codecs.getincrementaldecoder(name)().decode(probe)
    except UnicodeDecodeError:
        return None
    return None if _UNWRITTEN.search(text) else name


def is_wide(data: bytes) -> bool:
    """Whether these first bytes are a text in which NUL is a part of letters: UTF-16 or UTF-32."""
    return detect_mark(data) in _WIDE or detect_wide(data) is not None


def decode(data: bytes, *, goes_on: bool = False, encoding: str | None = None) -> Decoded:
    """The text that these bytes most probably are, or are in this one of `ENCODINGS`; what cannot be read is U+FFFD.

    `goes_on` says that they are only a file's first ones, so that the last character may be cut.
    """
    if encoding:
        return Decoded(decode_as(data, encoding), encoding)
    if marked := detect_mark(data):
        text = data.decode(marked, "replace").removeprefix("\ufeff")
        return Decoded(text, marked.removesuffix("-sig"))
    if wide := detect_wide(data):
        return Decoded(decode_as(data[: len(data) & ~1] if goes_on else data, wide), wide)
    whole = _drop_torn_end(data) if goes_on else data
    try:
        return Decoded(whole.decode(), "utf-8")
    except UnicodeDecodeError:
        pass
    telling = _skip_ascii(whole)[:LOOKED_AT_BYTES]
    if _is_mostly_utf8(telling):
        return Decoded(whole.decode(errors="replace"), "utf-8")
    codec = guess_encoding(_skip_ascii(data)[:LOOKED_AT_BYTES])
    return Decoded(data.decode(codec, "replace"), _NAMES.get(codec, codec.replace("cp125", "windows-125")))


def decode_as(data: bytes, encoding: str) -> str:
    """The text in this encoding, by a page's or by Python's name for it; what cannot be read is U+FFFD."""
    return data.decode(_CODECS.get(encoding, encoding), "replace").removeprefix("\ufeff")


def _skip_ascii(data: bytes) -> bytes:
    """The bytes from the first line on that is not ASCII; all are none where there is no such line."""
    found = _BEYOND_ASCII.search(data)
    return data[data.rfind(b"\n", 0, found.start()) + 1 :] if found else b""


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether far more sequences of several bytes are whole than not, which other encodings hardly ever have."""
    text = data.decode(errors="replace")
    damaged = text.count("\ufffd")
    return sum(ord(char) > 0x7F for char in text) - damaged >= 2 * damaged


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which JSON can hold and no encoding can."""
    return _SURROGATE.sub("\ufffd", text)


def _drop_torn_end(data: bytes) -> bytes:
    """The bytes without a last character that was cut in the middle, since only the head of a file may be here."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0xC0:
            needed = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return data[:-back] if back < needed else data
        if byte < 0x80:
            return data
    return data
