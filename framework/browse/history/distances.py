"""How far commits are from another one: counted for all of them by one walk."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from framework.gitcore import git
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy

CACHED_DISTANCES = 8192

Distance = tuple[int, int]
"""How many commits only the other one has, and how many only the base."""

_known: LRUCache[tuple[str, str], Distance | None] = LRUCache(CACHED_DISTANCES)


def measure_distances(copy: Copy, base: str, shas: Iterable[str]) -> Mapping[str, Distance]:
    """How many commits each of these has beyond the base, and the base beyond it; all are names of commits.

    Two gits at most, however many are asked about. What all of them have in common is not walked.
    """
    found = {sha: (0, 0) if sha == base else _known.get((base, sha), None) for sha in shas}
    missing = [sha for sha, distance in found.items() if distance is None]
    if missing:
        for sha, distance in zip(missing, _count(copy, base, missing), strict=True):
            _known.put((base, sha), distance)
            found[sha] = distance
    return {sha: distance for sha, distance in found.items() if distance is not None}


def _count(copy: Copy, base: str, shas: Sequence[str]) -> list[Distance]:
    """Bit 0 of a set is the base, bit n the n-th of the others."""
    counts = Counter[int]()
    for reached in _walk(copy, [base, *shas]):
        counts[reached] += 1
    distances = []
    for number in range(1, len(shas) + 1):
        ahead = sum(count for reached, count in counts.items() if reached >> number & 1 and not reached & 1)
        behind = sum(count for reached, count in counts.items() if reached & 1 and not reached >> number & 1)
        distances.append((ahead, behind))
    return distances


def _walk(copy: Copy, starts: Sequence[str]) -> Iterable[int]:
    """For each commit that not all of these have, the set of those that have it; children come before parents."""
    reached = dict[str, int]()
    for number, sha in enumerate(starts):
        reached[sha] = reached.get(sha, 0) | 1 << number
    common = [f"^{sha}" for sha in _find_common(copy, starts)]
    arguments = ["rev-list", "--topo-order", "--parents", "--end-of-options", *starts, *common]
    with git.start(copy.path, *arguments) as process:
        assert process.stdout
        for line in process.stdout:
            sha, *parents = line.decode().split()
            whose = reached.pop(sha)
            for parent in parents:
                reached[parent] = reached.get(parent, 0) | whose
            yield whose


def _find_common(copy: Copy, starts: Sequence[str]) -> list[str]:
    """The last commits that all of these have; none where their histories have nothing in common."""
    arguments = ["merge-base", "--octopus", "--all", *starts]
    try:
        with git.start(copy.path, *arguments, memory_bytes=git.PACKING_MEMORY_BYTES) as process:
            assert process.stdout
            return process.stdout.read().decode().split()
    except git.GitFailed as failure:
        if failure.exit_status != 1:
            raise
        return []
