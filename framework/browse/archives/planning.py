"""What an archive of a version holds; it is summed before the first byte.

A few folders that name each other may hold more than any disk. Git's own archives are not used: they change line ends
and other bytes as `.gitattributes` says for working trees, and have pointers in place of Git LFS objects.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from pathlib import PureWindowsPath

from framework import config
from framework.browse.history.tree_entries import Part, TreeEntry, list_exported
from framework.errors import TooLarge
from framework.formatting import format_size
from framework.gitcore import git
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.repositories.cache.copy import Copy
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.catalog.lfs_objects import names_any, read_named
from framework.repositories.catalog.snapshot import read_large_blob_sizes
from framework.repositories.history.folders import read_blobs
from framework.repositories.history.refs import resolve

MOST_FILES = 1_000_000
POINTERS_AT_ONCE = 1_000


class ArchiveTooLarge(TooLarge):
    """The files of a version have more bytes together than one archive may, or there are too many of them."""

    def __init__(self) -> None:
        super().__init__(
            f"The files of this version are more than {format_size(config.current().max_archive_bytes)} together, or"
            f" more than {MOST_FILES:,}. Download a folder of it, or clone the project with git."
        )


@dataclass(frozen=True)
class Archive:
    """What an archive is made of: a part of a version, a comment, the time of all its files in seconds.

    `everything` says that what `export-ignore` leaves out is in it, too. `large` are the sizes in bytes of the large
    blobs in it, and `stored` the Git LFS objects, by blobs' names in hex.
    """

    part: Part
    comment: str
    seconds: int
    everything: bool
    large: Mapping[str, int]
    stored: Mapping[str, StoredLfs]


def plan_archive(copy: Copy, ref: str, folder: str, *, everything: bool = False) -> Archive:
    """The archive of a folder at a ref, with the commit's name as its comment.

    What `export-ignore` leaves out is in it only if `everything` is wanted.

    Raises:
        RefAbsent, PathAbsent, ArchiveTooLarge.
    """
    sha = resolve(copy, ref)
    part = Part.of(copy, sha, folder)
    survey = _Survey(copy)
    for count, entry in enumerate(list_exported(copy, part, everything=everything)):
        survey.count(entry)
        if count > MOST_FILES:
            raise ArchiveTooLarge
    stored = survey.find_stored()
    survey.check_distant()
    return Archive(part, sha, copy.commit(sha).commit_time or 0, everything, survey.large, stored)


def leads_out(path: str, target: str) -> bool:
    """Whether a symbolic link may lead out of the project when it is unpacked; such a one is in no archive.

    What goes up after it went down is taken for one, since what it goes through may be a link. Windows takes a
    backslash for a slash, and a letter with a colon for a drive.
    """
    way = PureWindowsPath(target)
    ups = len(list(takewhile("..".__eq__, way.parts)))
    return bool(way.anchor) or ups > path.count("/") or ".." in way.parts[ups:]


@dataclass
class _Survey:
    """What is below a folder; `large` fills with the sizes in bytes of large blobs, by name in hex."""

    copy: Copy
    large: dict[str, int] = field(default_factory=dict)
    _distant: Counter[str] = field(default_factory=Counter)
    _pointers: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._room = config.current().max_archive_bytes
        self._has_stored = names_any(self.copy.snapshot.repository_id)

    def count(self, entry: TreeEntry) -> None:
        """Take the entry's bytes from the room that is left.

        Raises:
            ArchiveTooLarge.
        """
        if entry.kind != "blob":
            return
        if entry.size_bytes is None:  # it lies in the store only
            self._distant[entry.sha] += 1
            return
        if entry.size_bytes > git.RESOLVED_BLOB_BYTES:
            self.large[entry.sha] = entry.size_bytes
        elif self._has_stored and entry.size_bytes in lfs_pointer.SIZES and entry.mode.startswith("100"):
            self._pointers[entry.sha] += 1
        self._take(entry.size_bytes)

    def find_stored(self) -> dict[str, StoredLfs]:
        """The Git LFS objects that pointers among the entries stand for, by the pointers' blobs.

        Raises:
            ArchiveTooLarge.
        """
        found: dict[str, StoredLfs] = {}
        waiting = iter(self._pointers)
        while some := list(islice(waiting, POINTERS_AT_ONCE)):
            found |= self._read_pointers(some)
        return found

    def check_distant(self) -> None:
        """Count what lies in the store only, too.

        Raises:
            ArchiveTooLarge.
        """
        known = read_large_blob_sizes(self.copy.snapshot.repository_id, set(self._distant)) if self._distant else {}
        self._take(sum(known.get(sha, 0) * times for sha, times in self._distant.items()))
        self.large |= known

    def _read_pointers(self, shas: Sequence[str]) -> dict[str, StoredLfs]:
        read = ((sha, lfs_pointer.parse(data)) for sha, data in read_blobs(self.copy, shas))
        pointers = {sha: pointer.oid for sha, pointer in read if pointer}
        named = read_named(self.copy.snapshot.repository_id, pointers.values()) if pointers else {}
        found = {sha: named[oid] for sha, oid in pointers.items() if oid in named}
        self._take(sum(one.size_bytes * self._pointers[sha] for sha, one in found.items()))
        return found

    def _take(self, size_bytes: int) -> None:
        self._room -= size_bytes
        if self._room < 0:
            raise ArchiveTooLarge
