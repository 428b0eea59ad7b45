"""How many files a version has when every folder is walked: a few folders that name each other can have billions."""

import re
import time
from collections.abc import Callable, Iterable

from framework.errors import TooLarge
from framework.repositories.quarantine import Quarantine

MAX_PATHS = 1_000_000
MAX_DEPTH = 500
MAX_SECONDS = 300

_ENTRY = re.compile(rb"([0-7]+) [^\0]*\0(.{20})", re.DOTALL)
_FOLDER = b"40000"
_DEPTH_BITS = 10
_DEPTH_MASK = (1 << _DEPTH_BITS) - 1

Read = Callable[[str], bytes]


class TooManyPaths(TooLarge):
    """A version has more files and folders than one may."""

    def __init__(self) -> None:
        super().__init__(
            f"A version that you push has more than {MAX_PATHS:,} files and folders, or more than {MAX_DEPTH} levels of"
            " folders. Keep what belongs together in projects of its own, or pack such folders into an archive."
        )


def check_breadth(quarantine: Quarantine, tips: Iterable[str]) -> None:
    """Walk the folders of what the refs are to point to, each once.

    Raises:
        TooManyPaths: checking it out or making an archive of it would not end.
    """
    deadline = time.monotonic() + MAX_SECONDS
    with quarantine.reader() as read:
        walk = _Walk(read, deadline)
        for tree in quarantine.trees_of(tips):
            walk.measure(bytes.fromhex(tree))


class _Walk:
    """Counts paths from the innermost folder outwards, without recursion: depth is the pusher's choice."""

    def __init__(self, read: Read, deadline: float) -> None:
        self._read, self._deadline = read, deadline
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
        if time.monotonic() > self._deadline or waiting + len(self._measured) > MAX_PATHS:
            raise TooManyPaths
        entries = _ENTRY.findall(self._read(tree.hex()))
        return [sha for mode, sha in entries if mode.lstrip(b"0") == _FOLDER], len(entries)

    def _close(self, tree: bytes, folders: list[bytes], entries: int) -> None:
        within = [self._measured[folder] for folder in folders]
        paths = entries + sum(number >> _DEPTH_BITS for number in within)
        depth = 1 + max((number & _DEPTH_MASK for number in within), default=0)
        if paths > MAX_PATHS or depth > MAX_DEPTH:
            raise TooManyPaths
        self._measured[tree] = paths << _DEPTH_BITS | depth
