"""The complete state of a repository at one version: from SQL, from a checkpoint, and after further changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.repositories.catalog.changes import RefUpdate, apply_ref_updates
from framework.repositories.catalog.pack_records import LoggedPack
from framework.repositories.journal.keys import Settled
from framework.repositories.models import LargeBlob, LfsObject, Pack, Ref, Repository, SettledEntry

Document = Mapping[str, Any]
"""A JSON object."""
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class LoggedLfs:
    """A Git LFS object that a version names: its SHA-256 in hex, and the version that named it first."""

    oid: str
    name: str
    size_bytes: int
    epoch: int
    version: int


@dataclass(frozen=True)
class Facts:
    """What a version tells of the project: `values` by name, and the names of those that it `removed`.

    If it is `complete`, facts that it does not name are gone.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    removed: Sequence[str] = ()
    complete: bool = False

    def apply_to(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What is true of the project after the version, if this was true before it."""
        if self.complete:
            return dict(self.values)
        kept = {name: value for name, value in before.items() if name not in self.removed}
        return {**kept, **self.values}

    @classmethod
    def between(cls, before: Mapping[str, Any], after: Mapping[str, Any]) -> "Facts":
        """The changes that turn `before` into `after`."""
        values = {name: value for name, value in after.items() if name not in before or before[name] != value}
        return cls(values, sorted(before.keys() - after.keys()))


@dataclass(frozen=True)
class StateChange:
    """What one version changed: refs, packs and LFS objects, and facts of the project.

    What is retired is given by the random names of packs and LFS objects. `side_files` are those of the added packs
    that have some, by the pack's name, as SQL records them; `large_blobs` the sizes in bytes of the blobs in the added
    packs of kind `blobs`, `forgotten_blobs` the blobs that no pack holds any more.
    """

    default_branch: str
    refs: Sequence[RefUpdate] = ()
    packs: Sequence[LoggedPack] = ()
    retired_packs: Sequence[str] = ()
    side_files: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    large_blobs: Mapping[str, int] = field(default_factory=dict)
    forgotten_blobs: Sequence[str] = ()
    lfs: Sequence[LoggedLfs] = ()
    retired_lfs: Sequence[str] = ()
    facts: Facts = Facts()


@dataclass(frozen=True)
class State:
    """A repository at one version: refs by full name, the packs and LFS objects in use, and the project's facts.

    `side_files` are those of each pack that has some, by its name, as SQL records them. `large_blobs` are the sizes in
    bytes of the blobs in packs of kind `blobs`; None where entries of format 1 tell those of some versions only.
    `settled` are the entries of other lines of history that recoveries have dealt with.
    """

    default_branch: str = "main"
    refs: Mapping[str, str] = field(default_factory=dict)
    packs: tuple[LoggedPack, ...] = ()
    side_files: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    large_blobs: Mapping[str, int] | None = field(default_factory=dict)
    lfs: tuple[LoggedLfs, ...] = ()
    project: Mapping[str, Any] = field(default_factory=dict)
    settled: frozenset[Settled] = frozenset()

    @property
    def deleted(self) -> bool:
        """Whether the project was deleted for good."""
        return self.project.get("deleted_at") is not None

    @property
    def names(self) -> set[str]:
        """The random names of its packs and LFS objects."""
        return {pack.name for pack in self.packs} | {one.name for one in self.lfs}

    def apply(self, changes: Iterable[StateChange]) -> "State":
        """The state after these changes, oldest first; in time linear in both."""
        refs, project, default_branch = dict(self.refs), dict(self.project), self.default_branch
        packs, side_files = {pack.name: pack for pack in self.packs}, dict(self.side_files)
        sizes = None if self.large_blobs is None else dict(self.large_blobs)
        lfs = {one.name: one for one in self.lfs}
        for change in changes:
            default_branch = change.default_branch
            apply_ref_updates(refs, change.refs)
            _replace(packs, {pack.name: pack for pack in change.packs}, change.retired_packs)
            _replace(side_files, change.side_files, change.retired_packs)
            _replace(lfs, {one.name: one for one in change.lfs}, change.retired_lfs)
            if sizes is not None:
                _replace(sizes, change.large_blobs, change.forgotten_blobs)
            project = change.facts.apply_to(project)
        return State(
            default_branch, refs, tuple(packs.values()), side_files, sizes, tuple(lfs.values()), project, self.settled
        )


def _replace(values: dict[str, _Value], added: Mapping[str, _Value], removed: Iterable[str]) -> None:
    for name in removed:
        values.pop(name, None)
    values.update(added)


def read_state(session: Session, repository: Repository) -> State:
    """What SQL says of the repository as this transaction sees it."""
    theirs = repository.id
    refs = session.execute(select(Ref.name, Ref.sha).where(Ref.repository_id == theirs))
    in_use = Pack.repository_id == theirs, Pack.superseded_version.is_(None)
    packs = session.scalars(select(Pack).where(*in_use).order_by(Pack.name)).all()
    sizes = session.execute(select(LargeBlob.sha, LargeBlob.size_bytes).where(LargeBlob.repository_id == theirs))
    lfs = session.scalars(select(LfsObject).where(LfsObject.repository_id == theirs).order_by(LfsObject.oid))
    settled = select(SettledEntry.epoch, SettledEntry.version, SettledEntry.hash_start)
    rows = session.execute(settled.where(SettledEntry.repository_id == theirs))
    return State(
        default_branch=repository.default_branch,
        refs=dict(refs.all()),
        packs=tuple(LoggedPack(**LoggedPack.values_of(pack)) for pack in packs),
        side_files={pack.name: pack.side_files for pack in packs if pack.side_files},
        large_blobs=dict(sizes.all()),
        lfs=tuple(LoggedLfs(one.oid, one.name, one.size_bytes, one.epoch, one.version) for one in lfs),
        project=dict(repository.about),
        settled=frozenset(((epoch, version), start) for epoch, version, start in rows),
    )


def state_document(state: State) -> dict[str, Any]:
    """The state as a JSON object."""
    return {
        "default_branch": state.default_branch,
        "refs": dict(state.refs),
        **describe_packs([LoggedPack.values_of(pack) for pack in state.packs]),
        "side_files": dict(state.side_files),
        "large_blobs": state.large_blobs,
        "lfs": [vars(one) for one in state.lfs],
        "project": dict(state.project),
        "settled": sorted([*place, start] for place, start in state.settled),
    }


def describe_packs(recorded: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What SQL records of packs, as members of a JSON object: all of it, and the names of packs without a stored index.

    These stand apart, so that releases which know no such packs read the others' records, and find their indexes once
    they are written.
    """
    packs = [{name: value for name, value in pack.items() if name != "idx_stored"} for pack in recorded]
    unstored = [pack["name"] for pack in recorded if not pack["idx_stored"]]
    return {"packs": packs} | ({"unstored_indexes": unstored} if unstored else {})


def parse_packs(document: Document, **place: Any) -> Iterator[LoggedPack]:
    """The reverse, where the packs do not tell it with the epoch and version that brought them."""
    unstored = frozenset(document.get("unstored_indexes", ()))
    for pack in document.get("packs", ()):
        yield LoggedPack(**pack, **place, idx_stored=pack["name"] not in unstored)


def parse_state(document: Document) -> State:
    """The reverse of `state_document`."""
    return State(
        default_branch=document["default_branch"],
        refs=document["refs"],
        packs=tuple(parse_packs(document)),
        side_files=document.get("side_files", {}),
        large_blobs=document["large_blobs"],
        lfs=tuple(LoggedLfs(**one) for one in document["lfs"]),
        project=document["project"],
        settled=frozenset(((epoch, version), start) for epoch, version, start in document.get("settled", ())),
    )
