"""What all repositories hold together, as it was last added up: pages show it, since adding up reads every row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories.catalog.storage_usage import Kind, StorageUsage, read_storage_usage
from framework.repositories.models import StorageTotals

_ONLY = 1
_MOMENTS = ("checked_at", "restored_at")


@dataclass(frozen=True)
class CountedUsage:
    """What the store keeps of all repositories, as of `counted_at`."""

    usage: StorageUsage
    counted_at: datetime


def count_totals() -> None:
    """Add up what the store keeps of all repositories, and write it down."""
    usage = read_storage_usage()
    moment = now()
    with transaction() as session:
        insert_if_absent(session, StorageTotals, id=_ONLY, usage={}, counted_at=moment)
        row = session.get_one(StorageTotals, _ONLY)
        row.usage, row.counted_at = _describe(usage), moment


def read_totals() -> CountedUsage | None:
    """What was last written down; None before the first time."""
    with read_transaction() as session:
        row = session.get(StorageTotals, _ONLY)
        return None if row is None else CountedUsage(_read(row.usage), row.counted_at)


def _describe(usage: StorageUsage) -> dict[str, Any]:
    moments = {name: moment and moment.isoformat() for name in _MOMENTS for moment in [getattr(usage, name)]}
    return {**asdict(usage), **moments}


def _read(facts: Mapping[str, Any]) -> StorageUsage:
    kinds = {name: Kind(**kind) for name, kind in facts["kinds"].items()}
    moments = {name: facts[name] and datetime.fromisoformat(facts[name]) for name in _MOMENTS}
    return StorageUsage(**{**facts, "kinds": kinds, **moments})
