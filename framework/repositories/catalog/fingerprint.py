"""What a repository is, in one line that can be compared between two databases: for the rehearsal of a rebuild."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from framework.database.session import read_transaction
from framework.repositories.models import Pack, Ref, Repository, Version


@dataclass(frozen=True)
class Fingerprint:
    """A repository at its newest version, all of whose journal entries are in the store.

    `versions` counts those up to it whose entries are kept; `contents` is a hash of its refs, its packs, and the
    project's owner and name.
    """

    repository_id: str
    epoch: int
    version: int
    entry_hash: str
    versions: int
    contents: str

    def line(self) -> str:
        """As a line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> "Fingerprint":
        """The reverse."""
        return cls(**json.loads(line))


def read_fingerprints() -> Iterator[Fingerprint]:
    """Every repository that has a version, as one moment sees them; those with an unconfirmed version are left out."""
    waiting = select(Version.repository_id).where(Version.confirmed_at.is_(None))
    chosen = select(Repository).where(Repository.version > 0, Repository.id.not_in(waiting)).order_by(Repository.id)
    with read_transaction() as session:
        for row in session.scalars(chosen.execution_options(yield_per=500)):
            place = row.epoch, row.version
            yield Fingerprint(
                row.id, *place, row.entry_hash or "", _versions(session, row.id, *place), _contents(session, row)
            )


def differences(expected: Fingerprint) -> Iterator[str]:
    """How this process's database, which was rebuilt and began an epoch of its own, differs from what is expected."""
    with read_transaction() as session:
        row = session.get(Repository, expected.repository_id)
        place = expected.repository_id, expected.epoch, expected.version
        version = session.get(Version, place)
        if row is None or version is None or version.entry_hash != expected.entry_hash:
            yield f"Repository {expected.repository_id} did not come back at version {expected.version}."
            return
        came_back = _versions(session, *place)
        if came_back < expected.versions:  # more where entries were about to be dropped
            yield f"Repository {expected.repository_id} has {expected.versions} versions, and {came_back} came back."
        nothing_since = row.version == expected.version + 1
        if nothing_since and _contents(session, row) != expected.contents:
            yield f"Repository {expected.repository_id} came back with other branches, packs, owner or name."


def _versions(session: Session, repository_id: str, epoch: int, version: int) -> int:
    until = or_(Version.epoch < epoch, and_(Version.epoch == epoch, Version.version <= version))
    kept = Version.repository_id == repository_id, until, Version.dropped_at.is_(None)
    count = select(func.count()).select_from(Version).where(*kept)
    return session.scalar(count) or 0


def _contents(session: Session, row: Repository) -> str:
    refs = session.execute(select(Ref.name, Ref.sha).where(Ref.repository_id == row.id)).all()
    packs = session.execute(
        select(Pack.name, Pack.kind, Pack.pack_sha256, Pack.idx_sha256).where(
            Pack.repository_id == row.id, Pack.superseded_version.is_(None)
        )
    ).all()
    told: list[Any] = [
        row.default_branch,
        sorted(map(tuple, refs)),
        sorted(map(tuple, packs)),
        _names_in(row.about),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _names_in(about: dict[str, Any]) -> list[Any]:
    return [about.get("name"), (about.get("owner") or {}).get("name")]
