"""Multipart forms in a stream (RFC 7578): their parts one after the other, as every client writes them."""

from collections.abc import Iterator
from typing import IO

from multipart import (
    MultipartSegment,
    PushMultipartParser,
    content_disposition_unquote,
    parse_options_header,
)
from werkzeug import http

LONGEST_HEADER_BYTES = 64 * 1024
"""One line above a part; the longest path is far shorter, even if all of its characters are escaped."""
READ_BYTES = 128 << 10


class MultipartForm:
    """A multipart form in a stream, and how much of it is still to come where its length is known."""

    def __init__(self, stream: IO[bytes], boundary: bytes, length: int | None) -> None:
        self._stream, self._boundary, self._left_bytes = stream, boundary, length or 0
        self._piece = b""

    def read(self) -> Iterator[MultipartSegment | bytes | None]:
        """What the stream holds: a segment for each part, the pieces of its content, and None at its end.

        A part without content may end with its header (RFC 2046, 5.1.1); the library wants one more line break there.
        """
        parser = PushMultipartParser(self._boundary, max_header_size=LONGEST_HEADER_BYTES)
        event, last = None, b""
        for piece, is_cut in _pieces(self._stream, b"\r\n\r\n--" + self._boundary):
            self._piece, self._left_bytes = piece, self._left_bytes - len(piece)
            ends_with_header = is_cut and isinstance(event, MultipartSegment) and not last.endswith(b"\r\n\r\n\r\n")
            for event in parser.parse(b"\r\n" + piece if ends_with_header else piece):
                yield event
            last = (last + piece[-6:])[-6:]
        parser.close()

    def guess_size(self, chunk: bytes) -> int | None:
        """The size of the part whose content begins with this chunk, if it is the last one; None when it is not."""
        end_bytes = len(b"\r\n--" + self._boundary + b"--\r\n")
        size_bytes = len(chunk) + self._left_bytes - end_bytes
        return size_bytes if size_bytes > len(chunk) and self._piece.endswith(chunk) else None


def _pieces(stream: IO[bytes], mark: bytes) -> Iterator[tuple[bytes, bool]]:
    """The stream in pieces, cut after the blank line of each mark; each with whether it begins at such a cut."""
    held, is_cut = b"", False
    while chunk := stream.read(READ_BYTES):
        held, start = held + chunk, 0
        while (found := held.find(mark, start)) >= 0:
            yield held[start : found + 4], is_cut
            start, is_cut = found + 4, True
        end = max(start, len(held) - len(mark) + 1)
        if end > start:
            yield held[start:end], is_cut
            is_cut = False
        held = held[end:]
    if held:
        yield held, is_cut


def read_file_name(segment: MultipartSegment) -> str | None:
    """The file name of a part, with its folders and backslashes; empty when no file was chosen, None for a field.

    Browsers write %22 for a quote, curl a backslash before it, and some programs `filename*` (RFC 5987). A name that
    ends with a backslash is left to the library.
    """
    header = next(value for name, value in segment.headerlist if name == "Content-Disposition")
    _kind, options = parse_options_header(header, unquote=_unquote)
    if "filename" in options:
        return str(options["filename"])
    name = http.parse_options_header(header)[1].get("filename")
    return segment.filename if name is None else name


def _unquote(value: str, _is_file_name: bool) -> str:  # noqa: FBT001 # the library calls it
    """Told that it is a file's name, the library would drop what it takes for folders of Windows."""
    return str(content_disposition_unquote(value))
