"""Which paths `.gitignore` files leave out (gitignore(5)); what is ignored is told to people, never dropped."""

import io
from collections.abc import Callable

from dulwich.ignore import IgnoreFilter, read_ignore_patterns

LONGEST_IGNORE_BYTES = 256 << 10
NAME = ".gitignore"


class Ignores:
    """The `.gitignore` files of a tree; `read` gives the content of the one in a folder, or None."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._filters: dict[str, IgnoreFilter | None] = {}
        self._folders: dict[str, bool] = {"": False}

    def leave_out(self, path: str) -> bool:
        """Whether the file at this path is ignored, by its own name or with a folder that it is in."""
        return self._folder_is_out(path.rpartition("/")[0]) or self._decided(path, "")

    def _folder_is_out(self, folder: str) -> bool:
        """A file in an ignored folder cannot be brought back, so the folders decide from the root downwards."""
        if folder not in self._folders:
            above = folder.rpartition("/")[0]
            self._folders[folder] = self._folder_is_out(above) or self._decided(folder, "/")
        return self._folders[folder]

    def _decided(self, path: str, end: str) -> bool:
        """What the nearest `.gitignore` says that says anything."""
        place = path
        while place:
            place = place.rpartition("/")[0]
            rules = self._rules(place)
            said = rules.is_ignored(path[len(place) :].lstrip("/") + end) if rules else None
            if said is not None:
                return said
        return False

    def _rules(self, folder: str) -> IgnoreFilter | None:
        if folder not in self._filters:
            content = self._read(folder)
            self._filters[folder] = IgnoreFilter(read_ignore_patterns(io.BytesIO(content))) if content else None
        return self._filters[folder]
