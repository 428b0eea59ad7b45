"""The journal read back: entries and the chain that they form; what is damaged or missing is reported."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from framework.observability.pool import Pool
from framework.repositories.catalog.changes import RefUpdate
from framework.repositories.journal.keys import EntryDamaged, JournalKey, Place, read_document
from framework.repositories.journal.state import (
    Document,
    Facts,
    LoggedLfs,
    State,
    StateChange,
    parse_packs,
    parse_state,
)

PARALLEL_READS = 8
BATCH = 64
FULL_STATE_FORMAT = 1
"""The format of the releases whose entries all had the complete state."""


@dataclass(frozen=True)
class JournalLine:
    """One version as its entry tells it, without refs and packs.

    Equal facts of several lines are one object, so that a long journal fits into memory.
    """

    key: JournalKey
    entry_hash: str
    previous: str | None
    push_id: str
    actor: str
    at: datetime
    pack_generation: int
    facts: Facts

    @property
    def rank(self) -> tuple[Place, datetime]:
        """What tells which of two entries is the newer one."""
        return self.key.place, self.at


@dataclass(frozen=True)
class JournalEntry:
    """One version: what it changed, and in some entries the complete state afterwards."""

    line: JournalLine
    change: StateChange
    state: State | None

    @property
    def deletes(self) -> bool:
        """Whether the version deleted the project for good."""
        return self.line.facts.values.get("deleted_at") is not None


@dataclass(frozen=True)
class History:
    """A stretch of the journal: whole entries oldest first, and what is wrong with others.

    `large_blobs` are the sizes that each version brought, by its entry's hash; `forks` tells where two databases have
    gone on beside each other.
    """

    lines: tuple[JournalLine, ...]
    large_blobs: Mapping[str, Mapping[str, int]]
    faults: tuple[str, ...]
    forks: tuple[str, ...]


def read_entry(key: JournalKey) -> JournalEntry:
    """One entry, checked against its key.

    Raises:
        EntryDamaged: it is missing, altered, or of a newer format.
    """
    return _entry(key, *read_document(key))


def read_history(
    listed: Sequence[JournalKey], *, known: Mapping[Place, str] | None = None, checkpointed: Set[str] = frozenset()
) -> History:
    """What these entries tell together; `known` are the hashes of versions that need not be among them.

    `checkpointed` are the first 16 hex digits of entries whose versions have a checkpoint: what came before such an
    entry may have been dropped, so that it is no gap.
    """
    lines: list[JournalLine] = []
    large_blobs: dict[str, Mapping[str, int]] = {}
    damaged: list[EntryDamaged] = []
    facts = Facts()
    for entry in read_entries(listed):
        if isinstance(entry, EntryDamaged):
            damaged.append(entry)
            continue
        facts = facts if facts == entry.line.facts else entry.line.facts
        lines.append(replace(entry.line, facts=facts))
        if entry.change.large_blobs:
            large_blobs[entry.line.entry_hash] = entry.change.large_blobs
    return History(
        lines=tuple(lines),
        large_blobs=large_blobs,
        faults=(*(fault.sentence for fault in damaged), *_gaps(lines, known or {}, checkpointed)),
        forks=tuple(_forks(lines, known or {})),
    )


def read_entries(listed: Sequence[JournalKey]) -> Iterator[JournalEntry | EntryDamaged]:
    """The entries, or why they cannot be read; in batches, so that a long journal is never in memory as a whole."""
    with Pool(PARALLEL_READS) as pool:
        for start in range(0, len(listed), BATCH):
            yield from pool.map(_read_or_fault, listed[start : start + BATCH])


def _read_or_fault(key: JournalKey) -> JournalEntry | EntryDamaged:
    try:
        return read_entry(key)
    except EntryDamaged as damaged:
        return damaged


def _gaps(lines: Sequence[JournalLine], known: Mapping[Place, str], checkpointed: Set[str]) -> Iterator[str]:
    hashes = {*known.values(), *(line.entry_hash for line in lines)}
    for line in lines:
        if line.previous is None or line.previous in hashes:
            continue
        if not checkpointed & {line.previous[:16], line.entry_hash[:16]}:
            yield f"The journal has a gap: the entry before version {line.key.place_text} is missing or damaged."


def _forks(lines: Sequence[JournalLine], known: Mapping[Place, str]) -> Iterator[str]:
    claims = Counter(line.key.place for line in lines if line.entry_hash != known.get(line.key.place))
    for line in lines:
        count = claims.pop(line.key.place, 0) + (line.key.place in known)
        if count > 1:
            yield f"The journal has forked: {count} entries claim to be version {line.key.place_text}."


def _entry(key: JournalKey, entry_hash: str, document: Document) -> JournalEntry:
    state = _full_state(document)
    change = _change(key, document)
    if state:
        change = replace(change, facts=Facts(state.project, complete=True))
    line = JournalLine(
        key=key,
        entry_hash=entry_hash,
        previous=document["previous"],
        push_id=document["push"],
        actor=document["actor"],
        at=datetime.fromisoformat(document["at"]),
        pack_generation=document["pack_generation"],
        facts=change.facts,
    )
    return JournalEntry(line, change, state)


def _full_state(document: Document) -> State | None:
    if document["format"] == FULL_STATE_FORMAT:
        return parse_state({**document, "large_blobs": None})
    return parse_state(document["state"]) if "state" in document else None


def _change(key: JournalKey, document: Document) -> StateChange:
    """What the entry says of its own version; one of format 1 says less, and has the complete state instead."""
    if document["format"] == FULL_STATE_FORMAT:
        return StateChange(document["default_branch"], refs=_ref_updates(document), large_blobs=document["large_blobs"])
    place: dict[str, Any] = {"epoch": key.epoch, "version": key.version}
    return StateChange(
        default_branch=document["default_branch"],
        refs=_ref_updates(document),
        packs=list(parse_packs(document, **place)),
        retired_packs=document.get("retired_packs", ()),
        side_files=document.get("side_files", {}),
        large_blobs=document.get("large_blobs", {}),
        forgotten_blobs=document.get("forgotten_blobs", ()),
        lfs=[LoggedLfs(**one, **place) for one in document.get("lfs", ())],
        retired_lfs=document.get("retired_lfs", ()),
        facts=Facts(document.get("project", {}), document.get("project_removed", ())),
    )


def _ref_updates(document: Document) -> list[RefUpdate]:
    return [RefUpdate(**update) for update in document.get("ref_updates", ())]
