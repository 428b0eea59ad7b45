"""The objects of a small push in memory, by their names: questions about them need no git."""

import heapq
from collections.abc import Iterator, Mapping

from framework.gitcore.commit_objects import message_of, read_commit, target_of
from framework.gitcore.pack_writer import object_hash
from framework.gitcore.packs import COMMIT, KIND_NAMES, TAG
from framework.repositories.write.received.pack_names import PackNames
from framework.repositories.write.received.pack_stream import PackUnreadable
from framework.repositories.write.received.scan import Scanned

_SPACES = b" \t\r\n"


class HeldObjects:
    """Kind and content by name in hex; what is not here may be elsewhere."""

    def __init__(self, objects: Mapping[str, tuple[int, bytes]]) -> None:
        self._objects = objects

    def __contains__(self, name: str) -> bool:
        return name in self._objects

    def content(self, name: str) -> bytes | None:
        """The object's bytes, None where it is not held."""
        found = self._objects.get(name)
        return found[1] if found else None

    def kind(self, name: str) -> str | None:
        """`commit`, `tree`, `blob` or `tag`; None where it is not held."""
        found = self._objects.get(name)
        return KIND_NAMES[found[0]].decode() if found else None

    def peel(self, name: str) -> str | None:
        """What a chain of tags leads to, or the object itself; None where one on the way is not held."""
        while found := self._objects.get(name):
            if found[0] != TAG:
                return name
            name = target_of(found[1])
        return None

    def tree_of(self, name: str) -> str | None:
        """The tree of the commit or tag; None where it has none, or that is not known here."""
        peeled = self.peel(name)
        found = self._objects.get(peeled) if peeled else None
        if not peeled or not found or found[0] != COMMIT:
            return None
        return read_commit(peeled, found[1]).tree.decode()

    def titles(self, tip: str) -> list[str] | None:
        """The titles of all commits that the tip leads to, newest first, as `git rev-list` orders and prints them.

        None where one is not held, or is written in an encoding of its own.
        """
        peeled = self.peel(tip)
        titles = list[str]()
        for raw in self._walk(peeled) if peeled else [None]:
            if raw is None or b"\nencoding " in raw.partition(b"\n\n")[0]:
                return None
            titles.append(_title(raw))
        return titles

    def _walk(self, tip: str) -> Iterator[bytes | None]:
        waiting, seen = [(0, 0, tip)], {tip}
        while waiting:
            name = heapq.heappop(waiting)[2]
            kind, raw = self._objects.get(name, (0, b""))
            if kind != COMMIT:
                yield None
                return
            yield raw
            for parent in read_commit(name, raw).parents:
                if (sha := parent.decode()) not in seen:
                    seen.add(sha)
                    heapq.heappush(waiting, (-self._moment(sha), len(seen), sha))

    def _moment(self, sha: str) -> int:
        kind, raw = self._objects.get(sha, (0, b""))
        return (read_commit(sha, raw).commit_time or 0) if kind == COMMIT else 0


NOTHING_HELD = HeldObjects({})


def hold_objects(scanned: Scanned, names: PackNames) -> HeldObjects:
    """All objects of the pack where the scan has them all, else none; each is what git's name for it says.

    Raises:
        PackUnreadable: one is not.
    """
    if not scanned.holds_all:
        return NOTHING_HELD
    objects = dict[str, tuple[int, bytes]]()
    for number, content in scanned.held.items():
        kind = scanned.kinds[number]
        check = object_hash(KIND_NAMES[kind], len(content))
        check.update(content)
        if check.digest() != names[number]:
            raise PackUnreadable
        objects[names[number].hex()] = kind, content
    return HeldObjects(objects)


def _title(raw: bytes) -> str:
    """The lines of the first paragraph, joined by spaces (`%s` in git-log(1))."""
    lines = list[bytes]()
    for line in message_of(raw).split(b"\n"):
        stripped = line.rstrip(_SPACES)
        if not stripped and lines:
            break
        lines += [stripped] if stripped else []
    return b" ".join(lines).decode(errors="replace")
