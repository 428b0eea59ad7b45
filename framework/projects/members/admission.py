"""What a commit point asks of the quota: before the repository is locked, and once more when it is."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP
from framework.celery.outbox import enqueue
from framework.errors import Conflict
from framework.projects.core.access import ProjectAccess
from framework.projects.members import quota
from framework.projects.models import Project
from framework.repositories.catalog.changes import Change
from framework.repositories.models import Repository


class OwnerChanged(Conflict):
    """The project came to another owner after the quota of the one before had been asked."""

    def __init__(self) -> None:
        super().__init__("The project was handed over a moment ago. Nothing was stored; try again.")


class Admission:
    """The quota's part in one commit: a `precheck`, and `confirm`, which the caller's `in_transaction` calls.

    `files` are the paths and sizes, in bytes, of those that the plan may find too large and nobody has compared yet.
    """

    def __init__(self, access: ProjectAccess, *, files: Iterable[tuple[str, int]] = ()) -> None:
        self._access = access
        self._largest = max(files, key=lambda file: file[1], default=None)
        self._owner_id: int | None = None
        self._in_group = False

    def __call__(self, session: Session, change: Change) -> None:
        """Ask, with the owner locked, whether the quota has room for what is new.

        Raises:
            QuotaExceeded, FileOverPlan, StoreFull.
        """
        owner = quota.lock_owner(session, self._access)
        self._owner_id, self._in_group = owner.id, owner.kind == GROUP
        usage = quota.read_owner_usage(session, owner)
        if self._largest:
            quota.refuse_large_file(usage.plan, *self._largest)
        quota.refuse_excess(self._access, usage, change.new_bytes)
        quota.refuse_full_store(session, change.new_bytes)
        quota.warn_when_nearly_full(session, owner, usage, change.new_bytes)

    def confirm(self, session: Session, owner_id: int | None = None) -> None:
        """With the repository locked, as who hands a project over has it, see that the owner is the one who was asked.

        Whoever has read since it was locked whose the project is gives the `owner_id`. A group's people may have
        changed since the project was made: its first version has the journal told again.

        Raises:
            OwnerChanged: the change would count against somebody else. Nothing is changed.
        """
        if owner_id is None:
            owner_id = session.scalar(select(Project.owner_id).where(Project.id == self._access.id))
        if owner_id is None or owner_id != self._owner_id:
            raise OwnerChanged
        if self._in_group and self._is_first_version(session):
            enqueue(session, "framework.projects.tasks.refresh_about", self._access.id)

    def _is_first_version(self, session: Session) -> bool:
        found = select(Repository.version).join(Project).where(Project.id == self._access.id)
        return session.scalar(found) == 1


class PrivateRoom:
    """The plan's part in one commit that makes a project private: a lock on the owner before, and the question after.

    Between the two others may have changed the visibility, so only who has the repository locked knows whether to ask.
    """

    def __init__(self, access: ProjectAccess) -> None:
        self._access = access
        self._owner_id: int | None = None

    def lock(self, session: Session, _change: Change) -> None:
        """Lock the owner, before any other row."""
        self._owner_id = quota.lock_owner(session, self._access).id

    def admit_private(self, session: Session, owner_id: int) -> None:
        """Let one more project of this account be private, which is the owner now, with the repository locked.

        Raises:
            TooManyPrivateProjects. OwnerChanged: the owner is another one than was locked.
        """
        if owner_id != self._owner_id:
            raise OwnerChanged
        quota.admit_private_project(session, owner_id)
