"""Files as they arrive: kept below the data folder, and looked at on the way."""

from functools import cached_property
from pathlib import Path

from framework import config
from framework.accounts.signin.token_leaks import TokenSearch
from framework.formatting import MIB
from framework.gitcore.arriving_blob import ArrivingBlob, PackedBlob, bring_file
from framework.gitcore.pack_writer import file_blob_name
from framework.gitcore.packs import WrittenPack
from framework.repositories import object_keys
from framework.storage.contract import Draft
from framework.storage.current import store

PACKED_AHEAD_BYTES = 8 * MIB
"""A file of this size or more that is the last part of its form has a pack of its own, made while it arrives."""


class ReceivedFile:
    """Where the bytes of one file go: to the disk up to the limit, and after it they are counted only.

    One that goes `into_git` is searched for access tokens as it arrives. If its size is known, it is packed then, and
    only the pack is kept.
    """

    def __init__(self, path: Path, limit: int, *, into_git: bool = False) -> None:
        self.place = path
        """Where the file is, or would be if it is unpacked."""
        self.size_bytes = 0
        self._limit = limit
        self._file = path.open("xb")
        self._search = TokenSearch() if into_git else None
        self._arriving: ArrivingBlob | None = None
        self._draft: Draft | None = None
        self._packed: PackedBlob | None = None

    @property
    def over_limit(self) -> bool:
        """Whether more bytes arrived than one file may have."""
        return self.size_bytes > self._limit

    @property
    def path(self) -> Path:
        """Where the file is; it is unpacked for who needs it so."""
        return bring_file(self.place, self.pack)

    @cached_property
    def blob(self) -> str:
        """The name that Git gives the content, in hex; for a file that has arrived."""
        return self._packed.sha if self._packed else file_blob_name(self.place, self.size_bytes)

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
            self._draft = store().begin_draft()
            self._arriving = ArrivingBlob(self.place.with_suffix(".pack"), size_bytes, self._draft)

    def write(self, data: bytes | memoryview) -> int:
        """Take the next bytes."""
        was_over = self.over_limit
        self.size_bytes += len(data)
        if self._arriving and self.size_bytes > self._arriving.size_bytes:
            self._unpack()
        if not self.over_limit:
            self._keep(data)
        elif not was_over:
            self._file.truncate(0)
        return len(data)

    def _keep(self, data: bytes | memoryview) -> None:
        if self._arriving:
            self._arriving.write(data)
        else:
            self._file.write(data)
        if self._search:
            self._search.read(data)

    def _unpack(self) -> None:
        """Have it as a file after all: its size is not the one that was expected."""
        if self._arriving:
            self._arriving.unpack(self._file)
            self._arriving = None
            self.drop_draft()

    def finish(self) -> None:
        """Close the file, all of which has arrived."""
        if self._arriving and self.size_bytes < self._arriving.size_bytes:
            self._unpack()
        self._file.close()
        if self._arriving:
            self._packed = self._arriving.finish()
            self.place.unlink()

    def close(self) -> None:
        """Close the file, wherever it ends."""
        self._file.close()
        if self._arriving:
            self._arriving.close()

    def drop_draft(self) -> None:
        """Be done with what the store was given ahead."""
        if self._draft:
            self._draft.close()
            self._draft = None


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

    def close(self) -> None:
        """Be done with them: what the store was given ahead of one that was not stored is dropped."""
        for file in self._files:
            file.drop_draft()
