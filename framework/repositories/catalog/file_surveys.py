"""What was counted of a repository's files, as of one version, for pages to show: one row a repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.formatting import quote_query, show_unseen
from framework.repositories.models import FileSurvey


@dataclass(frozen=True)
class FileVersions:
    """A file's versions on all branches and tags, and what a history without its old ones would be.

    Sizes are those in the store, in bytes. `newest_bytes` is what the version of the default branch takes, or of
    another branch or tag that has the file; None where none has. `kept` are the blobs' names of the versions that a
    branch or tag ends with. The old ones are the others; without them `commits` would be other ones, and the refs in
    `refs` (the first of `ref_count`) moved.
    """

    path: str
    versions: int
    size_bytes: int
    newest_bytes: int | None
    old_versions: int
    freed_bytes: int
    commits: int
    refs: tuple[str, ...]
    ref_count: int
    kept: tuple[str, ...]

    @property
    def shown_path(self) -> str:
        """The path as people see it."""
        return show_unseen(self.path)

    @property
    def key(self) -> str:
        """What stands for the path in an address."""
        return sha256(self.path.encode(errors="surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True)
class Survey:
    """The bytes of a version by what they are for, and the files whose versions take most, the largest first."""

    epoch: int
    version: int
    parts: Mapping[str, int]
    files: tuple[FileVersions, ...] = ()
    counted_at: datetime = field(default_factory=now)

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(self.parts.values())

    def find(self, key: str) -> FileVersions | None:
        """The file of this key."""
        return next((file for file in self.files if file.key == key), None)


def remember_survey(repository_id: str, survey: Survey) -> None:
    """Keep this survey in the place of an earlier one."""
    with transaction() as session:
        session.merge(
            FileSurvey(
                repository_id=repository_id,
                epoch=survey.epoch,
                version=survey.version,
                parts=dict(survey.parts),
                files=[_as_json(file) for file in survey.files],
                counted_at=survey.counted_at,
            )
        )


def read_survey(repository_id: str) -> Survey | None:
    """What was counted last; None where nothing was, or not yet which versions are kept."""
    with read_transaction() as session:
        row = session.get(FileSurvey, repository_id)
        if row is None or not all("kept" in told for told in row.files):
            return None
        files = tuple(_from_json(told) for told in row.files)
        return Survey(row.epoch, row.version, row.parts, files, row.counted_at)


def _as_json(file: FileVersions) -> dict[str, Any]:
    """A path may be no UTF-8, and so no text of a database."""
    return {**file.__dict__, "path": quote_query(file.path), "refs": list(file.refs), "kept": list(file.kept)}


def _from_json(told: dict[str, Any]) -> FileVersions:
    path = unquote(told["path"], errors="surrogateescape")
    return FileVersions(**{**told, "path": path, "refs": tuple(told["refs"]), "kept": tuple(told["kept"])})
