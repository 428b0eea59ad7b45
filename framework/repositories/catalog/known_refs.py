"""Refs kept in memory, since most versions change few of them and a repository may have thousands."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from framework.lru import LRUCache
from framework.repositories.catalog.changes import Committed, RefUpdate, apply_ref_updates

LEAST_REFS = 200
"""Fewer are read as quickly as they are recalled."""
MOST_REFS = 20_000
MOST_REPOSITORIES = 4
"""Together with `MOST_REFS` the bound of this memory: some 15 MB for each process."""

VersionKey = tuple[int, int, str]
"""Epoch, version and the hash of its entry: refs change with one of them, also in a recovery."""

_known: LRUCache[str, tuple[VersionKey, Mapping[str, str]] | None] = LRUCache(MOST_REPOSITORIES)


def recall_refs(repository_id: str, version: VersionKey) -> Mapping[str, str] | None:
    """The refs of this version, if they are remembered."""
    known = _known.get(repository_id, None)
    return known[1] if known and known[0] == version else None


def remember_refs(repository_id: str, version: VersionKey, refs: Mapping[str, str]) -> Mapping[str, str]:
    """These refs, read-only; they are kept until those of another version replace them."""
    kept = MappingProxyType(dict(refs))
    if LEAST_REFS <= len(kept) <= MOST_REFS:
        _known.put(repository_id, (version, kept))
    return kept


def remember_updated(committed: Committed, updates: Iterable[RefUpdate]) -> None:
    """Remember the refs of a version that this process has just committed, if it remembered those of the one before."""
    before = (committed.epoch, committed.version - 1, committed.previous_hash or "")
    known = recall_refs(committed.repository_id, before)
    if known is not None:
        refs = dict(known)
        apply_ref_updates(refs, updates)
        remember_refs(committed.repository_id, (committed.epoch, committed.version, committed.entry_hash), refs)


def forget_refs() -> None:
    """For tests: forget everything, as after a restart."""
    _known.clear()
