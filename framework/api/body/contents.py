"""The contents of files as they stand in a JSON body, read piece by piece: text, or bytes in base64."""

import binascii
import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from framework.api.body.parsing import BadJson
from framework.files import read_chunks

LONGEST_ESCAPE = len(r"\ud83d\ude00")

_ESCAPED = re.compile(
    r"(?:[^\\]+|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}|\\u(?![dD][89abAB])[0-9a-fA-F]{4})*", re.DOTALL
)
_BLANKS = re.compile(r"[ \t\r\n]+")


class BadContent(BadJson):
    """A file's content is not the text or the base64 that it has to be."""


@dataclass(frozen=True)
class Content:
    """One string of a JSON text."""

    text: str = ""

    def parts(self) -> Iterator[str]:
        """The string, piece by piece."""
        yield self.text

    def utf8(self) -> Iterator[bytes]:
        """The text in UTF-8.

        Raises:
            BadContent: it has half of a surrogate pair, or an escape is broken.
        """
        for part in self.parts():
            try:
                yield part.encode()
            except UnicodeEncodeError as error:
                raise BadContent("A content has half of a surrogate pair; send bytes as content_base64.") from error

    def bytes_of_base64(self) -> Iterator[bytes]:
        """The bytes that it stands for in base64 (RFC 4648, section 4); line breaks do no harm.

        Raises:
            BadContent: it is not base64.
        """
        left = ""
        for part in self.parts():
            left += _BLANKS.sub("", part)
            whole = max(0, len(left) - 1) // 4 * 4  # the last four may be padded, so they wait for what follows
            if "=" in left[:whole]:
                raise BadContent("A content_base64 goes on after its end; send each file by itself.")
            yield _from_base64(left[:whole])
            left = left[whole:]
        yield _from_base64(left)


@dataclass(frozen=True)
class SpooledContent(Content):
    """The same for a string that lies in a file, as it stood between its quotes; offset and length in bytes."""

    file: Path = Path()
    offset: int = 0
    length: int = 0

    def parts(self) -> Iterator[str]:
        """The string, piece by piece, its escapes resolved."""
        left = ""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for chunk in self._chunks():
            text = left + _decode(decoder, chunk)
            whole = _whole(text)
            yield _unescape(text[:whole])
            left = text[whole:]
            if len(left) >= LONGEST_ESCAPE:
                break
        yield _unescape(left + _decode(decoder, b"", final=True))

    def _chunks(self) -> Iterator[bytes]:
        with self.file.open("rb") as source:
            source.seek(self.offset)
            yield from read_chunks(source, self.length)


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise BadContent("A content is not UTF-8; send bytes as content_base64.") from error


def _whole(text: str) -> int:
    """How much of the text can be unescaped by itself: an escape that is cut off waits for its rest."""
    start = max(0, len(text) - LONGEST_ESCAPE)
    backslashes = start - len(text[:start].rstrip("\\"))
    found = _ESCAPED.match(text, start - backslashes % 2)  # not after a backslash that begins an escape
    return found.end() if found else 0


def _unescape(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except json.JSONDecodeError as error:
        raise BadContent(f"A content is not a string of JSON: {error.msg}.") from error


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # of binascii, or of characters outside of ASCII
        raise BadContent(f"A content_base64 is not base64: {error}.") from error
