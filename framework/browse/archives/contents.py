"""The files of an archive with their bytes, read from a full copy by one git, and Git LFS objects from the store."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from framework.browse.archives.planning import Archive, leads_out
from framework.browse.history.tree_entries import TreeEntry, list_exported
from framework.files import CHUNK_BYTES
from framework.gitcore import git
from framework.gitcore.modes import SYMLINK
from framework.gitcore.pack_writer import blob_hash
from framework.lfs.reading import stream_whole
from framework.repositories.cache.copy import Copy, ObjectAbsent, ObjectAltered
from framework.repositories.serve.whole_blobs import lay_out_whole

DEADLINE_SECONDS = 3600
LONGEST_LINK_BYTES = 4096
"""No system follows a link to a longer path."""


@dataclass(frozen=True)
class Member:
    """A folder, which has no chunks and whose path ends with a slash, a file, or a symbolic link to its content.

    All chunks have to be read before the next member is.
    """

    path: bytes
    mode: int
    size_bytes: int
    chunks: Iterator[bytes]

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.endswith(b"/")


def read_members(copy: Copy, archive: Archive) -> Iterator[Member]:
    """What is in the archive, in git's order; the copy has to be full.

    Raises:
        ObjectAbsent, ObjectAltered, GitFailed, LfsLost: between two members, or within one's chunks.
    """
    with tempfile.TemporaryFile() as names, lay_out_whole(copy, archive.large) as environment:
        names.writelines(f"{entry.sha}\n".encode() for entry in _list(copy, archive) if entry.kind == "blob")
        names.seek(0)
        with git.start(
            copy.path,
            *("cat-file", "--batch", "--buffer"),
            stdin=names,
            environment=environment,
            deadline_seconds=DEADLINE_SECONDS,
        ) as process:
            assert process.stdout
            for entry in _list(copy, archive):
                if entry.kind == "blob":
                    yield from _read_file(copy, archive, entry, process.stdout)
                else:
                    yield Member(_bytes(entry.path) + b"/", 0o40755, 0, iter(()))


def _list(copy: Copy, archive: Archive) -> Iterator[TreeEntry]:
    return list_exported(copy, archive.part, everything=archive.everything)


def _read_file(copy: Copy, archive: Archive, entry: TreeEntry, printed: IO[bytes]) -> Iterator[Member]:
    """The file, unless it is a link that leads out; what git prints of it is read to its end."""
    _sha, kind, digits = (*printed.readline().split(), b"", b"")[:3]
    if kind != b"blob":
        raise ObjectAbsent(entry.sha)
    mode, size = int(entry.mode, 8), int(digits)
    chunks = _read_blob(printed, entry.sha, size)
    stored = archive.stored.get(entry.sha)
    if mode == SYMLINK:
        target = b"".join(chunk for chunk in chunks if size <= LONGEST_LINK_BYTES)
        if target and not leads_out(entry.path, target.decode(errors="surrogateescape")):
            yield Member(_bytes(entry.path), mode, size, iter([target]))
    elif stored:
        for _pointer in chunks:
            pass
        objects = stream_whole(copy.snapshot.repository_id, stored)
        yield Member(_bytes(entry.path), _as_git_has_it(mode), stored.size_bytes, objects)
    else:
        yield Member(_bytes(entry.path), _as_git_has_it(mode), size, chunks)


def _as_git_has_it(mode: int) -> int:
    """A file's mode is one of two, whatever old versions of git have written."""
    return 0o100755 if mode & 0o100 else 0o100644


def _read_blob(printed: IO[bytes], sha: str, size_bytes: int) -> Iterator[bytes]:
    """The bytes, and the line feed behind them; the last ones only when all together have the blob's name."""
    check, left, held = blob_hash(size_bytes), size_bytes, b""
    while left:
        chunk = printed.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise ObjectAbsent(sha)
        check.update(chunk)
        left -= len(chunk)
        if held:
            yield held
        held = chunk
    printed.read(1)
    if check.hexdigest() != sha:
        raise ObjectAltered(sha)
    yield held


def _bytes(path: str) -> bytes:
    return path.encode(errors="surrogateescape")
