"""A JSON body of any size in constant memory: long values go to a file as they arrive, the small rest is parsed.

A parser that makes events of a stream (ijson) still holds every string as a whole, and a file of 100 MiB in base64 is
one string of 134 MiB. So members' long strings are told from the rest before anything is parsed; see DESIGN.md.
"""

import hashlib
import re
import secrets
from pathlib import Path
from typing import IO, Any

from framework.api.body.contents import Content, SpooledContent
from framework.api.body.parsing import BadJson, parse_json
from framework.errors import TooLarge
from framework.files import read_chunks

LONGEST_KEPT_BYTES = 128
LONGEST_TEXT_BYTES = 1 << 16
MAX_REST_BYTES = 8 << 20

_BLANKS = b" \t\r\n"
_ESCAPE_OR_QUOTE = re.compile(rb'\\.|"', re.DOTALL)


class RestTooLarge(TooLarge):
    """The body without its long strings is larger than any honest one."""

    def __init__(self) -> None:
        super().__init__(
            f"The body has more than {MAX_REST_BYTES >> 20} MiB beside the contents of files; send fewer operations at"
            " a time."
        )


class TextTooLong(BadJson):
    """A string that is no file's content is longer than any honest one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name[:LONGEST_KEPT_BYTES]}” has more than {LONGEST_TEXT_BYTES >> 10} KiB; shorten it.")


class SpooledJson:
    """A JSON text that is read once; members' long strings lie in `file`. `sha256` (hex) is that of the whole text."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._mark = secrets.token_hex(8)
        self._rest = bytearray()
        self._string: bytearray | None = None
        self._before = b""  # the last character outside of strings; a colon before the value of a member
        self._escape = b""
        self._strings: list[SpooledContent] = []
        self._start: int | None = None

    @property
    def sha256(self) -> str:
        """What was read, as a hash."""
        return self._digest.hexdigest()

    def read(self, source: IO[bytes]) -> None:
        """Take the text to its end.

        Raises:
            RestTooLarge. What the source raises.
        """
        with self._file.open("xb") as spool:
            for chunk in read_chunks(source):
                self._digest.update(chunk)
                self._take(self._escape + chunk, spool)
                if len(self._rest) + len(self._string or b"") > MAX_REST_BYTES:
                    raise RestTooLarge
        self._rest += self._string or b""  # of a string without an end: the parser tells where it began

    def values(self, contents: frozenset[str]) -> object:
        """The text as values, where members of these names are `Content`.

        Raises:
            BadJson, TextTooLong.
        """

        def resolve(members: dict[str, Any]) -> dict[str, Any]:
            if too_long := next((name for name in members if len(name) > LONGEST_TEXT_BYTES), None):
                raise TextTooLong(too_long)
            return {name: self._resolve(name, value, contents) for name, value in members.items()}

        return parse_json(bytes(self._rest), resolve)

    def _resolve(self, name: str, value: object, contents: frozenset[str]) -> object:
        if not isinstance(value, str):
            return value
        mark, _colon, number = value.partition(":")
        string = self._strings[int(number)] if mark == self._mark else Content(value)
        if name in contents:
            return string
        if isinstance(string, SpooledContent) and string.length > LONGEST_TEXT_BYTES:
            raise TextTooLong(name)
        return "".join(string.parts())

    def _take(self, chunk: bytes, spool: IO[bytes]) -> None:
        position, self._escape = 0, b""
        while position < len(chunk):
            position = self._outside(chunk, position) if self._string is None else self._inside(chunk, position, spool)

    def _outside(self, chunk: bytes, position: int) -> int:
        """Keep what stands between strings; the position after it."""
        quote = chunk.find(b'"', position)
        end = len(chunk) if quote < 0 else quote
        between = chunk[position:end]
        self._rest += between + chunk[end : end + 1]
        self._before = between.rstrip(_BLANKS)[-1:] or self._before
        self._string = None if quote < 0 else bytearray()
        return end + 1

    def _inside(self, chunk: bytes, position: int, spool: IO[bytes]) -> int:
        """Take the next piece of a string; the position after it and its closing quote."""
        end = _end_of_string(chunk, position)
        self._add(chunk[position:end], spool)
        if chunk[end : end + 1] == b'"':
            self._close(spool)
            return end + 1
        self._escape = chunk[end:]  # a backslash whose escape is in the next chunk
        return len(chunk)

    def _add(self, piece: bytes, spool: IO[bytes]) -> None:
        assert self._string is not None
        self._string += piece
        if self._start is None and self._before == b":" and len(self._string) > LONGEST_KEPT_BYTES:
            self._start = spool.tell()
        if self._start is not None:
            spool.write(self._string)
            self._string.clear()

    def _close(self, spool: IO[bytes]) -> None:
        assert self._string is not None
        if self._start is not None:
            self._string += f"{self._mark}:{len(self._strings)}".encode()
            self._strings.append(SpooledContent(file=self._file, offset=self._start, length=spool.tell() - self._start))
        self._rest += self._string + b'"'
        self._string = self._start = None


def _end_of_string(chunk: bytes, position: int) -> int:
    """Where the closing quote stands, or a backslash whose escape is in the next chunk; else the end of the chunk."""
    last = position
    for found in _ESCAPE_OR_QUOTE.finditer(chunk, position):
        if found[0] == b'"':
            return found.start()
        last = found.end()
    return len(chunk) - (last < len(chunk) and chunk.endswith(b"\\"))
