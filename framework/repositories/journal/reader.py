"""The journal read back: keys, entries and the chain that they form; what is damaged or missing is told."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from framework.errors import Unavailable
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.repositories.catalog.pack_records import LoggedPack
from framework.repositories.journal.writer import FORMAT
from framework.storage.contract import ObjectMissing, StoredObject
from framework.storage.current import store

PARALLEL_READS = 8
BATCH = 64

Place = tuple[int, int]
"""Epoch and version: where in a repository's history something stands."""
Settled = tuple[Place, str]
"""Place and beginning of the hash of an entry that a recovery has dealt with."""

_KEY = re.compile(r"repos/([0-9a-f]{32})/log/([0-9]{6})/([0-9]{10})-([0-9a-f]{16})\.json")


class EntryDamaged(Unavailable):
    """An entry of the journal is missing, is not what its key promises, or is of a newer release."""

    def __init__(self, key: "JournalKey", what: str) -> None:
        super().__init__(f"{key.key}, the journal entry of version {key.place_text}, {what}.")
        self.key = key


@dataclass(frozen=True, order=True)
class JournalKey:
    """The name of one version's entry: it tells where the version stands and how its hash begins."""

    repository_id: str
    epoch: int
    version: int
    hash_start: str

    @property
    def key(self) -> str:
        """Where the entry lies in the store."""
        return object_keys.journal_key(self.repository_id, self.epoch, self.version, self.hash_start)

    @property
    def place(self) -> Place:
        """Where the version stands."""
        return self.epoch, self.version

    @property
    def settled(self) -> Settled:
        """How a recovery notes that it has dealt with the entry."""
        return self.place, self.hash_start

    @property
    def place_text(self) -> str:
        """`version` or `version of epoch`, for a sentence."""
        return f"{self.version}" if self.epoch == 1 else f"{self.version} of epoch {self.epoch}"

    def names(self, entry_hash: str) -> bool:
        """Whether this is the key of the entry that has this hash."""
        return entry_hash.startswith(self.hash_start)


@dataclass(frozen=True)
class LoggedLfs:
    """A Git LFS object that a version names: its SHA-256 in hex, and the version that named it first."""

    oid: str
    name: str
    size_bytes: int
    epoch: int
    version: int


@dataclass(frozen=True)
class JournalLine:
    """One version as its entry tells it, without what it has in common with its neighbours; `about` they share."""

    key: JournalKey
    entry_hash: str
    previous: str | None
    push_id: str
    actor: str
    at: datetime
    pack_generation: int
    about: Mapping[str, Any]

    @property
    def rank(self) -> tuple[Place, datetime]:
        """What tells which of two entries is the newer one."""
        return self.key.place, self.at


@dataclass(frozen=True)
class JournalEntry:
    """One version in full; `large_blobs` has the sizes in bytes of those that it brought.

    `side_files` are those of each pack that has some, by its name, as SQL records them. `settled` are the entries of
    other lines of history that recoveries have dealt with.
    """

    line: JournalLine
    default_branch: str
    refs: Mapping[str, str]
    packs: tuple[LoggedPack, ...]
    side_files: Mapping[str, dict[str, Any]]
    large_blobs: Mapping[str, int]
    lfs: tuple[LoggedLfs, ...]
    settled: frozenset[Settled]

    @property
    def project(self) -> Mapping[str, Any]:
        """What the version tells of the project."""
        return self.line.about

    @property
    def deleted(self) -> bool:
        """Whether the project was deleted for good."""
        return self.project.get("deleted_at") is not None


@dataclass(frozen=True)
class History:
    """A stretch of the journal: whole entries oldest first, the newest of them in full, and what is wrong with others.

    `large_blobs` are the sizes that each version brought, by its entry's hash; `forks` tells where two databases have
    gone on beside each other.
    """

    lines: tuple[JournalLine, ...]
    newest: JournalEntry | None
    large_blobs: Mapping[str, Mapping[str, int]]
    faults: tuple[str, ...]
    forks: tuple[str, ...]


def journal_keys(listed: Iterable[StoredObject]) -> list[JournalKey]:
    """The keys of journal entries among the listed objects, in their order."""
    found = (_KEY.fullmatch(entry.key) for entry in listed)
    return [JournalKey(match[1], int(match[2]), int(match[3]), match[4]) for match in found if match]


def list_journal(repository_id: str, since: Place = (0, 0)) -> list[JournalKey]:
    """The keys of a repository's entries from this version on, oldest first: one request for each thousand."""
    prefix = f"repos/{repository_id}/log/"
    return journal_keys(store().list(prefix, after=f"{prefix}{since[0]:06}/{since[1]:010}"))


def read_entry(key: JournalKey) -> JournalEntry:
    """One entry, checked against its key.

    Raises:
        EntryDamaged: it is missing, altered, or of a newer format.
    """
    try:
        data = store().read(key.key)
    except ObjectMissing as error:
        raise EntryDamaged(key, "is missing in the object store") from error
    entry_hash = hashlib.sha256(data).hexdigest()
    if not key.names(entry_hash):
        raise EntryDamaged(key, "is damaged: its bytes are not those that its name promises")
    document = json.loads(data)
    if document["format"] != FORMAT:
        raise EntryDamaged(key, f"has the format {document['format']}, which a newer release wrote; update first")
    return _entry(key, entry_hash, document)


def read_history(listed: Sequence[JournalKey], *, known: Mapping[Place, str] | None = None) -> History:
    """What these entries tell together; `known` are the hashes of versions that need not be among them."""
    lines: list[JournalLine] = []
    large_blobs: dict[str, Mapping[str, int]] = {}
    newest: JournalEntry | None = None
    damaged: list[EntryDamaged] = []
    about: Mapping[str, Any] = {}
    for entry in _read_all(listed):
        if isinstance(entry, EntryDamaged):
            damaged.append(entry)
            continue
        about = about if about == entry.project else entry.project  # one object for all that tell the same
        lines.append(replace(entry.line, about=about))
        if entry.large_blobs:
            large_blobs[entry.line.entry_hash] = entry.large_blobs
        if newest is None or entry.line.rank > newest.line.rank:
            newest = entry
    return History(
        lines=tuple(lines),
        newest=newest,
        large_blobs=large_blobs,
        faults=(*(fault.sentence for fault in damaged), *_gaps(lines, known or {})),
        forks=tuple(_forks(lines, known or {})),
    )


def _read_all(listed: Sequence[JournalKey]) -> Iterator[JournalEntry | EntryDamaged]:
    """In batches, so that a long journal is never in memory as a whole."""
    with Pool(PARALLEL_READS) as pool:
        for start in range(0, len(listed), BATCH):
            yield from pool.map(_read_or_fault, listed[start : start + BATCH])


def _read_or_fault(key: JournalKey) -> JournalEntry | EntryDamaged:
    try:
        return read_entry(key)
    except EntryDamaged as damaged:
        return damaged


def _gaps(lines: Sequence[JournalLine], known: Mapping[Place, str]) -> Iterator[str]:
    hashes = {*known.values(), *(line.entry_hash for line in lines)}
    for line in lines:
        if line.previous and line.previous not in hashes:
            yield f"The journal has a gap: the entry before version {line.key.place_text} is missing or damaged."


def _forks(lines: Sequence[JournalLine], known: Mapping[Place, str]) -> Iterator[str]:
    claims = Counter(line.key.place for line in lines if line.entry_hash != known.get(line.key.place))
    for line in lines:
        count = claims.pop(line.key.place, 0) + (line.key.place in known)
        if count > 1:
            yield f"The journal has forked: {count} entries claim to be version {line.key.place_text}."


def _entry(key: JournalKey, entry_hash: str, document: Mapping[str, Any]) -> JournalEntry:
    line = JournalLine(
        key=key,
        entry_hash=entry_hash,
        previous=document["previous"],
        push_id=document["push"],
        actor=document["actor"],
        at=datetime.fromisoformat(document["at"]),
        pack_generation=document["pack_generation"],
        about=document["project"],
    )
    return JournalEntry(
        line=line,
        default_branch=document["default_branch"],
        refs=document["refs"],
        packs=tuple(LoggedPack(**pack) for pack in document["packs"]),
        side_files=document.get("side_files", {}),
        large_blobs=document["large_blobs"],
        lfs=tuple(LoggedLfs(**one) for one in document["lfs"]),
        settled=frozenset(((epoch, version), start) for epoch, version, start in document.get("settled", ())),
    )
