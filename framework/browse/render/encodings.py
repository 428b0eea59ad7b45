"""Text from bytes of any encoding: UTF-8 first, then what the bytes say of themselves, then what they look like."""

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

LOOKED_AT_BYTES = 1 << 16

# What files that are not UTF-8 are in; among all encodings that Python knows, short texts look like rare ones.
_USUAL = ["cp1252", "cp1251", "cp1253", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "koi8_r"]

_SURROGATE = re.compile("[\ud800-\udfff]")

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


def decode(data: bytes) -> Decoded:
    """The text that these bytes most probably are; what cannot be read becomes U+FFFD."""
    if marked := detect_mark(data):
        text = data.decode(marked, "replace").removeprefix("\ufeff")
        return Decoded(text, marked.removesuffix("-sig"))
    try:
        return Decoded(_drop_torn_end(data).decode(), "utf-8")
    except UnicodeDecodeError:
        best = from_bytes(data[:LOOKED_AT_BYTES], cp_isolation=_USUAL).best()
    name = best.encoding if best else "cp1252"
    return Decoded(data.decode(name, "replace"), name.replace("_", "-"))


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
