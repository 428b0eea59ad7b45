"""Verifying: every object that SQL names is read back, the repository checked by git, the journal by its hashes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from framework.database.session import read_transaction
from framework.gitcore import git
from framework.gitcore.git import GitCutOff, GitFailed
from framework.gitcore.path_policy import quote_path
from framework.repositories import object_keys
from framework.repositories.cache.hydration import Filling, PackAltered, PackMissing, fill, lay_out
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.read_back import object_fault
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot_and_packs
from framework.repositories.journal.checkpoints import read_checkpoint
from framework.repositories.journal.divergence import find_unknown_entries, read_settled_entries
from framework.repositories.journal.keys import (
    CheckpointDamaged,
    EntryDamaged,
    Journal,
    JournalKey,
    Place,
    list_journal,
    oldest_needed,
)
from framework.repositories.journal.reader import read_history
from framework.repositories.journal.state import State
from framework.repositories.journal.versions import read_version
from framework.repositories.models import Repository, Version

FSCK_SECONDS = 3600
TOLD_OBJECTS = 3

_REFUSED = re.compile(r"^error in \w+ ([0-9a-f]{40}): (\w+):", re.MULTILINE)


@dataclass(frozen=True)
class Verified:
    """What was read back of one repository, and what is wrong with it: one sentence for each fault.

    `journal_incomplete` where entries or checkpoints are lost, and the rest of the journal does not contradict SQL: a
    new checkpoint replaces them.
    """

    repository_id: str
    version: int
    packs: int
    size_bytes: int
    faults: tuple[str, ...]
    lfs_objects: int = 0
    journal_incomplete: bool = False


def verify(repository_id: str) -> Verified:
    """Read a repository back from the store onto an empty folder and check all of it; the local copy is not used.

    Raises:
        RepositoryMissing, StoreUnavailable.
    """
    snapshot, packs = read_snapshot_and_packs(repository_id)
    lfs = read_all_named(repository_id, until=snapshot.version)
    checked = _check_journal(snapshot, packs)
    faults = [*checked.faults, *_pack_faults(snapshot, packs), *_lfs_faults(repository_id, lfs)]
    size = sum(pack.stored_bytes for pack in packs) + sum(one.size_bytes for one in lfs)
    return Verified(repository_id, snapshot.version, len(packs), size, tuple(faults), len(lfs), checked.incomplete)


def _pack_faults(snapshot: Snapshot, packs: Sequence[StoredPack]) -> Iterator[str]:
    with scratch("verify") as folder:
        copy = folder / "copy"
        lay_out(copy)
        fill(copy, Filling(snapshot, (), FULL, {}))
        damaged = [fault for pack in packs for fault in _one_pack_faults(copy, snapshot, pack)]
        yield from damaged or _fsck_faults(copy)


def _one_pack_faults(copy: Path, snapshot: Snapshot, pack: StoredPack) -> Iterator[str]:
    yield from _side_file_faults(snapshot, pack)
    try:
        fill(copy, Filling(snapshot, (pack,), FULL, {}))
    except (PackMissing, PackAltered) as error:
        faults = list(_object_faults(snapshot.repository_id, pack))
        yield from faults
        if not faults and not pack.idx_stored:
            yield f"The index of {error.key} is not the one that the database recorded."


def _object_faults(repository_id: str, pack: StoredPack) -> Iterator[str]:
    """All that is wrong: whoever brings back the one object that was found first would find the next one missing."""
    objects = [(object_keys.pack_key(repository_id, pack.name), pack.pack_bytes, pack.pack_sha256)]
    if pack.idx_stored:
        objects.append((object_keys.idx_key(repository_id, pack.name), pack.idx_bytes, pack.idx_sha256))
    for wanted in objects:
        if fault := object_fault(*wanted):
            yield fault


def _side_file_faults(snapshot: Snapshot, pack: StoredPack) -> Iterator[str]:
    """Those that no copy needs are looked at here; a copy that lacks one that it could use is only slower."""
    for suffix, recorded in pack.side_files.items():
        key = object_keys.side_key(snapshot.repository_id, pack.name, suffix)
        if fault := object_fault(key, recorded.size_bytes, recorded.sha256):
            yield fault


def _lfs_faults(repository_id: str, objects: Sequence[StoredLfs]) -> Iterator[str]:
    for one in objects:
        if fault := object_fault(object_keys.lfs_key(repository_id, one.oid, one.name), one.size_bytes, one.oid):
            yield fault


def _fsck_faults(copy: Path) -> Iterator[str]:
    try:
        git.run(copy, "fsck", "--full", "--strict", "--no-dangling", "--no-progress", deadline_seconds=FSCK_SECONDS)
    except GitCutOff:
        raise
    except GitFailed as failed:
        yield " ".join(failed.words.split())
        yield from _advice(copy, failed.said)


def _advice(copy: Path, said: str) -> Iterator[str]:
    """What to do about objects that are whole, and that Git refuses for what they say."""
    refused = dict.fromkeys(_REFUSED.findall(said))
    for sha, message in list(refused)[:TOLD_OBJECTS]:
        found = git.run(copy, "log", "--all", "-1", "-m", "-t", "--name-only", "--format=%H", f"--find-object={sha}")
        commit, _line, path = [*found.decode(errors="replace").split("\n"), "", "", ""][:3]
        where = f"{quote_path(path)}, since version {commit[:10]}" if path else f"the object {sha[:10]}"
        yield (
            f"Git refuses {where} ({message}). Delete or rename it in every branch that has it: the next push there"
            " passes then. Older versions keep it, and clones with transfer.fsckObjects fail, until the history is"
            " rewritten without it (git filter-repo) and what was removed is permanently erased in the settings."
        )


@dataclass(frozen=True)
class _CheckedJournal:
    """What is wrong with the journal; `incomplete` where parts are lost, and the rest says what SQL says."""

    faults: Sequence[str]
    incomplete: bool


def _check_journal(snapshot: Snapshot, packs: Sequence[StoredPack]) -> _CheckedJournal:
    """SQL is asked before the listing for what must be there, and after it for what may not be."""
    recorded = _read_recorded(snapshot)
    journal = list_journal(snapshot.repository_id)
    missing = list(_missing_objects(journal, recorded))
    ahead = _versions_ahead(snapshot, journal)
    settled, since = read_settled_entries(snapshot.repository_id), oldest_needed(journal, recorded.confirmed)
    own = [key for key in journal.entries if key.settled not in settled and key.place >= since]
    history = read_history(own, checkpointed=journal.checkpointed)
    unread = [*history.faults, *_damaged_checkpoints(journal, since)]
    differences = _compare_newest(snapshot, packs, journal, own)
    faults = list(dict.fromkeys([*missing, *ahead, *unread, *history.forks, *differences]))
    return _CheckedJournal(faults, bool(missing or unread) and not (ahead or history.forks or differences))


@dataclass(frozen=True)
class _Recorded:
    """What SQL says of the journal: hashes of confirmed versions, those to be found, and the newest checkpoint's."""

    repository_id: str
    confirmed: Mapping[Place, str]
    kept: Mapping[Place, str]
    checkpoint_hash: str | None


def _read_recorded(snapshot: Snapshot) -> _Recorded:
    query = select(Version).where(Version.repository_id == snapshot.repository_id, Version.confirmed_at.is_not(None))
    with read_transaction() as session:
        repository = session.get(Repository, snapshot.repository_id)
        rows = session.scalars(query.order_by(Version.epoch, Version.version)).all()
    confirmed = {(row.epoch, row.version): row.entry_hash for row in rows}
    kept = {(row.epoch, row.version): row.entry_hash for row in rows if row.dropped_at is None}
    return _Recorded(snapshot.repository_id, confirmed, kept, repository.checkpoint_hash if repository else None)


def _missing_objects(journal: Journal, recorded: _Recorded) -> Iterator[str]:
    stored = {key.key for key in journal.entries}
    for (epoch, version), entry_hash in recorded.kept.items():
        key = object_keys.journal_key(recorded.repository_id, epoch, version, entry_hash)
        if key not in stored:
            yield f"{key}, the journal entry of version {version}, is missing in the object store."
    newest = recorded.checkpoint_hash
    if newest and not any(checkpoint.names(newest) for checkpoint in journal.checkpoints):
        yield f"The newest checkpoint of the journal, {newest[:16]}, is missing in the object store."


def _versions_ahead(snapshot: Snapshot, journal: Journal) -> list[str]:
    strange = [
        key
        for key in find_unknown_entries(snapshot.repository_id, journal.entries)
        if key.place >= (snapshot.epoch, snapshot.version)
    ]
    return [f"The journal has version {strange[-1].place_text}, which the database does not know."] if strange else []


def _damaged_checkpoints(journal: Journal, since: Place) -> Iterator[str]:
    for checkpoint in journal.checkpoints:
        if checkpoint.entry.place >= since:
            try:
                read_checkpoint(checkpoint)
            except CheckpointDamaged as damaged:
                yield damaged.sentence


def _compare_newest(
    snapshot: Snapshot, packs: Sequence[StoredPack], journal: Journal, own: Sequence[JournalKey]
) -> list[str]:
    """How SQL's version differs from what the journal says of it, as far as that can be read."""
    if not own or own[-1].place != (snapshot.epoch, snapshot.version):
        return []
    with suppress(EntryDamaged):
        newest = read_version(journal, own[-1])
        return [] if newest.gap else list(_differences(snapshot, packs, newest.state))
    return []


def _differences(snapshot: Snapshot, packs: Sequence[StoredPack], state: State) -> Iterator[str]:
    """What the journal says of SQL's version otherwise than SQL."""
    if dict(state.refs) != dict(snapshot.refs):
        yield "The branches and tags in the database are not those of the journal."
    stored = {(pack.name, pack.pack_sha256, pack.idx_sha256) for pack in packs}
    if {(pack.name, pack.pack_sha256, pack.idx_sha256) for pack in state.packs} != stored:
        yield "The packs in the database are not those of the journal."
    large_files = {
        (one.oid, one.name, one.size_bytes) for one in read_all_named(snapshot.repository_id, until=snapshot.version)
    }
    if {(one.oid, one.name, one.size_bytes) for one in state.lfs} != large_files:
        yield "The Git LFS objects in the database are not those of the journal."
