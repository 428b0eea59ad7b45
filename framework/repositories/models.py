"""What SQL knows of a repository: its version, refs and packs; the bytes are in the object store."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, Index, LargeBinary, String, Text, case, true
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now, partial_index

OFFERED, STAGED, RECEIVED, DOOMED, RETIRED = "offered", "staged", "received", "doomed", "retired"
"""States of what is on its way: each class below says which it has."""

LEAST_ENTRIES_BYTES = 64 << 10
"""Entries add up to this much at least before a checkpoint is written, even if the last one is smaller."""


class Repository(Base):
    """One repository at its newest version; version 0 until the first commit.

    `about` is what the journal tells of the project: owner, name, visibility, members, deletion; since it grows with
    the members, it is read only where it is needed. `archived_at` is when it was archived: copies not used since are
    dropped. `restored_at` is when it was last read back as a whole, `fault` what was wrong.
    `diverged_at` is when the journal was found to know versions that SQL does not; nobody may write from then on.
    `checkpoint_hash` is that of the journal's newest checkpoint; `checkpoint_bytes` is its size, or that of a later
    entry with the complete state. `uncheckpointed_bytes` is what the entries since add up to, None where the next one
    needs the complete state. Until `folds_held_until` small packs are not folded.
    """

    __tablename__ = "repositories"
    __table_args__ = (
        partial_index("ix_repositories_fault", "id", where="fault IS NOT NULL"),
        partial_index("ix_repositories_entries", "id", where=f"uncheckpointed_bytes >= {LEAST_ENTRIES_BYTES}"),
        Index(None, "stored_bytes", "id"),
    )

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    epoch: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=0)
    pack_generation: Mapped[int] = mapped_column(default=0)
    entry_hash: Mapped[str | None] = mapped_column(String(64))
    default_branch: Mapped[str] = mapped_column(String(255), default="main")
    about: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_access_at: Mapped[datetime] = mapped_column(default=now)
    archived_at: Mapped[datetime | None]
    restored_at: Mapped[datetime | None]
    diverged_at: Mapped[datetime | None] = mapped_column(index=True)
    checkpoint_hash: Mapped[str | None] = mapped_column(String(64))
    checkpoint_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    uncheckpointed_bytes: Mapped[int | None] = mapped_column(BigInteger)
    folds_held_until: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(Text)

    @property
    def are_folds_held(self) -> bool:
        """Whether small packs are not to be folded now, since the project is being purged."""
        return self.folds_held_until is not None and now() < self.folds_held_until


class Ref(Base):
    """A branch or tag, by its full name, and the object that it points to (40 hex digits)."""

    __tablename__ = "refs"

    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha: Mapped[str] = mapped_column(String(40))


class Pack(Base):
    """A pack of the newest version, or one that a later version superseded and the collector has yet to delete.

    `idx_stored` says whether the index lies in the store; the index of a small pack is made by its readers.
    `side_files` tells length and SHA-256 of those that lie beside it, by suffix.
    `checked_at` is when its objects in the store were last known to be right, since they were sent or read back then;
    `fault` is what was wrong with them the last time, in a sentence. `storage_class` is the store's name of the class
    that the pack was moved to, None for the one that everything is sent to.
    """

    __tablename__ = "packs"
    __table_args__ = (
        partial_index("ix_packs_fault", "repository_id", where="fault IS NOT NULL"),
        partial_index("ix_packs_in_use", "repository_id", where="superseded_version IS NULL"),
        partial_index("ix_packs_moved", "checked_at", where="storage_class IS NOT NULL"),
    )

    name: Mapped[str] = mapped_column(Id32, primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    pack_bytes: Mapped[int] = mapped_column(BigInteger)
    pack_sha256: Mapped[str] = mapped_column(String(64))
    idx_bytes: Mapped[int] = mapped_column(BigInteger)
    idx_sha256: Mapped[str] = mapped_column(String(64))
    idx_stored: Mapped[bool] = mapped_column(default=True, server_default=true())
    object_count: Mapped[int]
    epoch: Mapped[int]
    version: Mapped[int]
    superseded_version: Mapped[int | None]
    storage_class: Mapped[str | None] = mapped_column(String(30))
    side_files: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    checked_at: Mapped[datetime | None] = mapped_column(default=now, index=True)
    fault: Mapped[str | None] = mapped_column(Text)

    @hybrid_property
    def stored_idx_bytes(self) -> int:
        """What the index takes in the store."""
        return self.idx_bytes if self.idx_stored else 0

    @stored_idx_bytes.inplace.expression
    @classmethod
    def _stored_idx_bytes(cls) -> ColumnElement[int]:
        return case((cls.idx_stored, cls.idx_bytes), else_=0)


class LargeBlob(Base):
    """The size of a blob in a pack of kind `blobs`, so that a page can tell it without the pack."""

    __tablename__ = "large_blobs"

    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), primary_key=True)
    sha: Mapped[str] = mapped_column(String(40), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)


class LfsObject(Base):
    """A Git LFS object that a version names: `oid` is the SHA-256 (hex) of its bytes, `name` the key's random part.

    `storage_class`, `checked_at` and `fault` are as those of a pack.
    """

    __tablename__ = "lfs_objects"
    __table_args__ = (
        partial_index("ix_lfs_objects_fault", "repository_id", where="fault IS NOT NULL"),
        partial_index("ix_lfs_objects_moved", "checked_at", where="storage_class IS NOT NULL"),
    )

    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), primary_key=True)
    oid: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Id32, unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    epoch: Mapped[int]
    version: Mapped[int]
    storage_class: Mapped[str | None] = mapped_column(String(30))
    checked_at: Mapped[datetime | None] = mapped_column(default=now, index=True)
    fault: Mapped[str | None] = mapped_column(Text)


class StagedLfs(Base):
    """A Git LFS object that no version names; the row owns its key from before the first byte until it expires.

    States: `offered` (a client may send it, to an address that it can write to again while it lives), `staged` (we
    write it), `received` (we wrote it, and hashed it), `doomed` (the object is deleted, then the row), `retired` (no
    version names it any more, and somebody may still be reading it). `uploader_id` is the account that sent it.
    """

    __tablename__ = "staged_lfs"
    __table_args__ = (Index(None, "repository_id", "oid"), Index(None, "state", "expires_at"))

    name: Mapped[str] = mapped_column(Id32, primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"))
    oid: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    uploader_id: Mapped[int | None]


class StagedPush(Base):
    """Packs on their way to a commit point; `id` is the push id, the row's lock decides commit against clean-up.

    `pack_names` has packs by name, and side files as `<name>.<suffix>`.
    States: `staged`, `doomed` (the collector deletes the objects, then the row).
    """

    __tablename__ = "staged_pushes"
    __table_args__ = (Index(None, "state", "expires_at"),)

    id: Mapped[str] = mapped_column(Id32, primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=STAGED)
    pack_names: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    def give_up(self, packs: Collection[str]) -> None:
        """Own these packs no longer, nor their side files; the rest is to be deleted."""
        self.pack_names = sorted(name for name in self.pack_names if name.partition(".")[0] not in packs)
        self.state = DOOMED


class WriterTicket(Base):
    """A place in the queue of those who write to one repository at once: the lowest has the turn until `expires_at`."""

    __tablename__ = "writer_tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), index=True)
    holder: Mapped[str] = mapped_column(Id32, unique=True)
    expires_at: Mapped[datetime]


class WriterTurn(Base):
    """Turns of a release before tickets: unused, and a later release drops the table; a deletion empties it, too."""

    __tablename__ = "writer_turns"

    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(Id32)
    expires_at: Mapped[datetime]


class CacheDay(Base):
    """How the caches of all machines fared on one day (UTC, YYYY-MM-DD).

    A visit is a hit when its copy was there; `regained` are the misses that a GiB more of cache would have spared.
    """

    __tablename__ = "cache_days"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    hits: Mapped[int] = mapped_column(BigInteger, default=0)
    misses: Mapped[int] = mapped_column(BigInteger, default=0)
    regained: Mapped[int] = mapped_column(BigInteger, default=0)


class Version(Base):
    """One committed version; `entry` holds the journal entry's bytes until the object store has confirmed them.

    `dropped_at` is when its entry was deleted from the store, since two later checkpoints replace it.
    """

    __tablename__ = "versions"
    __table_args__ = (partial_index("ix_versions_unconfirmed", "repository_id", where="confirmed_at IS NULL"),)

    repository_id: Mapped[str] = mapped_column(Id32, ForeignKey("repositories.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    push_id: Mapped[str] = mapped_column(Id32, unique=True)
    pack_generation: Mapped[int]
    actor: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    entry_hash: Mapped[str] = mapped_column(String(64))
    entry: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]


class FileSurvey(Base):
    """What was counted of a repository's files as of one version: bytes by part, and the files that take most."""

    __tablename__ = "file_surveys"

    repository_id: Mapped[str] = mapped_column(
        Id32, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int]
    version: Mapped[int]
    parts: Mapped[dict[str, Any]]
    files: Mapped[list[Any]]
    counted_at: Mapped[datetime] = mapped_column(default=now)


class StorageTotals(Base):
    """The one row of what all repositories together were found to hold: the fields of `StorageUsage`."""

    __tablename__ = "storage_totals"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    usage: Mapped[dict[str, Any]]
    counted_at: Mapped[datetime]


class SettledEntry(Base):
    """An entry of the journal that is no version of SQL's, and that a recovery has dealt with.

    It belongs to a line of history that another database wrote, whose branches were kept, or it cannot be read.
    """

    __tablename__ = "settled_entries"

    repository_id: Mapped[str] = mapped_column(
        Id32, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    hash_start: Mapped[str] = mapped_column(String(16), primary_key=True)
    settled_at: Mapped[datetime] = mapped_column(default=now)
