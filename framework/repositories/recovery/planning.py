"""What recovery would do for one repository: how its journal goes beyond SQL, and what follows from that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framework.database.session import read_transaction
from framework.repositories.catalog.pack_records import BLOBS
from framework.repositories.journal.divergence import find_unknown_entries, read_known_hashes
from framework.repositories.journal.keys import NO_VERSION, Journal, Place, Settled
from framework.repositories.journal.reader import History, read_history
from framework.repositories.journal.state import read_state
from framework.repositories.journal.versions import FullVersion, KnownVersion, read_version
from framework.repositories.models import Repository
from framework.repositories.recovery.blob_sizes import read_blob_sizes
from framework.repositories.recovery.facts import decide_facts
from framework.repositories.recovery.lines import Line, Lines, find_lines
from framework.repositories.recovery.merging import ParallelLine, read_parallel_lines, read_stored_state
from framework.repositories.recovery.orphans import add_orphans, note_unstored_indexes


@dataclass(frozen=True)
class Recovered:
    """What was done for one repository: how many versions came back, and what could not be read.

    `parallel` counts the versions that another database wrote beside SQL's, and `kept` are the refs, by their new
    names, that hold what those changed.
    """

    repository_id: str
    project: Mapping[str, Any]
    versions: int
    created: bool = False
    deleted: bool = False
    faults: tuple[str, ...] = ()
    parallel: int = 0
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What the journal of one repository has beyond SQL, where SQL is at `before`."""

    repository_id: str
    before: Place | None
    epoch: int
    history: History
    lines: Lines
    ahead: FullVersion | None
    sizes: Mapping[str, int]
    repacked: bool
    about: Mapping[str, Any]
    parallel: Sequence[ParallelLine]
    settled: frozenset[Settled]
    lost: Sequence[str]

    @property
    def deletes(self) -> bool:
        """Whether the project was deleted for good since."""
        return self.ahead is not None and self.ahead.state.deleted

    def _faults(self) -> Iterator[str]:
        yield from self.history.faults
        yield from self.lost
        yield from self.ahead.faults if self.ahead else ()
        yield from (one.fault for one in self.parallel if one.fault)

    @property
    def outcome(self) -> Recovered:
        """What carrying it out comes to."""
        kept = [one for one in self.parallel if one.fault is None]
        return Recovered(
            self.repository_id,
            self.about,
            versions=len(self.lines.ahead.entries) if self.lines.ahead and not self.deletes else 0,
            created=self.before is None and self.ahead is not None and not self.deletes,
            deleted=self.deletes,
            faults=tuple(dict.fromkeys(self._faults())),
            parallel=sum(len(one.line.entries) for one in kept),
            kept=tuple(name for one in kept for name in one.refs),
        )


def plan_recovery(repository_id: str, journal: Journal) -> Plan | None:
    """What recovery would do for one repository; None if it has no version anywhere."""
    before, known = _place(repository_id), read_known_hashes(repository_id)
    unknown = find_unknown_entries(repository_id, journal.entries)
    history = read_history(unknown, known=known, checkpointed=journal.checkpointed)
    lines = find_lines(history.lines, known)
    if not history.lines and before in {None, NO_VERSION} and not history.faults:
        return None
    ahead = _read_ahead(journal, lines.ahead) if lines.ahead else None
    repacked = ahead is not None and _is_repacked(repository_id, ahead)
    settled = ahead.state.settled if ahead else frozenset()
    parallel = [line for line in lines.parallel if not {entry.key.settled for entry in line.entries} <= settled]
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        epoch, about = (row.epoch, row.about) if row else (0, {})
    return Plan(
        repository_id=repository_id,
        before=before,
        epoch=max([epoch, *(key.epoch for key in journal.entries)]) + 1,
        history=history,
        lines=lines,
        ahead=ahead,
        sizes=_sizes(ahead, lines.ahead, history, known={} if repacked else known) if ahead and lines.ahead else {},
        repacked=repacked,
        about=_decide_about(about, epoch if row else None, lines.ahead, ahead),
        settled=settled,
        lost=list(_list_lost(journal)),
        parallel=read_parallel_lines(
            parallel, journal, history, read_stored_state(repository_id, ahead.state if ahead else None)
        ),
    )


def _list_lost(journal: Journal) -> Iterator[str]:
    """What a checkpoint tells of the newest version where the version's entry is gone, and with it the version."""
    newest = max((key.place for key in journal.entries), default=NO_VERSION)
    for one in journal.checkpoints:
        if one.entry.place > newest:
            yield (
                f"{one.entry.key} is missing in the object store: version {one.entry.place_text} does not come back."
                f" {one.key} describes it; stop every process before anything is collected."
            )


def _read_ahead(journal: Journal, line: Line) -> FullVersion:
    """The newest version of the line, from what SQL has and the entries since."""
    version = read_version(journal, line.newest.key, known=_read_known(line.newest.key.repository_id))
    version = note_unstored_indexes(version)
    return add_orphans(version) if version.gap else version


def _decide_about(
    about: Mapping[str, Any], epoch: int | None, line: Line | None, ahead: FullVersion | None
) -> Mapping[str, Any]:
    """What is to be true of the project, of which SQL says `about` from this epoch on; None where it knows nothing."""
    if line is None or ahead is None:
        return about
    project = ahead.state.project
    return project if epoch is None else decide_facts(about, epoch, line.entries, newest=project)


def _place(repository_id: str) -> Place | None:
    """Where SQL is; None when it does not know the repository."""
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        return (row.epoch, row.version) if row and row.version else (NO_VERSION if row else None)


def _read_known(repository_id: str) -> KnownVersion | None:
    """SQL's newest version."""
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        if row is None or row.entry_hash is None:
            return None
        return KnownVersion((row.epoch, row.version), row.entry_hash, read_state(session, row))


def _is_repacked(repository_id: str, newest: FullVersion) -> bool:
    """Whether packs that SQL knows were consolidated before the newest entry was written."""
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        return row is None or row.pack_generation < newest.line.pack_generation


def _sizes(newest: FullVersion, line: Line, history: History, *, known: Mapping[Place, str]) -> dict[str, int]:
    """The sizes of the large blobs that SQL does not know: as the entries tell, else read from the packs themselves."""
    if newest.state.large_blobs is not None and not newest.gap:
        return dict(newest.state.large_blobs)
    told = {} if newest.gap else _sizes_without_gap(line, history)
    sizes: dict[str, int] = {}
    for pack in newest.state.packs:
        place = pack.epoch, pack.version
        if pack.kind == BLOBS and place in told:
            sizes |= told[place]
        elif pack.kind == BLOBS and place not in known:
            sizes |= read_blob_sizes(newest.line.key.repository_id, pack.name)
    return sizes


def _sizes_without_gap(line: Line, history: History) -> dict[Place, Mapping[str, int]]:
    """The sizes by version, back to the first gap: what a lost version brought is in no entry."""
    told: dict[Place, Mapping[str, int]] = {}
    expected: str | None = line.newest.entry_hash
    for entry in reversed(line.entries):
        if entry.entry_hash != expected:
            break
        told[entry.key.place] = history.large_blobs.get(entry.entry_hash, {})
        expected = entry.previous
    return told
