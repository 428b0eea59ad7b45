"""Another database's line of history is kept beside SQL's: its packs, and what it changed under names of its own."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.database.session import read_transaction
from framework.gitcore.ref_names import KINDS
from framework.repositories import object_keys
from framework.repositories.catalog.pack_records import BLOBS, LoggedPack
from framework.repositories.journal.keys import EntryDamaged, Journal, JournalKey
from framework.repositories.journal.reader import History
from framework.repositories.journal.state import LoggedLfs, State
from framework.repositories.journal.versions import FullVersion, read_version
from framework.repositories.models import (
    LargeBlob,
    LfsObject,
    Pack,
    Ref,
    Repository,
    SettledEntry,
    StagedLfs,
    StagedPush,
)
from framework.repositories.recovery.blob_sizes import read_blob_sizes
from framework.repositories.recovery.facts import decide_facts
from framework.repositories.recovery.lines import Line
from framework.repositories.recovery.orphans import add_orphans
from framework.storage.contract import ObjectMissing
from framework.storage.current import store

FOLDER = "recovered"
LONGEST_NAME_BYTES = 190
"""Of a ref that gets a longer name: the rest of it is a hash then."""


@dataclass(frozen=True)
class ParallelLine:
    """What one other line adds to SQL's: refs by their new names, and the objects that they need.

    `facts` are what its versions say of the project, with what was true before them; `fault` says why nothing of it can
    be kept.
    """

    line: Line
    refs: Mapping[str, str]
    packs: tuple[LoggedPack, ...]
    side_files: Mapping[str, dict[str, object]]
    sizes: Mapping[str, int]
    lfs: tuple[LoggedLfs, ...]
    facts: Mapping[str, Any]
    fault: str | None = None


@dataclass(frozen=True)
class StoredState:
    """What the repository has without the other lines: refs, names of packs, and LFS objects by their SHA-256."""

    refs: Mapping[str, str]
    packs: frozenset[str]
    lfs: frozenset[str]

    def plus(self, other: "ParallelLine") -> "StoredState":
        """The same with what a line adds."""
        packs = self.packs | {pack.name for pack in other.packs}
        return StoredState({**self.refs, **other.refs}, packs, self.lfs | {one.oid for one in other.lfs})


def read_parallel_lines(
    lines: Sequence[Line], journal: Journal, history: History, there: StoredState
) -> list[ParallelLine]:
    """What these lines add to what is there; the store is asked for the objects that they name."""
    found = []
    for line in lines:
        found.append(_read_one(line, journal, history, there))
        there = there.plus(found[-1])
    return found


def read_stored_state(repository_id: str, ahead: State | None) -> StoredState:
    """What SQL has of the repository, or will have when it has gone ahead to this entry."""
    if ahead:
        packs = frozenset(pack.name for pack in ahead.packs)
        return StoredState(ahead.refs, packs, frozenset(one.oid for one in ahead.lfs))
    in_use = Pack.repository_id == repository_id, Pack.superseded_version.is_(None)
    with read_transaction() as session:
        refs = session.execute(select(Ref.name, Ref.sha).where(Ref.repository_id == repository_id)).all()
        packs = frozenset(session.scalars(select(Pack.name).where(*in_use)))
        lfs = frozenset(session.scalars(select(LfsObject.oid).where(LfsObject.repository_id == repository_id)))
    return StoredState({row.name: row.sha for row in refs}, packs, lfs)


def keep_parallel_line(session: Session, repository: Repository, beside: ParallelLine) -> None:
    """Write it into SQL, in the caller's transaction; its entries are not asked about again."""
    for pack in beside.packs:
        row = session.get(Pack, pack.name)
        if row is None or row.superseded_version is not None:
            repository.stored_bytes += pack.stored_bytes
        side_files = beside.side_files.get(pack.name)
        session.merge(
            Pack(repository_id=repository.id, superseded_version=None, side_files=side_files, **pack.__dict__)
        )
    for sha, size in beside.sizes.items():
        session.merge(LargeBlob(repository_id=repository.id, sha=sha, size_bytes=size))
    for one in beside.lfs:
        session.add(LfsObject(repository_id=repository.id, **one.__dict__))
        repository.stored_bytes += one.size_bytes
    _take_from_staged(session, repository.id, beside)
    for name, sha in beside.refs.items():
        session.add(Ref(repository_id=repository.id, name=name, sha=sha))
    settle_entries(session, (entry.key for entry in beside.line.entries))


def _take_from_staged(session: Session, repository_id: str, beside: ParallelLine) -> None:
    """What a version names is no longer on its way, whatever SQL believed of the push that brought it."""
    packs, lfs = {pack.name for pack in beside.packs}, {one.name for one in beside.lfs}
    for push in session.scalars(select(StagedPush).where(StagedPush.repository_id == repository_id)).all():
        if packs & {name.partition(".")[0] for name in push.pack_names}:
            push.give_up(packs)
    for staged in session.scalars(select(StagedLfs).where(StagedLfs.repository_id == repository_id)).all():
        if staged.name in lfs:
            session.delete(staged)


def settle_entries(session: Session, entries: Iterable[JournalKey]) -> None:
    """Note that these entries are no versions of SQL's and have been dealt with."""
    for key in entries:
        session.merge(
            SettledEntry(
                repository_id=key.repository_id, epoch=key.epoch, version=key.version, hash_start=key.hash_start
            )
        )
    session.flush()


def _read_one(line: Line, journal: Journal, history: History, there: StoredState) -> ParallelLine:
    version, base = read_version(journal, line.newest.key), _read_base(line, journal)
    newest = (add_orphans(version) if version.gap else version).state
    facts = _assume_private(decide_facts({}, 0, line.entries, newest=newest.project, base=base.project), version)
    changed = dict(newest.refs.items() - base.refs.items())
    reached = set(there.refs.values())
    refs = {_new_name(line, name, there.refs): sha for name, sha in sorted(changed.items()) if sha not in reached}
    if not refs:
        return ParallelLine(line, {}, (), {}, {}, (), facts)
    packs = [pack for pack in newest.packs if pack.name not in there.packs]
    lfs = tuple(one for one in newest.lfs if one.oid not in there.lfs)
    needed = {pack.name for pack in newest.packs} - {pack.name for pack in base.packs}
    stored = [pack for pack in packs if _is_stored(line.newest.key.repository_id, pack)]
    if lost := [pack.name for pack in packs if pack not in stored and pack.name in needed]:
        fault = f"What another database wrote cannot be kept: its pack {lost[0]} is missing in the object store."
        return ParallelLine(line, {}, (), {}, {}, (), facts, fault)
    sizes = {sha: size for pack in stored for sha, size in _sizes(pack, line, history)}
    return ParallelLine(line, refs, tuple(stored), newest.side_files, sizes, lfs, facts)


def _assume_private(facts: dict[str, Any], version: FullVersion) -> dict[str, Any]:
    """Where an entry is lost, somebody may have closed the project in it."""
    return facts | {"visibility": "private"} if version.gap else facts


def _read_base(line: Line, journal: Journal) -> State:
    if line.base is not None:
        with suppress(EntryDamaged):  # without it, everything that the line says otherwise than SQL is kept
            return read_version(journal, line.base).state
    return State()


def _new_name(line: Line, name: str, taken: Mapping[str, str]) -> str:
    """`refs/heads/recovered/<time of the line's last change>/<branch>`, with a number where that is taken."""
    kind = next(kind for kind in KINDS if name.startswith(kind))
    if len(name.encode()) > LONGEST_NAME_BYTES:
        cut = name.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
        name = f"{cut}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    folders = (f"{kind}{FOLDER}{number}" for number in numbers)
    names = ((folder, f"{folder}/{line.newest.at:%Y%m%dT%H%M%SZ}/{name.removeprefix(kind)}") for folder in folders)
    return next(new for folder, new in names if folder not in taken and new not in taken)


def _is_stored(repository_id: str, pack: LoggedPack) -> bool:
    expected = {object_keys.pack_key(repository_id, pack.name): pack.pack_bytes}
    if pack.idx_stored:
        expected[object_keys.idx_key(repository_id, pack.name)] = pack.idx_bytes
    try:
        return all(store().size(key) == size_bytes for key, size_bytes in expected.items())
    except ObjectMissing:
        return False


def _sizes(pack: LoggedPack, line: Line, history: History) -> Iterator[tuple[str, int]]:
    if pack.kind != BLOBS:
        return
    repository_id = line.newest.key.repository_id
    told = {entry.key.place: history.large_blobs.get(entry.entry_hash) for entry in line.entries}
    found = told.get((pack.epoch, pack.version))
    yield from (read_blob_sizes(repository_id, pack.name) if found is None else found).items()
