"""What a version left, put together from the newest whole checkpoint before it and the entries since."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from framework.repositories.journal.checkpoints import read_checkpoint
from framework.repositories.journal.keys import (
    NO_VERSION,
    CheckpointDamaged,
    EntryDamaged,
    Journal,
    JournalKey,
    Place,
)
from framework.repositories.journal.reader import BATCH, JournalEntry, JournalLine, read_entries, read_entry
from framework.repositories.journal.state import State


@dataclass(frozen=True)
class KnownVersion:
    """A version whose state need not be read, since SQL has it."""

    place: Place
    entry_hash: str
    state: State


@dataclass(frozen=True)
class FullVersion:
    """A version and the complete state that it left.

    `gap` where an entry on the way is lost, without which some of it may be missing; `retired` are the names of packs
    and LFS objects that entries on the way retired.
    """

    line: JournalLine
    state: State
    faults: tuple[str, ...] = ()
    gap: bool = False
    retired: frozenset[str] = frozenset()


def read_version(journal: Journal, key: JournalKey, *, known: KnownVersion | None = None) -> FullVersion:
    """The version of this entry. Where something on the way cannot be read, what comes before it is taken.

    Raises:
        EntryDamaged: the version's own entry is missing, altered, or of a newer format.
    """
    return _Walk(journal, known).read(read_entry(key))


class _Walk:
    """Goes back from an entry to a complete state, and forward again."""

    def __init__(self, journal: Journal, known: KnownVersion | None) -> None:
        self._entries, self._known = sorted(journal.entries), known
        self._places = [key.place for key in self._entries]
        self._by_hash = {key.hash_start: key for key in self._entries}
        self._checkpoints = journal.checkpoints
        self._checkpointed = sorted({checkpoint.entry.place for checkpoint in self._checkpoints})
        self._read = dict[JournalKey, JournalEntry | EntryDamaged]()
        self._faults, self._gap = dict[str, None](), False

    def read(self, newest: JournalEntry) -> FullVersion:
        entries, state = self._go_back(newest)
        changes = [entry.change for entry in reversed(entries)]
        retired = frozenset(name for change in changes for name in (*change.retired_packs, *change.retired_lfs))
        return FullVersion(newest.line, state.apply(changes), tuple(self._faults), self._gap, retired)

    def _go_back(self, newest: JournalEntry) -> tuple[list[JournalEntry], State]:
        """The entries, newest first, that lead from the returned state to the one after this entry."""
        entries, at = list[JournalEntry](), newest
        while True:
            if state := at.state or self._find_state(at.line.entry_hash):
                return entries, state
            entries.append(at)
            if at.line.previous is None:
                return entries, State()
            if state := self._find_state(at.line.previous):
                return entries, state
            before = self._find_before(at)
            if before is None:
                return entries, self._known.state if self._is_known_before(at) and self._known else State()
            at = before

    def _find_state(self, entry_hash: str) -> State | None:
        """The state after this entry, if SQL or a checkpoint has it."""
        if self._known and self._known.entry_hash == entry_hash:
            return self._known.state
        for checkpoint in self._checkpoints:
            if checkpoint.entry.names(entry_hash):
                try:
                    return read_checkpoint(checkpoint)
                except CheckpointDamaged as damaged:
                    self._faults[damaged.sentence] = None
        return None

    def _find_before(self, entry: JournalEntry) -> JournalEntry | None:
        """The entry that this one follows, or the newest before it that can be read and that SQL does not have."""
        previous = self._by_hash.get((entry.line.previous or "")[:16])
        if previous and (found := self._read_one(previous)):
            return found
        self._gap = True
        since = self._known.place if self._is_known_before(entry) and self._known else NO_VERSION
        earlier = self._entries[bisect_right(self._places, since) : bisect_left(self._places, entry.line.key.place)]
        others = (self._read_one(key) for key in reversed(earlier) if key != previous)
        return next((other for other in others if other), None)

    def _is_known_before(self, entry: JournalEntry) -> bool:
        return self._known is not None and self._known.place < entry.line.key.place

    def _read_one(self, key: JournalKey) -> JournalEntry | None:
        """The entry, or None where it cannot be read; those before it are read with it, since they will be needed."""
        if key not in self._read:
            batch = [one for one in self._batch_before(key) if one not in self._read]
            self._read |= dict(zip(batch, read_entries(batch), strict=True))
        found = self._read[key]
        if isinstance(found, JournalEntry):
            return found
        self._faults[found.sentence] = None
        return None

    def _batch_before(self, key: JournalKey) -> Sequence[JournalKey]:
        """So many entries up to this one, back to the last checkpoint."""
        number = bisect_left(self._checkpointed, key.place)
        since = self._checkpointed[number - 1] if number else NO_VERSION
        end = bisect_right(self._entries, key)
        return self._entries[max(bisect_right(self._places, since), end - BATCH) : end]
