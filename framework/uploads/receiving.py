"""Receiving a multipart form: files are counted as they arrive and kept below the data folder, never in memory."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage
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
_FILE_NAME = re.compile(r'filename="((?:\\"|[^"])*)"')


class RequestTooLarge(TooLarge):
    """All files of one upload together are over the limit."""

    def __init__(self, size_bytes: int | None) -> None:
        limit = config.current().max_request_bytes
        told = f"is {format_limit(size_bytes)}" if size_bytes else "is larger"
        super().__init__(
            f"This upload {told}; one upload may hold {format_limit(limit)} in all. Nothing was stored: send fewer"
            " files at a time."
        )


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

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """The parser rewinds a file that has arrived; nothing will be read from here, so it is closed."""
        self._file.close()
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Receiver:
    """The folder that one request's files are received in, and its files, so that all are closed at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[ReceivedFile] = []

    def receive(self) -> ReceivedFile:
        """A place for the next file."""
        self._files.append(ReceivedFile(self._folder / object_keys.new_id(), config.current().max_file_bytes))
        return self._files[-1]

    def close_files(self) -> None:
        """Close what was received, wholly or in part."""
        for file in self._files:
            file.close()


class StreamingRequest(Request):
    """A request whose files are received by `receiving`; any other form with a file is refused."""

    receiver: "Receiver | None" = None
    max_form_parts = MAX_PARTS

    def make_form_data_parser(self) -> FormDataParser:
        """While files are received, a parser that says when the form is broken; the usual one takes it for empty."""
        parser = super().make_form_data_parser()
        parser.silent = self.receiver is None
        return parser

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.receiver is None:
            raise RequestEntityTooLarge
        file: Any = self.receiver.receive()
        return file  # type: ignore[no-any-return]


@contextmanager
def receive_form(request: Request) -> Iterator[list[tuple[str, ReceivedFile]]]:
    """The files of the form, as (name as sent, file); they are deleted when the block ends.

    Raises:
        RequestTooLarge: the files are over `MAX_REQUEST_BYTES`.
        BrokenUpload: the body ended early.
    """
    assert isinstance(request, StreamingRequest)
    limit = config.current().max_request_bytes + FRAMING_BYTES
    if request.content_length and request.content_length > limit:
        raise RequestTooLarge(request.content_length)
    with scratch("upload") as folder:
        request.receiver, request.max_content_length = Receiver(folder), limit
        request.max_form_memory_size = LONGEST_FIELDS_BYTES
        try:
            files = _files(request)
        finally:
            request.receiver.close_files()
        yield files


def _files(request: Request) -> list[tuple[str, ReceivedFile]]:
    try:
        sent = request.files.getlist("files")
    except RequestEntityTooLarge as error:
        raise RequestTooLarge(request.content_length) from error
    except (ClientDisconnected, ValueError) as error:
        raise BrokenUpload from error
    stored: list[tuple[str, ReceivedFile]] = []
    for file in sent:
        kept: Any = file.stream
        if file.filename:
            stored.append((_sent_name(file), kept))
    total = sum(kept.size_bytes for _name, kept in stored)
    if total > config.current().max_request_bytes:
        raise RequestTooLarge(total)
    return stored


def _sent_name(file: FileStorage) -> str:
    """The file's name as it was sent, with its backslashes, which the parser takes for escapes and drops."""
    found = _FILE_NAME.search(file.headers.get("Content-Disposition", ""))
    return found[1].replace('\\"', '"').replace("%22", '"') if found else file.filename or ""
