"""What a version left, put together from the newest whole checkpoint before it and the entries since."""

from collections.abc import Mapping
from dataclasses import dataclass

from framework.repositories.journal.checkpoints import read_checkpoint
from framework.repositories.journal.keys import (
    NO_VERSION,
    CheckpointDamaged,
    EntryDamaged,
    Journal,
    JournalKey,
    checkpoints_by_entry,
)
from framework.repositories.journal.reader import BATCH, JournalEntry, JournalLine, read_entries, read_entry
from framework.repositories.journal.state import State


@dataclass(frozen=True)
class FullVersion:
    """A version and all that it left.

    `gap` where an entry on the way is lost, without which some of it may be missing; `retired` are the names of packs
    and the hashes of LFS objects that entries on the way dropped.
    """

    line: JournalLine
    state: State
    faults: tuple[str, ...] = ()
    gap: bool = False
    retired: frozenset[str] = frozenset()


def read_version(journal: Journal, key: JournalKey, *, known: Mapping[str, State] | None = None) -> FullVersion:
    """The version of this entry; `known` are states that need not be read, by the hash of their entry.

    Where an entry or a checkpoint on the way cannot be read, the ones before it are taken.

    Raises:
        EntryDamaged: the version's own entry is missing, altered, or of a newer format.
    """
    return _Walk(journal, known or {}).to(read_entry(key))


class _Walk:
    """The way back from an entry to a state that is told in full."""

    def __init__(self, journal: Journal, known: Mapping[str, State]) -> None:
        self._journal, self._known = journal, known
        self._checkpoints = dict(checkpoints_by_entry(journal))
        self._read = dict[JournalKey, JournalEntry | EntryDamaged]()
        self._faults, self._gap = list[str](), False

    def to(self, newest: JournalEntry) -> FullVersion:
        """What this version left: the entries that are met on the way, applied to the state that it ends at."""
        entries, state = list[JournalEntry](), None
        at: JournalEntry | None = newest
        while at is not None:
            state = at.state or self._state_of(at.line.entry_hash)
            if state:
                break
            entries.append(at)
            if at.line.previous is None:
                break
            if state := self._state_of(at.line.previous):
                break
            at = self._before(at)
        changes = [entry.change for entry in reversed(entries)]
        retired = frozenset(name for change in changes for name in (*change.retired_packs, *change.retired_lfs))
        return FullVersion(newest.line, (state or State()).after(changes), tuple(self._faults), self._gap, retired)

    def _state_of(self, entry_hash: str) -> State | None:
        """What the version of this entry left, where that is told in full beside it."""
        if entry_hash in self._known:
            return self._known[entry_hash]
        checkpoint = self._checkpoints.pop(entry_hash[:16], None)
        if checkpoint is None:
            return None
        try:
            return read_checkpoint(checkpoint)
        except CheckpointDamaged as damaged:
            self._faults.append(damaged.sentence)
            return None

    def _before(self, entry: JournalEntry) -> JournalEntry | None:
        """The entry that this one follows, or the newest before it that can be read; None where there is none."""
        earlier = [key for key in reversed(self._journal.entries) if key.place < entry.line.key.place]
        previous = next((key for key in earlier if key.names(entry.line.previous or "")), None)
        if previous and (found := self._read_one(previous)):
            return found
        self._gap = True
        others = (self._read_one(key) for key in earlier if key != previous)
        return next((other for other in others if other), None)

    def _read_one(self, key: JournalKey) -> JournalEntry | None:
        """The entry, and with it those that are likely to be asked for next; None where it cannot be read."""
        if key not in self._read:
            told = [checkpoint.entry.place for checkpoint in self._checkpoints.values()]
            since = max((place for place in told if place < key.place), default=NO_VERSION)
            wanted = [one for one in self._journal.entries if since < one.place <= key.place and one not in self._read]
            self._read |= dict(zip(wanted[-BATCH:], read_entries(wanted[-BATCH:]), strict=True))
        found = self._read[key]
        if isinstance(found, JournalEntry):
            return found
        self._faults.append(found.sentence)
        return None
