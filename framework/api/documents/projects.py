"""What the API says of projects, their files and versions: each model is a JSON document and its schema."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from framework import config
from framework.api.answers import OBJECT_NAME, Answer
from framework.copies.origins import Comparison
from framework.gitcore.ref_names import HEADS, TAGS, short_name
from framework.projects.core.access import ProjectAccess
from framework.projects.core.jobs import VisibleJob
from framework.repositories.cache.status import StorageStatus
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.history.folders import Entry
from framework.repositories.history.log import Changed, CommitEntry


class Project(Answer):
    """A project, and the caller's role in it; null for a visitor."""

    owner: str
    name: str
    full_name: str
    description: str
    visibility: Literal["public", "private"]
    default_branch: str
    role: Literal["reader", "writer", "maintainer", "owner"] | None
    public_at: datetime | None = Field(description="When it turns public by itself; told to its people.")
    created_at: datetime
    updated_at: datetime
    html_url: str
    clone_url: str

    @classmethod
    def of(cls, access: ProjectAccess) -> "Project":
        """The answer about this project."""
        page = f"{config.current().base_url}{access.path}"
        return cls.model_validate(
            {
                "owner": access.owner,
                "name": access.name,
                "full_name": access.full_name,
                "description": access.description,
                "visibility": access.visibility,
                "default_branch": access.default_branch,
                "role": access.role,
                "public_at": access.public_at,
                "created_at": access.created_at,
                "updated_at": access.updated_at,
                "html_url": page,
                "clone_url": f"{page}.git",
            }
        )


class ShownProject(Project):
    """One project: also whether others may begin from it, and what it was copied from."""

    is_template: bool
    origin: str | None = Field(description="The original of a copy, `owner/name`, if the caller may see it.")

    @classmethod
    def about(cls, access: ProjectAccess, origin: ProjectAccess | None) -> "ShownProject":
        """The answer about this project and its original."""
        told = Project.of(access).model_dump()
        return cls(**told, is_template=access.is_template, origin=origin.full_name if origin else None)


class MissingVersion(Answer):
    """A version of the original that a copy does not have."""

    sha: str = Field(pattern=OBJECT_NAME)
    title: str


class OriginComparison(Answer):
    """How far the default branches of a copy and its original have gone since; of versions and files the first."""

    origin: str
    ahead: int = Field(description="How many versions only the copy has.")
    behind: int = Field(description="How many versions only the original has.")
    missing: list[MissingVersion]
    files: list[str] = Field(description="Files that differ.")
    more_files: bool

    @classmethod
    def of(cls, found: Comparison) -> "OriginComparison":
        """The answer about this comparison."""
        return cls(
            origin=found.origin.full_name,
            ahead=found.ahead,
            behind=found.behind,
            missing=[MissingVersion(sha=one.sha, title=one.title) for one in found.missing],
            files=list(found.files),
            more_files=found.more_files,
        )


class TrashedProject(Answer):
    """A project in the trash."""

    id: int = Field(description="By which it is restored or deleted for good.")
    owner: str
    name: str
    full_name: str
    description: str
    visibility: Literal["public", "private"]
    trashed_at: datetime
    kept_until: datetime = Field(description="When it is deleted for good by itself.")

    @classmethod
    def of(cls, access: ProjectAccess) -> "TrashedProject":
        """The answer about this project, which is in the trash."""
        assert access.trashed_at
        return cls.model_validate(
            {
                "id": access.id,
                "owner": access.owner,
                "name": access.name,
                "full_name": access.full_name,
                "description": access.description,
                "visibility": access.visibility,
                "trashed_at": access.trashed_at,
                "kept_until": access.trashed_at + timedelta(days=config.current().trash_days),
            }
        )


class Ref(Answer):
    """A branch, a tag or notes; `sha` is the object that it points to, for an annotated tag the tag's.

    `default` is true of the branch that is shown first and cloned, which an empty project has not yet.
    """

    ref: str
    name: str
    type: Literal["branch", "tag", "notes"]
    sha: str = Field(pattern=OBJECT_NAME)
    default: bool

    @classmethod
    def all_of(cls, snapshot: Snapshot) -> list["Ref"]:
        """Branches, then notes, then tags, each by name."""
        return [
            cls(
                ref=ref,
                name=short_name(ref),
                type=_ref_type(ref),
                sha=sha,
                default=ref == HEADS + snapshot.default_branch,
            )
            for ref, sha in sorted(snapshot.refs.items())
        ]


class TreeEntry(Answer):
    """One entry of a folder: `commit` is a submodule; only files and symbolic links have a size, in bytes."""

    path: str
    name: str
    type: Literal["blob", "tree", "symlink", "commit"]
    mode: str = Field(pattern="^[0-7]{6}$", description="Git's mode, such as 100644.")
    size: int | None
    sha: str = Field(pattern=OBJECT_NAME)

    @classmethod
    def of(cls, entry: Entry) -> "TreeEntry":
        """The answer about this entry."""
        return cls.model_validate(
            {
                "path": entry.path,
                "name": entry.name,
                "type": entry.kind,
                "mode": f"{entry.mode:06o}",
                "size": entry.size_bytes,
                "sha": entry.sha,
            }
        )


class Author(Answer):
    """Who made a commit, and when, as Git has it."""

    name: str
    email: str
    date: datetime


class ListedCommit(Answer):
    """A commit of a history."""

    sha: str = Field(pattern=OBJECT_NAME)
    parents: list[str]
    author: Author
    message: str

    @classmethod
    def of(cls, commit: CommitEntry) -> "ListedCommit":
        """The answer about this commit."""
        author = Author(name=commit.author_name, email=commit.author_email, date=commit.authored_at)
        return cls(sha=commit.sha, parents=list(commit.parents), author=author, message=commit.message)


class ChangedFile(Answer):
    """A file that a commit changed: A added, M changed, D deleted, R renamed, T its type changed."""

    status: str = Field(pattern="^[A-Z]$")
    path: str
    old_path: str | None


class Commit(ListedCommit):
    """A commit, and what it changed against its first parent."""

    files: list[ChangedFile]

    @classmethod
    def with_files(cls, commit: CommitEntry, files: Sequence[Changed]) -> "Commit":
        """The answer about this commit and these files."""
        told = [ChangedFile(status=file.status, path=file.path, old_path=file.old_path) for file in files]
        return cls(**dict(ListedCommit.of(commit)), files=told)


class NewCommit(Answer):
    """The branch and its newest commit; `changed` is false when all of it was there already."""

    sha: str = Field(pattern=OBJECT_NAME)
    branch: str
    changed: bool


class Storage(Answer):
    """Where a project's bytes are: `hot` with a local copy on the machine that answers, `cold` in the store only."""

    state: Literal["hot", "cold"]
    version: int
    packs: int
    stored_bytes: int
    cached_bytes: int
    last_access_at: datetime

    @classmethod
    def of(cls, status: StorageStatus) -> "Storage":
        """The answer about this status."""
        return cls.model_validate(status, from_attributes=True)


class Work(Answer):
    """Work that takes longer than an answer: `done` of `total` steps so far, and in `message` what it is about."""

    id: str
    kind: str
    state: Literal["waiting", "running", "silent", "finished", "failed"] = Field(
        description="`silent`: nothing was heard of it for minutes; if it was interrupted, it starts again by itself."
    )
    done: int
    total: int
    message: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, work: VisibleJob) -> "Work":
        """The answer about this work."""
        return cls.model_validate(work, from_attributes=True)


def _ref_type(ref: str) -> Literal["branch", "tag", "notes"]:
    return "branch" if ref.startswith(HEADS) else "tag" if ref.startswith(TAGS) else "notes"
