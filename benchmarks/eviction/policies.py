"""Which copy goes when the cache is full: four answers, each an in-memory model that is told of visits.

The models know sizes: room is counted in bytes, and a project larger than the whole cache is let in alone.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from framework.repositories.cache.eviction import eviction_score


class Policy(Protocol):
    """A cache of so many bytes."""

    def visit(self, project: int, size_bytes: int) -> bool:
        """Somebody opens this project; whether it was there."""


class LeastRecentlyUsed:
    """Whoever was visited longest ago goes."""

    def __init__(self, capacity_bytes: int) -> None:
        self._room = capacity_bytes
        self._kept: OrderedDict[int, int] = OrderedDict()

    def visit(self, project: int, size_bytes: int) -> bool:
        """Move it to the fresh end."""
        if project in self._kept:
            self._kept.move_to_end(project)
            return True
        while self._kept and size_bytes > self._room:
            self._room += self._kept.popitem(last=False)[1]
        self._kept[project] = size_bytes
        self._room -= size_bytes
        return False


class Sieve:
    """SIEVE (Zhang et al., NSDI 2024): a hand goes from the oldest arrival to the newest and drops who was not visited.

    Who was is spared and stays in its place, and has to be visited again before the hand comes back.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._room = capacity_bytes
        self._sizes: dict[int, int] = {}
        self._visited: set[int] = set()
        self._newer: dict[int, int] = {}
        self._older: dict[int, int] = {}
        self._oldest = self._newest = self._hand = -1

    def visit(self, project: int, size_bytes: int) -> bool:
        """Mark it, or let it in as the newest."""
        if project in self._sizes:
            self._visited.add(project)
            return True
        while self._sizes and size_bytes > self._room:
            self._drop(self._next_victim())
        self._append(project, size_bytes)
        return False

    def _next_victim(self) -> int:
        at = self._hand if self._hand >= 0 else self._oldest
        while at in self._visited:
            self._visited.discard(at)
            following = self._newer[at]
            at = following if following >= 0 else self._oldest
        self._hand = self._newer[at]
        return at

    def _append(self, project: int, size_bytes: int) -> None:
        self._sizes[project] = size_bytes
        self._room -= size_bytes
        self._older[project], self._newer[project] = self._newest, -1
        if self._newest >= 0:
            self._newer[self._newest] = project
        else:
            self._oldest = project
        self._newest = project

    def _drop(self, project: int) -> None:
        self._room += self._sizes.pop(project)
        older, newer = self._older.pop(project), self._newer.pop(project)
        if older >= 0:
            self._newer[older] = newer
        else:
            self._oldest = newer
        if newer >= 0:
            self._older[newer] = older
        else:
            self._newest = older


class S3Fifo:
    """S3-FIFO (Yang et al., SOSP 2023): newcomers wait in a tenth of the room; who is visited there moves to the rest.

    Who leaves the small queue unvisited is remembered by name, and comes back into the main one.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._room, self._small_limit = capacity_bytes, capacity_bytes // 10
        self._small_bytes = 0
        self._small: OrderedDict[int, int] = OrderedDict()
        self._main: OrderedDict[int, int] = OrderedDict()
        self._ghosts: OrderedDict[int, None] = OrderedDict()
        self._visits: dict[int, int] = {}

    def visit(self, project: int, size_bytes: int) -> bool:
        """Count it (to three), or let it in."""
        if project in self._visits:
            self._visits[project] = min(self._visits[project] + 1, 3)
            return True
        while self._visits and size_bytes > self._room:
            self._make_room()
        self._visits[project] = 0
        self._room -= size_bytes
        if project in self._ghosts:
            del self._ghosts[project]
            self._main[project] = size_bytes
        else:
            self._small[project] = size_bytes
            self._small_bytes += size_bytes
        return False

    def _make_room(self) -> None:
        if self._small and (self._small_bytes >= self._small_limit or not self._main):
            self._leave_small()
        else:
            self._leave_main()

    def _leave_small(self) -> None:
        project, size = self._small.popitem(last=False)
        self._small_bytes -= size
        if self._visits[project]:
            self._visits[project] = 0
            self._main[project] = size
            return
        self._forget(project, size)
        self._ghosts[project] = None
        while len(self._ghosts) > len(self._main) + 1:
            self._ghosts.popitem(last=False)

    def _leave_main(self) -> None:
        project, size = self._main.popitem(last=False)
        if self._visits[project]:
            self._visits[project] -= 1
            self._main[project] = size
            return
        self._forget(project, size)

    def _forget(self, project: int, size: int) -> None:
        del self._visits[project]
        self._room += size


class SizeAware:
    """What `framework/repositories/cache/eviction.py` does: whoever is the greatest `burden` goes.

    The model keeps a queue for each power of two of sizes and compares their heads only, as age orders each queue.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._room, self._clock = capacity_bytes, 0
        self._queues: dict[int, OrderedDict[int, tuple[int, int]]] = {}

    def visit(self, project: int, size_bytes: int) -> bool:
        """Move it to the fresh end of its queue; the clock ticks once a visit."""
        self._clock += 1
        queue = self._queues.setdefault(size_bytes.bit_length(), OrderedDict())
        if project in queue:
            queue[project] = (self._clock, size_bytes)
            queue.move_to_end(project)
            return True
        while size_bytes > self._room and (greatest := self._greatest()):
            self._room += greatest.popitem(last=False)[1][1]
        queue[project] = (self._clock, size_bytes)
        self._room -= size_bytes
        return False

    def _greatest(self) -> OrderedDict[int, tuple[int, int]] | None:
        return max((queue for queue in self._queues.values() if queue), key=self._head_burden, default=None)

    def _head_burden(self, queue: OrderedDict[int, tuple[int, int]]) -> float:
        used_at, size = next(iter(queue.values()))
        return eviction_score(self._clock - used_at, size)


POLICIES: dict[str, Callable[[int], Policy]] = {
    "least recently used": LeastRecentlyUsed,
    "SIEVE": Sieve,
    "S3-FIFO": S3Fifo,
    "size-aware": SizeAware,
}
"""By the names under which the table has them."""
