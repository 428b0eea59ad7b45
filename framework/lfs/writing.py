"""Writing to a branch, with Git LFS for the files that the branch's `.gitattributes` wants there."""

from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from framework.errors import HoldfastError, Unavailable
from framework.files import sha256_of
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.lfs.pointer import Pointer
from framework.gitcore.pack_writer import file_blob_name
from framework.gitcore.path_policy import check_stored_path
from framework.lfs.attributes import find_tracked_paths
from framework.lfs.pushing import LfsUnknown
from framework.lfs.receiving import store_files
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.catalog.lfs_objects import LfsExpired
from framework.repositories.write import branch_writer
from framework.repositories.write.commit import Precheck
from framework.repositories.write.operations import InTransaction, Operation, Put, Write, Written


def write(
    wanted: Write, *, precheck: Precheck, in_transaction: InTransaction, tracked: Set[str] | None = None
) -> Written:
    """As `branch_writer.write`, after every file that belongs in Git LFS was stored there.

    `tracked` are the paths that the branch wants there; None has its `.gitattributes` files read.

    Raises:
        What that raises. LfsUnknown: a file is a pointer to an object that the project does not have.
    """
    puts = [operation for operation in wanted.operations if isinstance(operation, Put)]
    for put in puts:
        check_stored_path(put.path)
    plain = partial(branch_writer.write, precheck=precheck, in_transaction=in_transaction)
    if tracked is None:  # most have none, and find out while they write
        try:
            return _write(wanted, puts, frozenset(), partial(plain, look=partial(_refuse_tracked, wanted, puts)))
        except _Tracked as found:
            tracked = found.paths
    return _write(wanted, puts, tracked, plain)


class _Tracked(HoldfastError):
    """The branch wants some files in Git LFS."""

    def __init__(self, paths: Set[str]) -> None:
        super().__init__("The branch wants files in Git LFS.")
        self.paths = paths


def _refuse_tracked(wanted: Write, puts: Sequence[Put], copy: Copy) -> None:
    tip = wanted.start or copy.snapshot.find_branch(wanted.branch)
    paths = [put.path for put in puts if put.size_bytes and not _pointer_in(put)]
    if found := find_tracked_paths(copy, tip, paths):
        raise _Tracked(found)


def _write(wanted: Write, puts: list[Put], tracked: Set[str], write_plain: Callable[[Write], Written]) -> Written:
    with scratch("lfs") as folder:
        with suppress(LfsExpired):  # an object that was there is gone: a purge, or the clean-up, was faster
            return _write_once(_Files(wanted, puts, tracked, folder), write_plain)
        return _write_once(_Files(wanted, puts, tracked, folder), write_plain)


def _write_once(files: "_Files", write_plain: Callable[[Write], Written]) -> Written:
    wanted = files.wanted
    if not files.pointers:
        return write_plain(wanted)
    stored = store_files(wanted.repository_id, files.lacking) if files.lacking else []
    received = (*files.received.values(), *stored)
    changed = replace(wanted, operations=files.operations, lfs=received, named_lfs=files.named)
    try:
        return write_plain(changed)
    except HoldfastError:
        with suppress(Unavailable):
            lfs_objects.abandon(stored)
        raise


class _Files:
    """The files of one write as Git will have them: those that are in Git LFS as their pointers."""

    def __init__(self, wanted: Write, puts: list[Put], tracked: Set[str], folder: Path) -> None:
        self.wanted, self._folder = wanted, folder
        sources: dict[str, Path] = {}
        self.pointers: dict[str, Pointer] = {}
        hashed = cache(sha256_of)  # a file may stand at many paths
        for put in puts:
            if found := _pointer_in(put):
                self.pointers[put.path] = found
            elif put.path in tracked and put.size_bytes:
                self.pointers[put.path] = Pointer(hashed(put.bring_file()), put.size_bytes)
                sources[self.pointers[put.path].oid] = put.file
        oids = [one.oid for one in self.pointers.values()]
        received = lfs_objects.read_received(wanted.repository_id, oids)
        named = lfs_objects.read_named(wanted.repository_id, oids)
        self.received: dict[str, StoredLfs] = {oid: one for oid, one in received.items() if oid not in named}
        self.named = frozenset(named)
        self.lacking = {oid: file for oid, file in sources.items() if oid not in named and oid not in received}
        self._refuse_unknown(received | named)

    @property
    def operations(self) -> list[Operation]:
        """The operations of the write, with pointers for the files that are in Git LFS."""
        return [self._replace_by_pointer(one) if isinstance(one, Put) else one for one in self.wanted.operations]

    def _replace_by_pointer(self, put: Put) -> Put:
        found = self.pointers.get(put.path)
        if found is None or found == _pointer_in(put):
            return put
        file = self._folder / found.oid
        file.write_bytes(found.text)
        return Put(put.path, file, len(found.text), file_blob_name(file, len(found.text)))

    def _refuse_unknown(self, there: dict[str, StoredLfs]) -> None:
        sizes = {oid: one.size_bytes for oid, one in there.items()}
        sizes |= {oid: self._size(oid) for oid in self.lacking}
        unknown = {path: one for path, one in self.pointers.items() if sizes.get(one.oid) != one.size_bytes}
        if unknown:
            path, one = next(iter(unknown.items()))
            raise LfsUnknown(len(unknown), one.oid, path)

    def _size(self, oid: str) -> int:
        return self.lacking[oid].stat().st_size


def _pointer_in(put: Put) -> Pointer | None:
    if put.size_bytes not in lfs_pointer.SIZES:
        return None
    return lfs_pointer.parse(put.file.read_bytes())
