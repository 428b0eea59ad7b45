"""Receiving a multipart form: files are counted as they arrive and kept below the data folder, never in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NoReturn

from flask import Request
from multipart import (
    MultipartSegment,
    PushMultipartParser,
    content_disposition_unquote,
    parse_options_header,
)
from werkzeug import http
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from framework import config
from framework.errors import Invalid, TooLarge
from framework.formatting import MIB, format_limit
from framework.gitcore.pack_writer import file_blob_name
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch

MAX_PARTS = 20_000
FRAMING_BYTES = 16 * MIB
"""What names, boundaries and fields may add to the files of one form."""
LONGEST_FIELDS_BYTES = 8 * MIB
"""All fields that are no files, the list of finished uploads among them."""
LONGEST_HEADER_BYTES = 64 * 1024
"""One line above a part; the longest path is far shorter, even if all of its characters are escaped."""
READ_BYTES = 128 << 10


class RequestTooLarge(TooLarge):
    """All files of one upload together are over the limit."""

    def __init__(self, size_bytes: int | None, limit: int | None = None) -> None:
        limit = config.current().max_request_bytes if limit is None else limit
        told = f"is {format_limit(size_bytes)}" if size_bytes else "is larger"
        super().__init__(
            f"This upload {told}; one upload may hold {format_limit(limit)} in all. Nothing was stored: send fewer"
            " files at a time."
        )


class TooManyParts(TooLarge):
    """A form has more files and fields than one may."""

    def __init__(self) -> None:
        super().__init__(f"One upload may have {MAX_PARTS:,} files and fields at most. Send fewer at a time.")


class FieldsTooLong(TooLarge):
    """The fields of a form that are no files have more text than any honest ones."""

    def __init__(self) -> None:
        limit = format_limit(LONGEST_FIELDS_BYTES)
        super().__init__(f"All fields of one upload may have {limit} at most. Shorten the message or send fewer files.")


class BrokenUpload(Invalid):
    """The connection ended before everything had arrived, or the form is not multipart as RFC 7578 has it."""

    def __init__(self) -> None:
        super().__init__(
            "The upload broke off, or a file's name is not valid UTF-8. Nothing was stored; look at the names and send"
            " it again."
        )


class ReceivedFile:
    """Where the bytes of one file go: to the disk up to the limit, and after it they are counted only."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.size_bytes = 0
        self._limit = limit
        self._file = path.open("xb")

    @property
    def over_limit(self) -> bool:
        """Whether more bytes arrived than one file may have."""
        return self.size_bytes > self._limit

    @cached_property
    def blob(self) -> str:
        """The name that Git gives the content, in hex; for a file that has arrived."""
        return file_blob_name(self.path, self.size_bytes)

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        was_over = self.over_limit
        self.size_bytes += len(data)
        if not self.over_limit:
            self._file.write(data)
        elif not was_over:
            self._file.truncate(0)
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class FileReceiver:
    """The folder that one request's files are received in, and its files, so that all are closed at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[ReceivedFile] = []
        self.sent: list[tuple[str, ReceivedFile]] = []
        """The files of the form's field `files`, with their names as sent."""

    def receive(self) -> ReceivedFile:
        """A place for the next file."""
        self._files.append(ReceivedFile(self._folder / object_keys.new_id(), config.current().max_file_bytes))
        return self._files[-1]

    def close_files(self) -> None:
        """Close what was received, wholly or in part."""
        for file in self._files:
            file.close()


class ReceivingParser(FormDataParser):
    """Parses a multipart form (RFC 7578) whose files go to a receiver; it says when the form is broken."""

    def __init__(self, receiver: FileReceiver) -> None:
        super().__init__(silent=False)
        self._receiver = receiver
        self._parts = 0
        self._fields_bytes = 0

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, Any]]:
        """The fields of the form; the receiver has its files.

        Raises:
            TooManyParts, FieldsTooLong. RequestEntityTooLarge: the form is larger than its request may be.
            ValueError: it is no multipart form, or ends early.
        """
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        fields: MultiDict[str, str] = MultiDict()
        events = _events(stream, (options or {}).get("boundary", "").encode("ascii"))
        for segment in events:
            assert isinstance(segment, MultipartSegment)
            self._count_part()
            name = read_file_name(segment)
            if name is None:
                fields.add(segment.name, self._field(events))
            else:
                self._receive(segment, name, events)
        return stream, fields, MultiDict()

    def _count_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooManyParts

    def _field(self, events: Iterator[Any]) -> str:
        text = bytearray()
        for chunk in iter(events.__next__, None):
            self._fields_bytes += len(chunk)
            if self._fields_bytes > LONGEST_FIELDS_BYTES:
                raise FieldsTooLong
            text += chunk
        return text.decode(errors="replace")

    def _receive(self, segment: MultipartSegment, name: str, events: Iterator[Any]) -> None:
        file = self._receiver.receive()
        for chunk in iter(events.__next__, None):
            file.write(chunk)
        file.close()
        if name and segment.name == "files":
            self._receiver.sent.append((name, file))


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[MultipartSegment | bytes | None]:
    """What the stream holds: a segment for each part, the pieces of its content, and None at its end.

    A part without content may end with its header (RFC 2046, 5.1.1); the library wants one more line break there.
    """
    parser = PushMultipartParser(boundary, max_header_size=LONGEST_HEADER_BYTES)
    event, last = None, b""
    for piece, is_cut in _pieces(stream, b"\r\n\r\n--" + boundary):
        ends_with_header = is_cut and isinstance(event, MultipartSegment) and not last.endswith(b"\r\n\r\n\r\n")
        for event in parser.parse(b"\r\n" + piece if ends_with_header else piece):
            yield event
        last = (last + piece[-6:])[-6:]
    parser.close()


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


class StreamingRequest(Request):
    """A request whose files are received by `receive_form`; any other form with a file is refused."""

    receiver: FileReceiver | None = None
    max_form_parts = MAX_PARTS

    def make_form_data_parser(self) -> FormDataParser:
        """While files are received, the parser that receives them; otherwise the usual one, without files."""
        if self.receiver is not None:
            return ReceivingParser(self.receiver)
        parser = super().make_form_data_parser()
        parser.stream_factory = _refuse_file
        return parser


def _refuse_file(*_about: object, **_more: object) -> NoReturn:
    raise RequestEntityTooLarge


@contextmanager
def receive_form(request: Request, *, most_bytes: int | None = None) -> Iterator[list[tuple[str, ReceivedFile]]]:
    """The files of the form, as (name as sent, file); they are deleted when the block ends.

    Raises:
        RequestTooLarge: the files are over `MAX_REQUEST_BYTES`, or over `most_bytes`. TooManyParts, FieldsTooLong.
        BrokenUpload: the body ended early.
    """
    assert isinstance(request, StreamingRequest)
    most = config.current().max_request_bytes if most_bytes is None else most_bytes
    limit = most + FRAMING_BYTES
    if request.content_length and request.content_length > limit:
        raise RequestTooLarge(request.content_length, most)
    with scratch("upload") as folder:
        receiver = FileReceiver(folder)
        request.receiver, request.max_content_length = receiver, limit
        try:
            _read_form(request, most)
        finally:
            receiver.close_files()
        total = sum(file.size_bytes for _name, file in receiver.sent)
        if total > most:
            raise RequestTooLarge(total, most)
        yield receiver.sent


def _read_form(request: Request, most_bytes: int) -> None:
    try:
        _ = request.form
    except RequestEntityTooLarge as error:
        raise RequestTooLarge(request.content_length, most_bytes) from error
    except (ClientDisconnected, ValueError) as error:
        raise BrokenUpload from error
