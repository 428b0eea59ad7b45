"""The body of a commit: received into scratch, its files' contents too, and turned into operations on paths."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from framework import config
from framework.accounts.core.account import Account
from framework.api.bodies import CONTENTS, CommitBody, DeleteBody, MoveBody, PutBody, validate
from framework.api.body.parsing import refuse_other_media
from framework.api.body.spooling import SpooledJson
from framework.formatting import MIB
from framework.gitcore.path_policy import check_path, check_stored_path
from framework.repositories.cache.scratch import scratch
from framework.repositories.write.operations import Delete, Move, Operation, Put
from framework.uploads.assembling import OpenedUpload, open_uploads
from framework.uploads.changing import Changes
from framework.uploads.form.received_files import FileReceiver, ReceivedFile
from framework.uploads.operations import FileOutcome, FilesTooLarge, SentFile, put_file
from framework.uploads.receiving import BrokenUpload, RequestTooLarge
from framework.uploads.refusals import too_large_sentence
from framework.uploads.tus.resumable import find_uploads

LARGE_BODY_BYTES = MIB
"""Whether a smaller body fits is asked only at the commit: to read it costs less than to ask twice."""


@dataclass(frozen=True)
class Incoming:
    """What a program wants to commit, and the SHA-256 (hex) of the body that said so; contents lie in `folder`."""

    body: CommitBody
    sha256: str
    folder: Path

    @property
    def uploads(self) -> list[str]:
        """The ids of the uploads that become files."""
        puts = [operation for operation in self.body.operations if isinstance(operation, PutBody)]
        return [put.upload for put in puts if put.upload is not None]

    def changes(self, account: Account) -> Changes:
        """The same as changes that can be stored, the contents of files decoded.

        Raises:
            BadPath, BadContent: a rule is broken. FilesTooLarge: files are over `MAX_FILE_BYTES`.
            What `find_uploads` and `open_uploads` raise: an upload is not the account's, or not finished, or they are
                too large together.
        """
        for operation in self.body.operations:  # before files are fetched for nothing
            _check_paths(operation)
        opened = open_uploads(find_uploads(account, self.uploads), self.folder)
        operations = _Operations(opened, self.folder).of(self.body)
        return Changes(operations, self.body.branch, self.body.message, parent=self.body.parent, start=self.body.start)


def least_bytes_of(request: Request) -> int:
    """How many bytes of content a commit brings at least, by its length: one in four is the encoding's.

    0 for a small body, which is read sooner than the owner's room; one byte for a body that comes without a length.
    """
    length = request.content_length
    if length is None:
        return 1
    return length * 3 // 4 if length >= LARGE_BODY_BYTES else 0


@contextmanager
def receive_commit(request: Request) -> Iterator[Incoming]:
    """The commit that the request's body asks for; what it brought is deleted when the block ends.

    Raises:
        NotJson, BadJson, BadDocument: the body breaks a rule. RequestTooLarge: it is over `MAX_REQUEST_BYTES`.
    """
    refuse_other_media()
    with scratch("commit") as folder:
        spooled = SpooledJson(folder / "body")
        _read(request, spooled)
        yield Incoming(validate(CommitBody, spooled.values(CONTENTS)), spooled.sha256, folder)


def _read(request: Request, spooled: SpooledJson) -> None:
    """Read the body to its end."""
    limit = config.current().max_request_bytes
    request.max_content_length = limit
    try:
        spooled.read(request.stream)
    except RequestEntityTooLarge as error:
        raise RequestTooLarge(request.content_length) from error
    except ClientDisconnected as error:
        raise BrokenUpload from error


def _check_paths(operation: PutBody | DeleteBody | MoveBody) -> None:
    check_stored_path(operation.path)
    if isinstance(operation, MoveBody):
        check_path(operation.to)


class _Operations:
    """Turns the operations of a body into those of a write, with the files' contents in a folder."""

    def __init__(self, opened: Mapping[str, OpenedUpload], folder: Path) -> None:
        self._opened = opened
        self._receiver = FileReceiver(folder)
        self._too_large: list[FileOutcome] = []

    def of(self, body: CommitBody) -> Sequence[Operation]:
        made = [self._read_operation(operation) for operation in body.operations]
        if self._too_large:
            raise FilesTooLarge(self._too_large)
        return made

    def _read_operation(self, operation: PutBody | DeleteBody | MoveBody) -> Operation:
        if isinstance(operation, DeleteBody):
            return Delete(operation.path)
        if isinstance(operation, MoveBody):
            return Move(operation.path, operation.to)
        return self._put(operation.path, self._file(operation))

    def _put(self, path: str, file: SentFile) -> Put:
        if file.size_bytes > config.current().max_file_bytes:
            sentence = too_large_sentence(path, file.size_bytes)
            self._too_large.append(FileOutcome(path, file.size_bytes, sentence))
            return Put(path, file.path, 0, "")
        return put_file(path, file)

    def _file(self, operation: PutBody) -> SentFile:
        if operation.upload is not None:
            return self._opened[operation.upload]
        if operation.content is not None:
            return self._receive_content(operation.content.utf8)
        assert operation.content_base64 is not None
        return self._receive_content(operation.content_base64.bytes_of_base64)

    def _receive_content(self, content: Callable[[], Iterator[bytes]]) -> ReceivedFile:
        file = self._receiver.receive()
        try:
            for chunk in content():
                file.write(chunk)
        finally:
            file.close()
        return file
