"""What a version holds when every folder is walked: a few that name each other can have billions of files, or bytes."""

import re
import time
from collections.abc import Callable, Iterable, Sequence

from framework.errors import TooLarge
from framework.formatting import format_size
from framework.repositories.write.quarantine import Quarantine

MAX_PATHS = 1_000_000
MAX_DEPTH = 500
MAX_SECONDS = 300

_ENTRY = re.compile(rb"([0-7]+) [^\0]*\0(.{20})", re.DOTALL)
_FOLDER = b"40000"
_OTHERS = {_FOLDER, b"160000"}
_DEPTH_BITS = 10
_DEPTH_MASK = (1 << _DEPTH_BITS) - 1

Read = Callable[[str], bytes]
Sizes = Callable[[Sequence[str]], Iterable[int]]


class TooManyPaths(TooLarge):
    """A version has more files and folders than one may."""

    def __init__(self) -> None:
        super().__init__(
            f"A version that you push has more than {MAX_PATHS:,} files and folders, or more than {MAX_DEPTH} levels of"
            " folders. Keep what belongs together in projects of its own, or pack such folders into an archive."
        )


class WalkTooLong(TooLarge):
    """The folders of a push are too many for this machine to look at in time."""

    def __init__(self) -> None:
        super().__init__("Checking the folders of this push took too long; push fewer commits at a time.")


class TooManyBytes(TooLarge):
    """The files of a version have more bytes together than any honest one."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The files of a version that you push have more than {format_size(limit_bytes)} together when they are"
            " checked out: the same large file lies at many paths. Keep it at one."
        )


def check_tree_size(quarantine: Quarantine, tips: Iterable[str], limit_bytes: int) -> None:
    """Walk the folders of what the refs are to point to, each once.

    Raises:
        TooManyPaths, TooManyBytes: checking it out or making an archive of it would not end.
        WalkTooLong: it took more than `MAX_SECONDS`.
    """
    deadline = time.monotonic() + MAX_SECONDS
    with quarantine.reader() as read, quarantine.sizes() as sizes:
        walk = _Walk(read, sizes, deadline, limit_bytes)
        for tree in quarantine.trees_of(tips):
            walk.measure(bytes.fromhex(tree))


class _Walk:
    """Counts paths from the innermost folder outwards, without recursion: depth is the pusher's choice."""

    def __init__(self, read: Read, sizes: Sizes, deadline: float, limit_bytes: int) -> None:
        self._read, self._sizes, self._deadline, self._limit = read, sizes, deadline, limit_bytes
        self._bytes: dict[bytes, int] = {}
        self._measured: dict[bytes, int] = {}
        """Paths, and the depth in the lowest bits, by a folder's name: one number takes little of a server's memory."""

    def measure(self, root: bytes) -> None:
        waiting: list[tuple[bytes, list[bytes] | None, int]] = [(root, None, 0)]
        while waiting:
            tree, folders, entries = waiting.pop()
            if tree in self._measured:
                continue
            if folders is None:
                folders, entries = self._look(tree, len(waiting))
                waiting.append((tree, folders, entries))
                waiting += [(folder, None, 0) for folder in set(folders) - self._measured.keys()]
            else:
                self._close(tree, folders, entries)

    def _look(self, tree: bytes, waiting: int) -> tuple[list[bytes], int]:
        if time.monotonic() > self._deadline:
            raise WalkTooLong
        if waiting + len(self._measured) > MAX_PATHS:
            raise TooManyPaths
        entries = _ENTRY.findall(self._read(tree.hex()))
        blobs = [sha.hex() for mode, sha in entries if mode.lstrip(b"0") not in _OTHERS]
        self._bytes[tree] = sum(self._sizes(blobs))
        return [sha for mode, sha in entries if mode.lstrip(b"0") == _FOLDER], len(entries)

    def _close(self, tree: bytes, folders: list[bytes], entries: int) -> None:
        within = [self._measured[folder] for folder in folders]
        paths = entries + sum(number >> _DEPTH_BITS for number in within)
        depth = 1 + max((number & _DEPTH_MASK for number in within), default=0)
        if paths > MAX_PATHS or depth > MAX_DEPTH:
            raise TooManyPaths
        self._bytes[tree] += sum(self._bytes[folder] for folder in folders)
        if self._bytes[tree] > self._limit:
            raise TooManyBytes(self._limit)
        self._measured[tree] = paths << _DEPTH_BITS | depth
