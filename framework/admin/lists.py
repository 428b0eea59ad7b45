"""All people and all projects, a page at a time: searched, sorted, and cut before anything is joined to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal_column, select, true
from sqlalchemy.orm import InstrumentedAttribute

from framework.accounts.core import plans
from framework.accounts.core.account import GROUP
from framework.accounts.lifecycle.operations import find_owner
from framework.accounts.models import BrowserSession, Token, User
from framework.database.session import read_transaction
from framework.projects.core.queries import PUBLIC, WORDS
from framework.projects.models import Project
from framework.repositories.models import Repository

PAGE = 50
States = Mapping[str, tuple[str, ColumnElement[bool] | None]]
Orders = Mapping[str, tuple[str, tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]]]
PEOPLE_WORDS: ColumnElement[str] = literal_column(
    "users.name_key || ' ' || lower(users.email) || ' ' || lower(users.full_name)"
)
"""What a search for people looks into; migration 0025 indexes exactly this."""

PEOPLE_STATES: States = {
    "": ("Everyone", None),
    "administrators": ("Administrators", User.admin.is_(true())),
    "suspended": ("Suspended", User.suspended_at.is_not(None)),
    "unconfirmed": ("Without a confirmed address", User.email_verified_at.is_(None)),
    "plan": ("With a plan that was given", User.plan.is_not(None)),
    "groups": ("Groups", User.kind == GROUP),
}
"""By the word in the address: what it is called, and which people it leaves."""
_WITH_GROUPS = ("suspended", "plan", "groups")
"""The states in which groups are listed, beside people: those into which an administrator brings either."""
PEOPLE_ORDERS: Orders = {
    "": ("By name", (User.name_key,)),
    "newest": ("Newest first", (User.id.desc(),)),
    "oldest": ("Oldest first", (User.id,)),
    "largest": ("Most storage first", (User.counted_bytes.desc(), User.id.desc())),
}
"""The last one follows what was added up within the last hour."""
PROJECT_STATES: States = {
    "": ("All projects", None),
    "public": ("Public", PUBLIC & Project.trashed_at.is_(None)),
    "private": ("Private", Project.visibility == literal_column("'private'")),
    "trash": ("In the trash", Project.trashed_at.is_not(None)),
}
PROJECT_ORDERS: Orders = {
    "": ("Newest first", (Project.id.desc(),)),
    "oldest": ("Oldest first", (Project.id,)),
    "largest": ("Largest first", (Repository.stored_bytes.desc(), Repository.id.desc())),
    "changed": ("Changed last first", (Project.updated_at.desc(), Project.id.desc())),
}
"""Each but the last follows an index; that one looks at every project."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class ListRequest:
    """What somebody looks for: a text, and words of the tables above; what is none of them counts as none given."""

    text: str = ""
    state: str = ""
    order: str = ""
    page: int = 1


@dataclass(frozen=True)
class ListPage(Generic[Row]):
    """One page of a list, and whether there is another."""

    rows: list[Row]
    more: bool


@dataclass(frozen=True)
class ListedPerson:
    """An account, or a group, what it owns, and the plan that it has; `last_seen_at` is right to the hour."""

    id: int
    name: str
    is_group: bool
    full_name: str
    email: str
    confirmed: bool
    admin: bool
    suspended_at: datetime | None
    created_at: datetime
    plan: str
    projects: int
    used_bytes: int
    last_seen_at: datetime | None


@dataclass(frozen=True)
class ListedProject:
    """A project as far as its storage goes: nothing of its contents, nor how it is described."""

    id: int
    owner: str
    name: str
    visibility: str
    repository_id: str
    stored_bytes: int
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


def list_people(asked: ListRequest) -> ListPage[ListedPerson]:
    """A page of the accounts that there are; groups are among them only in some states."""
    conditions = [User.deleted_at.is_(None), *_chosen(PEOPLE_STATES, asked.state)]
    if asked.state not in _WITH_GROUPS:
        conditions.append(User.kind != GROUP)
    if asked.text:
        conditions.append(PEOPLE_WORDS.contains(asked.text.lower(), autoescape=True))
    order = PEOPLE_ORDERS.get(asked.order, PEOPLE_ORDERS[""])[1]
    rows = _people().where(User.id.in_(_cut(select(User.id).where(*conditions).order_by(*order), asked.page)))
    with read_transaction() as session:
        found = list(session.execute(rows.order_by(*order)).all())
    people = [_person(*row) for row in found[:PAGE]]
    if asked.order == "largest":  # within a page by what is stored now
        people.sort(key=lambda person: (-person.used_bytes, person.name))
    return ListPage(people, more=len(found) > PAGE)


def list_projects(asked: ListRequest) -> ListPage[ListedProject]:
    """A page of the projects that there are, found by their names; `owner/` before a name leaves only the owner's."""
    owner, slash, name = asked.text.rpartition("/")
    conditions = _chosen(PROJECT_STATES, asked.state)
    if slash:
        conditions.append(Project.owner_id == select(User.id).where(User.name_key == owner.lower()).scalar_subquery())
    if name:  # the words have an index; descriptions of private projects are nothing to search in
        conditions += [column.contains(name.lower(), autoescape=True) for column in (WORDS, Project.name_key)]
    order = PROJECT_ORDERS.get(asked.order, PROJECT_ORDERS[""])[1]
    numbers = select(Project.id)
    if asked.order == "largest":
        numbers = numbers.join(Repository, Repository.id == Project.repository_id)
    ids = _cut(numbers.where(*conditions).order_by(*order), asked.page)
    with read_transaction() as session:
        found = session.execute(_projects().where(Project.id.in_(ids)).order_by(*order)).all()
    return ListPage([ListedProject(*row) for row in found[:PAGE]], more=len(found) > PAGE)


def list_largest_of(owner_id: int) -> list[ListedProject]:
    """The largest projects of one account."""
    query = _projects().where(Project.owner_id == owner_id)
    with read_transaction() as session:
        found = session.execute(query.order_by(Repository.stored_bytes.desc(), Project.id).limit(PAGE)).all()
    return [ListedProject(*row) for row in found]


def find_listed_person(name: str) -> ListedPerson | None:
    """The account or group of this name, in any case."""
    with read_transaction() as session:
        theirs = (User.name_key == name.lower(), User.deleted_at.is_(None))
        row = session.execute(_people().where(*theirs)).one_or_none()
    return _person(*row) if row else None


def find_person_id(name: str) -> int | None:
    """The number of the account or group of this name, or of the account of this confirmed address."""
    with read_transaction() as session:
        user = find_owner(session, name)
        return user.id if user else None


def find_listed_project(project_id: int) -> ListedProject | None:
    """The project of this number."""
    with read_transaction() as session:
        row = session.execute(_projects().where(Project.id == project_id)).one_or_none()
    return ListedProject(*row) if row else None


def _chosen(states: States, state: str) -> list[ColumnElement[bool]]:
    condition = states.get(state, states[""])[1]
    return [] if condition is None else [condition]


def _cut(ids: Select[int], page: int) -> Select[int]:
    """The page's rows and one more; a subquery, since IN with a limit is no condition everywhere."""
    cut = ids.offset((page - 1) * PAGE).limit(PAGE + 1).subquery()
    return select(cut.c.id)


def _people() -> Select[User, int, int, datetime | None, datetime | None]:
    """Each account with what belongs to it, counted for those rows alone that a condition leaves."""
    owned = Project.owner_id == User.id
    projects = select(func.count()).select_from(Project).where(owned).correlate(User).scalar_subquery()
    stored = (
        select(func.coalesce(func.sum(Repository.stored_bytes), 0))
        .join(Project, Project.repository_id == Repository.id)
        .where(owned)
        .correlate(User)
        .scalar_subquery()
    )
    browser = select(func.max(BrowserSession.last_used_at)).where(BrowserSession.user_id == User.id)
    token = select(func.max(Token.last_used_at)).where(Token.user_id == User.id)
    return select(
        User, projects, stored, browser.correlate(User).scalar_subquery(), token.correlate(User).scalar_subquery()
    )


def _person(
    user: User, projects: int, stored: int, browser_at: datetime | None, token_at: datetime | None
) -> ListedPerson:
    return ListedPerson(
        id=user.id,
        name=user.name,
        is_group=user.kind == GROUP,
        full_name=user.full_name,
        email=user.email,
        confirmed=user.email_verified_at is not None,
        admin=user.admin,
        suspended_at=user.suspended_at,
        created_at=user.created_at,
        plan=plans.name_plan(user),
        projects=projects,
        used_bytes=int(stored),
        last_seen_at=max(filter(None, (browser_at, token_at)), default=None),
    )


def _projects() -> Select[int, str, str, str, str, int, datetime, datetime, datetime | None]:
    return (
        select(
            Project.id,
            User.name,
            Project.name,
            Project.visibility,
            Project.repository_id,
            Repository.stored_bytes,
            Project.created_at,
            Project.updated_at,
            Project.trashed_at,
        )
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
    )
