"""Refs that this process has read already: thousands of rows that a small change to a repository leaves as they are."""

from collections.abc import Mapping
from types import MappingProxyType

from framework.lru import LRUCache
from framework.repositories.catalog.changes import Committed, RefUpdate

FEWEST, MOST = 200, 20_000
"""Fewer refs are read as quickly as they are remembered; more would take too much memory."""
REPOSITORIES = 4

_known: LRUCache[str, tuple[str, Mapping[str, str]] | None] = LRUCache(REPOSITORIES)


def recall_refs(repository_id: str, entry_hash: str) -> Mapping[str, str] | None:
    """The refs of the version of this entry, if it is the one that was remembered of the repository."""
    known = _known.get(repository_id, None)
    return known[1] if known and known[0] == entry_hash else None


def remember_refs(repository_id: str, entry_hash: str, refs: Mapping[str, str]) -> Mapping[str, str]:
    """The same refs, which nobody can change; they are recalled until others are remembered of the repository."""
    kept = MappingProxyType(dict(refs))
    if FEWEST <= len(kept) <= MOST:
        _known.put(repository_id, (entry_hash, kept))
    return kept


def carry_forward(committed: Committed, updates: tuple[RefUpdate, ...]) -> None:
    """Remember the refs of a version that this process has made from the one before, if it knew those."""
    before = recall_refs(committed.repository_id, committed.previous_hash or "")
    if before is None:
        return
    refs = dict(before)
    for ref in updates:
        if ref.new:
            refs[ref.name] = ref.new
        else:
            refs.pop(ref.name, None)
    remember_refs(committed.repository_id, committed.entry_hash, refs)


def forget_refs() -> None:
    """Know nothing, as a process that has just started."""
    _known.clear()
