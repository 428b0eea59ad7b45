"""Files as they arrive: kept below the data folder, and looked at on the way."""

from functools import cached_property
from pathlib import Path

from framework import config
from framework.accounts.signin.token_leaks import TokenSearch
from framework.formatting import MIB
from framework.gitcore.arriving_blob import ArrivingBlob, PackedBlob
from framework.gitcore.pack_writer import file_blob_name
from framework.gitcore.packs import WrittenPack
from framework.repositories import object_keys

PACKED_AHEAD_BYTES = 8 * MIB
"""A file of this size or more that is the last part of its form has a pack of its own, made while it arrives."""


class ReceivedFile:
    """Where the bytes of one file go: to the disk up to the limit, and after it they are counted only.

    One that goes `into_git` is searched for access tokens as it arrives, and packed then if its size is known.
    """

    def __init__(self, path: Path, limit: int, *, into_git: bool = False) -> None:
        self.path = path
        self.size_bytes = 0
        self._limit = limit
        self._file = path.open("xb")
        self._search = TokenSearch() if into_git else None
        self._arriving: ArrivingBlob | None = None
        self._packed: PackedBlob | None = None

    @property
    def over_limit(self) -> bool:
        """Whether more bytes arrived than one file may have."""
        return self.size_bytes > self._limit

    @cached_property
    def blob(self) -> str:
        """The name that Git gives the content, in hex; for a file that has arrived."""
        return self._packed.sha if self._packed else file_blob_name(self.path, self.size_bytes)

    @property
    def pack(self) -> WrittenPack | None:
        """A pack that has the content and nothing else, where it was packed while it arrived."""
        return self._packed.pack if self._packed else None

    @property
    def tokens(self) -> set[str] | None:
        """What looks like access tokens in the content, where it was searched."""
        return self._search.found if self._search else None

    def expect(self, size_bytes: int) -> None:
        """Pack the file while it arrives, since it will most likely have this size; said before the first bytes."""
        least = max(PACKED_AHEAD_BYTES, config.current().large_blob_bytes)
        if self._search is not None and least <= size_bytes <= self._limit:
            self._arriving = ArrivingBlob(self.path.with_suffix(".pack"), size_bytes)

    def write(self, data: bytes | memoryview) -> int:
        """Take the next bytes."""
        was_over = self.over_limit
        self.size_bytes += len(data)
        if not self.over_limit:
            self._file.write(data)
            self._look_at(data)
        elif not was_over:
            self._file.truncate(0)
        return len(data)

    def _look_at(self, data: bytes | memoryview) -> None:
        if self._arriving:
            self._arriving.write(data)
        if self._search:
            self._search.read(data)

    def finish(self) -> None:
        """Close the file, all of which has arrived."""
        self._file.close()
        self._packed = self._arriving.finish() if self._arriving else None

    def close(self) -> None:
        """Close the file, wherever it ends."""
        self._file.close()
        if self._arriving:
            self._arriving.close()


class FileReceiver:
    """The folder that one request's files are received in, and its files, so that all are closed at the end."""

    def __init__(self, folder: Path, *, into_git: bool = False) -> None:
        self._folder, self._into_git = folder, into_git
        self._files: list[ReceivedFile] = []
        self.sent: list[tuple[str, ReceivedFile]] = []
        """The files of the form's field `files`, with their names as sent."""

    def receive(self) -> ReceivedFile:
        """A place for the next file."""
        path, limit = self._folder / object_keys.new_id(), config.current().max_file_bytes
        self._files.append(ReceivedFile(path, limit, into_git=self._into_git))
        return self._files[-1]

    def close_files(self) -> None:
        """Close what was received, wholly or in part."""
        for file in self._files:
            file.close()
