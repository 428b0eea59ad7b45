"""All projects, people and groups, for whoever runs this server; nobody's rights are asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Subquery, case, func, select

from framework.accounts.core.account import GROUP, Account
from framework.accounts.models import BrowserSession, GroupMember, Token, User
from framework.database.session import read_transaction
from framework.errors import NotFound
from framework.projects.core.groups import OWNER
from framework.projects.models import Project
from framework.repositories.models import Repository


class NoSuchProject(NotFound):
    """The server has no project of this name, not even in the trash."""


@dataclass(frozen=True)
class Listed:
    """A project's full name (`owner/name`), its repository, and its own number."""

    full_name: str
    repository_id: str
    id: int


@dataclass(frozen=True)
class ListedPerson:
    """An account, what it owns (the trash counts), and when it was last used: right to the hour, None for long ago."""

    name: str
    email: str
    confirmed: bool
    admin: bool
    suspended: bool
    projects: int
    bytes: int
    last_seen_at: datetime | None


@dataclass(frozen=True)
class ListedGroup:
    """A group, how many own it and are in it, owners included, and what it owns (the trash counts)."""

    name: str
    title: str
    suspended: bool
    owners: int
    people: int
    projects: int
    bytes: int


def list_every_project() -> list[Listed]:
    """All projects, those in the trash too, by name."""
    with read_transaction() as session:
        rows = session.execute(_projects().order_by(User.name_key, Project.name_key)).all()
    return [Listed(f"{owner}/{name}", repository_id, number) for owner, name, repository_id, number in rows]


def list_every_person() -> list[ListedPerson]:
    """All accounts of people by name."""
    with read_transaction() as session:
        return [
            ListedPerson(
                name=user.name,
                email=user.email,
                confirmed=user.email_verified_at is not None,
                admin=user.admin,
                suspended=user.suspended_at is not None,
                projects=projects or 0,
                bytes=int(stored or 0),
                last_seen_at=max(filter(None, (browser_at, token_at)), default=None),
            )
            for user, projects, stored, browser_at, token_at in session.execute(_people())
        ]


def list_every_group() -> list[ListedGroup]:
    """All groups by name."""
    with read_transaction() as session:
        return [
            ListedGroup(
                name=group.name,
                title=group.full_name,
                suspended=group.suspended_at is not None,
                owners=owners or 0,
                people=people or 0,
                projects=projects or 0,
                bytes=int(stored or 0),
            )
            for group, owners, people, projects, stored in session.execute(_groups())
        ]


def find_project(full_name: str) -> Listed:
    """The project of this full name, in any case.

    Raises:
        NoSuchProject: there is none.
    """
    owner, _slash, name = full_name.casefold().partition("/")
    with read_transaction() as session:
        row = session.execute(_projects().where(User.name_key == owner, Project.name_key == name)).one_or_none()
    if row is None:
        raise NoSuchProject(f"There is no project {full_name}. Give it as OWNER/PROJECT, as in its address.")
    return Listed(f"{row[0]}/{row[1]}", row[2], row[3])


def list_trashed_projects() -> list[tuple[Listed, datetime]]:
    """What is in the trash and since when, the oldest first."""
    query = _projects().add_columns(Project.trashed_at).where(Project.trashed_at.is_not(None))
    with read_transaction() as session:
        rows = session.execute(query.order_by(Project.trashed_at)).all()
    return [(Listed(f"{owner}/{name}", repository_id, number), at) for owner, name, repository_id, number, at in rows]


def owner_of(listed: Listed) -> Account | None:
    """Whose project it is; None for a group's.

    Raises:
        AccountSuspended.
    """
    query = select(User).join(Project, Project.owner_id == User.id).where(Project.id == listed.id)
    with read_transaction() as session:
        owner = session.scalars(query).one()
        return None if owner.kind == GROUP else Account.of(owner)


def _projects() -> Select[str, str, str, int]:
    return select(User.name, Project.name, Project.repository_id, Project.id).join(Project, Project.owner_id == User.id)


def _people() -> Select[User, int | None, int | None, datetime | None, datetime | None]:
    owned = _owned()
    browsers = _last_used(BrowserSession)
    programs = _last_used(Token)
    return (
        select(User, owned.c.projects, owned.c.stored, browsers.c.used_at, programs.c.used_at)
        .outerjoin(owned, owned.c.owner_id == User.id)
        .outerjoin(browsers, browsers.c.user_id == User.id)
        .outerjoin(programs, programs.c.user_id == User.id)
        .where(User.deleted_at.is_(None), User.kind != GROUP)
        .order_by(User.name_key)
    )


def _groups() -> Select[User, int | None, int | None, int | None, int | None]:
    owned = _owned()
    owners = func.count(case((GroupMember.role == OWNER, 1)))
    people = select(GroupMember.group_id, owners.label("owners"), func.count().label("people"))
    counted = people.group_by(GroupMember.group_id).subquery()
    return (
        select(User, counted.c.owners, counted.c.people, owned.c.projects, owned.c.stored)
        .outerjoin(counted, counted.c.group_id == User.id)
        .outerjoin(owned, owned.c.owner_id == User.id)
        .where(User.kind == GROUP)
        .order_by(User.name_key)
    )


def _owned() -> Subquery:
    return (
        select(Project.owner_id, func.count().label("projects"), func.sum(Repository.stored_bytes).label("stored"))
        .join(Repository, Repository.id == Project.repository_id)
        .group_by(Project.owner_id)
        .subquery()
    )


def _last_used(model: type[BrowserSession] | type[Token]) -> Subquery:
    return select(model.user_id, func.max(model.last_used_at).label("used_at")).group_by(model.user_id).subquery()
