"""What the API tells administrators: each model is a JSON document and its schema."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from framework.accounts.core.plans import Plan, PlanHeld, default_plan
from framework.accounts.core.ways_in.reading import WaysIn
from framework.accounts.lifecycle.account_invitations import PendingAccount
from framework.accounts.lifecycle.plan_editing import Given
from framework.admin.lists import ListedPerson, ListedProject
from framework.api.answers import Answer
from framework.api.documents.projects import Storage
from framework.repositories.cache.status import StorageStatus
from framework.repositories.catalog.storage_usage import StorageUsage


class ListedPersonAnswer(Answer):
    """An account or a group, as administrators see it."""

    id: int
    name: str
    kind: Literal["person", "group"]
    full_name: str = Field(description="Of a group its title.")
    email: str | None = Field(description="A group has none.")
    email_confirmed: bool
    admin: bool
    suspended_at: datetime | None
    created_at: datetime
    last_seen_at: datetime | None = Field(description="Right to the hour.")
    plan: str
    projects: int
    used_bytes: int

    @classmethod
    def of(cls, person: ListedPerson) -> "ListedPersonAnswer":
        """The document of it."""
        return cls(
            id=person.id,
            name=person.name,
            kind="group" if person.is_group else "person",
            full_name=person.full_name,
            email=None if person.is_group else person.email,
            email_confirmed=person.confirmed and not person.is_group,
            admin=person.admin,
            suspended_at=person.suspended_at,
            created_at=person.created_at,
            last_seen_at=person.last_seen_at,
            plan=person.plan,
            projects=person.projects,
            used_bytes=person.used_bytes,
        )


class AdministeredPerson(ListedPersonAnswer):
    """One account or group: also why it has its plan, and the second factor."""

    plan_given: bool = Field(description="Whether an administrator gave the plan.")
    plan_ends_at: datetime | None = Field(description="Until when an address brings the plan `student`.")
    allowed_bytes: int | None = Field(description="How much the plan lets it store; null for any amount.")
    authenticator_app: bool
    passkeys: int

    @classmethod
    def about(cls, person: ListedPerson, held: PlanHeld, ways: WaysIn) -> "AdministeredPerson":
        """The document of it, with its plan and the ways in."""
        return cls(
            **dict(ListedPersonAnswer.of(person)),
            plan_given=held.given,
            plan_ends_at=held.ends_at,
            allowed_bytes=held.plan.stored_bytes,
            authenticator_app=ways.app,
            passkeys=ways.passkeys,
        )


class ListedProjectAnswer(Answer):
    """A project as far as its storage goes: nothing of its contents, nor how it is described."""

    id: int
    owner: str
    name: str
    full_name: str
    visibility: Literal["public", "private"]
    stored_bytes: int
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None

    @classmethod
    def of(cls, project: ListedProject) -> "ListedProjectAnswer":
        """The document of it."""
        return cls.model_validate({name: getattr(project, name) for name in ListedProjectAnswer.model_fields})


class StoredProject(Storage):
    """Where a project's bytes are and of what they consist; no contents are read for it."""

    versions: int
    lfs_objects: int
    history_bytes: int = Field(description="Commits, folders and small files.")
    large_file_bytes: int
    lfs_bytes: int
    index_bytes: int
    superseded_bytes: int = Field(description="What was replaced and is deleted later.")
    checked_at: datetime | None = Field(description="When what waits longest for it was read back.")
    restored_at: datetime | None = Field(description="When all of it was last restored on trial.")
    fault: str | None = Field(description="What is wrong; null if nothing is.")

    @classmethod
    def with_usage(cls, status: StorageStatus, usage: StorageUsage) -> "StoredProject":
        """The document of both."""
        return cls(
            **dict(Storage.of(status)),
            versions=usage.versions,
            lfs_objects=usage.lfs_objects,
            history_bytes=usage.history.pack_bytes,
            large_file_bytes=usage.blobs.pack_bytes,
            lfs_bytes=usage.lfs_bytes,
            index_bytes=usage.index_bytes,
            superseded_bytes=usage.superseded_bytes,
            checked_at=usage.checked_at,
            restored_at=usage.restored_at,
            fault=usage.fault,
        )


class AdministeredProject(ListedProjectAnswer):
    """One project, and what is stored of it."""

    storage: StoredProject

    @classmethod
    def about(cls, project: ListedProject, status: StorageStatus, usage: StorageUsage) -> "AdministeredProject":
        """The document of it."""
        storage = StoredProject.with_usage(status, usage)
        return cls(**dict(ListedProjectAnswer.of(project)), storage=storage)


class AdministeredPlan(Answer):
    """What a plan allows, null for no limit, and to how many it was given."""

    name: str
    stored_bytes: int | None
    private_projects: int | None
    file_bytes: int | None
    is_default: bool = Field(description="Whether it allows what the settings of the server say.")
    given_to_people: int
    given_to_groups: int

    @classmethod
    def of(cls, plan: Plan, given: Given) -> "AdministeredPlan":
        """The document of it."""
        return cls(
            name=plan.name,
            stored_bytes=plan.stored_bytes,
            private_projects=plan.private_projects,
            file_bytes=plan.file_bytes,
            is_default=plan == default_plan(plan.name),
            given_to_people=given.people,
            given_to_groups=given.groups,
        )


class InvitedAddress(Answer):
    """An address that was just invited to sign up."""

    email: str


class SignUpInvitation(InvitedAddress):
    """An invitation to sign up that nobody has taken yet."""

    id: int
    invited_by: str | None = Field(description="Null for the command line, or an account that is gone.")
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: PendingAccount) -> "SignUpInvitation":
        """The document of it."""
        return cls(
            id=invitation.id,
            email=invitation.email,
            invited_by=invitation.by,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )
