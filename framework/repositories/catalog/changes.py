"""What a commit point is given, and what it answers: frozen values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from framework.repositories import object_keys
from framework.repositories.catalog.pack_records import NewPack

SYSTEM_ACTOR = "holdfast"
"""The actor of a version that nobody made by hand; no account can have a reserved name."""


@dataclass(frozen=True)
class RefUpdate:
    """One ref's way from `old` to `new`; None stands for absent. Object names are 40 hex digits."""

    name: str
    old: str | None
    new: str | None


def apply_ref_updates(refs: dict[str, str], updates: Iterable[RefUpdate]) -> None:
    """Move these refs, object names by full ref names, to where the updates say."""
    for ref in updates:
        if ref.new:
            refs[ref.name] = ref.new
        else:
            refs.pop(ref.name, None)


@dataclass(frozen=True)
class Repacking:
    """What a version that changes packs only does: its new packs take the place of those `retired`, by name.

    `place` is the version, as (epoch, version), that the new packs were checked against; `forgotten` are the large
    blobs that no pack holds afterwards, `forgotten_lfs` the Git LFS objects (SHA-256 in hex) that nothing needs then.
    """

    place: tuple[int, int]
    retired: frozenset[str]
    forgotten: frozenset[str] = frozenset()
    forgotten_lfs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class StoredLfs:
    """A Git LFS object in the store: its SHA-256 (hex), the random part of its key, and its size."""

    oid: str
    name: str
    size_bytes: int


@dataclass(frozen=True)
class Change:
    """One version to be: refs, new packs, and what the journal tells of the project, each left out where it stays.

    `lfs` are received objects that the version is the first to name.

    `push_id` is that of the staged row that owns the packs; `pack_generation` is the one that connectivity was checked
    against; `kind` is what the change is counted as. `default_branch` becomes the default one where that is missing.
    """

    repository_id: str
    actor: str
    push_id: str = field(default_factory=object_keys.new_id)
    updates: tuple[RefUpdate, ...] = ()
    packs: tuple[NewPack, ...] = ()
    lfs: tuple[StoredLfs, ...] = ()
    about: Callable[[Session], dict[str, Any]] | None = None
    pack_generation: int | None = None
    kind: str = "files"
    default_branch: str | None = None
    repacking: Repacking | None = None

    @property
    def new_bytes(self) -> int:
        """What the change adds to the store, in bytes."""
        packs = sum(pack.stored_bytes for pack in self.packs)
        return packs + sum(one.size_bytes for one in self.lfs)


@dataclass(frozen=True)
class Committed:
    """A version that SQL has: its place in the journal, the hash of its entry, and that of the entry before it."""

    repository_id: str
    epoch: int
    version: int
    entry_hash: str
    previous_hash: str | None
