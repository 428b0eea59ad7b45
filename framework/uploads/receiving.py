"""Receiving a multipart form: files are counted as they arrive and kept below the data folder, never in memory."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, Any, NoReturn

from flask import Request
from multipart import MultipartSegment
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from framework import config
from framework.errors import Invalid, TooLarge
from framework.formatting import MIB, format_limit
from framework.repositories.cache.scratch import scratch
from framework.uploads.form.multipart_form import MultipartForm, read_file_name
from framework.uploads.form.received_files import FileReceiver, ReceivedFile

MAX_PARTS = 20_000
FRAMING_BYTES = 16 * MIB
"""What names, boundaries and fields may add to the files of one form."""
LONGEST_FIELDS_BYTES = 8 * MIB
"""All fields that are no files, the list of finished uploads among them."""


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
        form = MultipartForm(stream, (options or {}).get("boundary", "").encode("ascii"), content_length)
        events = form.read()
        for segment in events:
            assert isinstance(segment, MultipartSegment)
            self._count_part()
            name = read_file_name(segment)
            if name is None:
                fields.add(segment.name, self._field(events))
            else:
                self._receive(segment, name, form, events)
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

    def _receive(self, segment: MultipartSegment, name: str, form: MultipartForm, events: Iterator[Any]) -> None:
        file = self._receiver.receive()
        if size_bytes := form.guess_size():
            file.expect(size_bytes)
        for piece in iter(events.__next__, None):
            file.write(piece)
        file.finish()
        if name and segment.name == "files":
            self._receiver.sent.append((name, file))


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
def receive_form(
    request: Request, *, into_git: bool = False, most_bytes: int | None = None
) -> Iterator[list[tuple[str, ReceivedFile]]]:
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
    with scratch("upload") as folder, closing(FileReceiver(folder, into_git=into_git)) as receiver:
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
