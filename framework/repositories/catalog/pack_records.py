"""What SQL and the journal record of a pack: the same facts when it is new, in use, and read back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sqlalchemy import Row

from framework.gitcore.packs import MeasuredPack, WrittenPack
from framework.gitcore.side_files import SideFileRecord
from framework.repositories.models import Pack

HISTORY = "history"
BLOBS = "blobs"


@dataclass(frozen=True, kw_only=True)
class PackRecord(MeasuredPack):
    """A pack in the store: its name there, its kind, and what it and its index measure."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class NewPack(PackRecord):
    """A pack that lies in the store; `sizes` tells the blobs' sizes in bytes for kind `blobs`.

    `side_files` are those that lie beside it, by suffix.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    side_files: Mapping[str, SideFileRecord] = field(default_factory=dict)

    @property
    def recorded_side_files(self) -> dict[str, dict[str, Any]]:
        """What SQL and the journal record of the side files, by suffix."""
        return {suffix: asdict(found) for suffix, found in self.side_files.items()}

    @classmethod
    def of(cls, name: str, kind: str, written: WrittenPack, sizes: Mapping[str, int]) -> "NewPack":
        """The pack that was written, under the name that it has or gets in the store."""
        side_files = {suffix: made.recorded for suffix, made in written.side_files.items()}
        return cls(name=name, kind=kind, sizes=sizes, side_files=side_files, **MeasuredPack.values_of(written))


@dataclass(frozen=True, kw_only=True)
class LoggedPack(PackRecord):
    """A pack as a version's journal entry names it, with the version that brought it."""

    epoch: int
    version: int


@dataclass(frozen=True, kw_only=True)
class StoredPack(LoggedPack):
    """A pack that the newest version names; `fault` is what its last check found wrong."""

    side_files: Mapping[str, SideFileRecord] = field(default_factory=dict)
    fault: str | None = None

    @classmethod
    def of(cls, row: Pack | Row[*tuple[Any, ...]]) -> "StoredPack":
        """The pack that this row of SQL records."""
        side_files = {suffix: SideFileRecord(**recorded) for suffix, recorded in (row.side_files or {}).items()}
        return cls(side_files=side_files, fault=row.fault, **LoggedPack.values_of(row))


STORED_PACK_COLUMNS = tuple(getattr(Pack, one.name) for one in fields(StoredPack))
"""What a statement selects for `StoredPack.of`."""
