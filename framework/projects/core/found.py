"""What one statement tells of a project, of who asks for it, and of its repository."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists

from framework.accounts.core.ways_in.reading import lacks_factor
from framework.accounts.models import GroupMember, User
from framework.projects.core.groups import WITH_PROJECTS, group_role, highest_role, is_group_suspended
from framework.projects.models import Member, Project, Template
from framework.repositories.models import Repository


class FoundProject(NamedTuple):
    """A project, its owner's name, the caller's roles in it and in its group, and of its repository what is told.

    An owner of its group who `lacks_factor` is a member there. `group_suspended` is true of its owners and members
    alone.
    """

    id: int
    owner_id: int
    name: str
    description: str
    visibility: str
    repository_id: str
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None
    topics: str
    public_at: datetime | None
    status_revision: int
    owner: str
    member_role: str | None
    default_branch: str
    archived_at: datetime | None
    last_access_at: datetime
    entry_hash: str | None
    stored_bytes: int
    group_role: str | None
    group_gives: str | None
    lacks_factor: bool | None
    group_suspended: bool | None
    is_template: bool

    @property
    def role(self) -> str | None:
        """What the caller is in a project that is not their own."""
        return highest_role(self.member_role, self.group_role, self.group_gives)


COLUMNS = (
    *(getattr(Project, name) for name in FoundProject._fields[:12]),
    User.name,
    Member.role,
    *(getattr(Repository, name) for name in FoundProject._fields[-10:-5]),
    group_role(),
    User.member_role,
    lacks_factor(),
    GroupMember.role.in_(WITH_PROJECTS) & is_group_suspended(),
    exists().where(Template.project_id == Project.id).correlate(Project),
)
"""What a statement selects for a `FoundProject`; `User` is the owner there."""
