"""What somebody who is deleted leaves behind: read with its rows locked, and refused where others would lose it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.models import GroupMember, User
from framework.errors import Conflict
from framework.projects.core.owners import select_kept_alone
from framework.projects.models import Member, Project

LISTED = 10


class OwnsProjects(Conflict):
    """The person is the only owner of projects, and nobody said what is to become of these."""

    command_hint = "Or repeat this with --with-projects to move these projects to the trash."

    def __init__(self, leaving: "Leaving") -> None:
        super().__init__(
            f"{leaving.name} is the only owner of {_name_projects(leaving.alone)}. Have another owner added on the "
            "page of the project's people."
        )


class OwnsGroups(Conflict):
    """The person is the only owner of groups, which nobody could manage any more."""

    def __init__(self, leaving: "Leaving") -> None:
        names = ", ".join(leaving.groups[:LISTED])
        super().__init__(
            f"{leaving.name} is the only owner of the group{'' if len(leaving.groups) == 1 else 's'} {names}."
            " Make another member an owner there first."
        )


class LastOwner(Conflict):
    """Others take part in projects that the person alone owns."""

    def __init__(self, leaving: "Leaving") -> None:
        names = ", ".join(project.full_name for project in leaving.stuck[:LISTED])
        more = len(leaving.stuck) - LISTED
        super().__init__(
            f"Others take part in {names}{f' and {more:,} more' if more > 0 else ''}, and you are the only owner."
            " Make one of them an owner, hand the project over, or move it to the trash first."
        )


@dataclass(frozen=True)
class Owned:
    """A project of the person's: its number, its repository's id, its full name; `heir` becomes its owner.

    `shared` is one in which others take part.
    """

    id: int
    repository_id: str
    full_name: str
    trashed: bool
    heir: str | None
    shared: bool = False


@dataclass(frozen=True)
class Leaving:
    """What deleting a person does; nobody else owns the `groups`.

    `kept_alone` belong to suspended people, and no other owner of theirs can sign in.
    """

    user_id: int
    name: str
    owned: Sequence[Owned]
    takes_part: int
    groups: Sequence[str] = ()
    kept_alone: Sequence[Owned] = ()

    @property
    def handed_over(self) -> list[Owned]:
        """The projects that somebody else owns, too."""
        return [project for project in self.owned if project.heir is not None]

    @property
    def alone(self) -> list[Owned]:
        """The projects, not in the trash, that nobody else owns."""
        return [project for project in self.owned if project.heir is None and not project.trashed]

    @property
    def unshared(self) -> list[Owned]:
        """Those of them in which nobody else takes part."""
        return [project for project in self.alone if not project.shared]

    @property
    def stuck(self) -> list[Owned]:
        """What others would lose, or have nobody for who decides, unless one of them becomes an owner."""
        return [*(project for project in self.alone if project.shared), *self.kept_alone]

    @property
    def sentences(self) -> list[str]:
        """What will happen, for whoever has to confirm it."""
        told = [f"{project.full_name} becomes a project of {project.heir}." for project in self.handed_over]
        if self.alone:
            told.append(f"Moved to the trash, and deleted for good with it: {_name_projects(self.alone)}.")
        if self.takes_part:
            count = f"{self.takes_part:,} project{'' if self.takes_part == 1 else 's'}"
            told.append(f"{self.name} is removed from {count} owned by others.")
        freed = "Nobody can take the user name for a year; the e-mail address is free at once."
        return [*told, f"Commits keep their authors. {freed}"]


def read_leaving(session: Session, user: User) -> Leaving:
    """The same, in the transaction that holds the person's row."""
    takes_part = session.scalar(select(func.count()).select_from(Member).where(Member.user_id == user.id)) or 0
    kept = [
        _describe(project, owner, heir=None, shared=True)
        for project, owner in session.execute(select_kept_alone(user.id))
    ]
    groups = _list_groups_alone(session, user.id)
    return Leaving(user.id, user.name, _list_owned(session, user), takes_part, groups, kept)


def refuse_loss(leaving: Leaving) -> None:
    """Let a deletion pass by which nobody else loses anything.

    Raises:
        LastOwner, OwnsGroups.
    """
    if leaving.stuck:
        raise LastOwner(leaving)
    if leaving.groups:
        raise OwnsGroups(leaving)


def find_heir(session: Session, row: Project) -> User | None:
    """Of a project's other owners who can sign in, the one of the longest standing."""
    query = select(User).join(Member, Member.user_id == User.id)
    mine = (Member.project_id == row.id, Member.role == "owner", User.suspended_at.is_(None))
    return session.scalars(query.where(*mine).order_by(Member.added_at, User.id).limit(1)).one_or_none()


def _list_groups_alone(session: Session, user_id: int) -> list[str]:
    """The groups of which nobody else who can sign in is an owner, by name."""
    mine, other, person, group = aliased(GroupMember), aliased(GroupMember), aliased(User), aliased(User)
    others = (
        select(other.user_id)
        .join(person, person.id == other.user_id)
        .where(other.group_id == mine.group_id, other.role == "owner", other.user_id != user_id)
        .where(person.suspended_at.is_(None))
    )
    query = (
        select(group.name)
        .join(mine, mine.group_id == group.id)
        .where(mine.user_id == user_id, mine.role == "owner", ~others.exists())
    )
    return list(session.scalars(query.order_by(group.name_key)))


def _list_owned(session: Session, user: User) -> list[Owned]:
    """Each with its heir, by the rule of `find_heir`."""
    projects = session.scalars(select(Project).where(Project.owner_id == user.id).order_by(Project.name_key)).all()
    members = (
        select(Member.project_id, Member.role, User.name, User.suspended_at)
        .join(Project, Project.id == Member.project_id)
        .join(User, User.id == Member.user_id)
        .where(Project.owner_id == user.id)
        .order_by(Member.added_at, User.id)
    )
    shared, heirs = set[int](), dict[int, str]()
    for project_id, role, name, suspended_at in session.execute(members):
        shared.add(project_id)
        if role == "owner" and suspended_at is None:
            heirs.setdefault(project_id, name)
    return [
        _describe(project, user.name, heir=heirs.get(project.id), shared=project.id in shared) for project in projects
    ]


def _describe(project: Project, owner: str, *, heir: str | None, shared: bool) -> Owned:
    return Owned(
        id=project.id,
        repository_id=project.repository_id,
        full_name=f"{owner}/{project.name}",
        trashed=project.trashed_at is not None,
        heir=heir,
        shared=shared,
    )


def _name_projects(projects: Sequence[Owned]) -> str:
    names = ", ".join(project.full_name for project in projects[:LISTED])
    more = len(projects) - LISTED
    counted = f"{len(projects):,} project{'' if len(projects) == 1 else 's'}"
    return f"{counted}: {names}{f' and {more:,} more' if more > 0 else ''}"
