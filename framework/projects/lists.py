"""Lists of projects, a page at a time, each with only what the viewer may see."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, func, literal, not_, null, or_, select, true

from framework.accounts.account import Account
from framework.accounts.models import User
from framework.accounts.rules import NAME
from framework.database.session import reading
from framework.errors import NotFound
from framework.projects.access import ProjectAccess, access_of
from framework.projects.models import Member, Project
from framework.repositories.models import Repository

PAGE = 20


class PersonNotFound(NotFound):
    """Nobody has this name."""


@dataclass(frozen=True)
class Listing:
    """One page of projects; `number` starts at 1, `more` says whether there is another page."""

    projects: list[ProjectAccess]
    number: int
    more: bool


@dataclass(frozen=True)
class Person:
    """What everybody may know of a person."""

    id: int
    name: str
    full_name: str


def explore(viewer: Account | None, page: int = 1) -> Listing:
    """Public projects, the latest change first."""
    return _listing(viewer, Project.visibility == "public", page)


def projects_of(account: Account, page: int = 1) -> Listing:
    """What this person owns or takes part in, the latest change first."""
    return _listing(account, _takes_part(account), page)


def projects_owned(owner: Person, viewer: Account | None, page: int = 1) -> Listing:
    """Those of the owner's projects that the viewer may see, the latest change first."""
    return _listing(viewer, (Project.owner_id == owner.id) & _visible(viewer), page)


def search(viewer: Account | None, text: str = "", *, owner: str = "", page: int = 1) -> Listing:
    """What the viewer may see: public projects and those that they take part in, the latest change first.

    `text` is looked for in names, descriptions and topics, in any case; `owner` is a user name and leaves only theirs.
    """
    wanted = _visible(viewer)
    if text:
        in_name = Project.name_key.contains(text.casefold(), autoescape=True)
        in_topics = Project.topics.contains(text.lower(), autoescape=True)
        wanted &= or_(in_name, in_topics, func.lower(Project.description).contains(text.lower(), autoescape=True))
    if owner:
        wanted &= User.name_key == owner.casefold()
    return _listing(viewer, wanted, page)


def names_of(account: Account) -> dict[str, str]:
    """Every project that this person takes part in: `owner/name` by the repository's id, in alphabetical order."""
    query = (
        select(Project.repository_id, User.name, Project.name)
        .join(User, User.id == Project.owner_id)
        .where(_takes_part(account), Project.trashed_at.is_(None))
        .order_by(User.name_key, Project.name_key)
    )
    with reading() as session:
        return {repository_id: f"{owner}/{name}" for repository_id, owner, name in session.execute(query)}


def trashed_projects(account: Account, page: int = 1) -> Listing:
    """Projects in the trash that this person can restore, the latest first."""
    owned = or_(Project.owner_id == account.id, Project.id.in_(_member_projects(account, "owner")))
    return _listing(account, owned & _within_reach(account), page, trashed=True)


def person(name: str) -> Person:
    """The person of this name, in any case.

    Raises:
        PersonNotFound: there is none.
    """
    with reading() as session:
        user = session.scalar(select(User).where(User.name_key == name.casefold())) if NAME.fullmatch(name) else None
    if user is None:
        raise PersonNotFound("There is nobody of this name. Look for a typing error.")
    return Person(user.id, user.name, user.full_name)


def _visible(viewer: Account | None) -> ColumnElement[bool]:
    public: ColumnElement[bool] = Project.visibility == "public"
    return or_(public, _takes_part(viewer)) if viewer else public


def _takes_part(account: Account) -> ColumnElement[bool]:
    taken_part = or_(Project.owner_id == account.id, Project.id.in_(_member_projects(account)))
    return taken_part & _within_reach(account)


def _within_reach(account: Account) -> ColumnElement[bool]:
    """A token for one project makes its person a stranger in the others."""
    return true() if account.confined_to is None else Project.repository_id == account.confined_to


def _member_projects(account: Account, role: str | None = None) -> Select[int]:
    query = select(Member.project_id).where(Member.user_id == account.id)
    return query if role is None else query.where(Member.role == role)


def _listing(viewer: Account | None, condition: ColumnElement[bool], page: int, *, trashed: bool = False) -> Listing:
    viewer_id = viewer.id if viewer else None
    within_reach = _within_reach(viewer) if viewer else true()
    role = case((not_(within_reach), null()), (Project.owner_id == viewer_id, literal("owner")), else_=Member.role)
    query = (
        select(Project, User.name, role, Repository.default_branch)
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
        .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == viewer_id))
        .where(condition, Project.trashed_at.is_not(None) if trashed else Project.trashed_at.is_(None))
        .order_by(Project.updated_at.desc(), Project.id.desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    with reading() as session:
        found = [access_of(*row) for row in session.execute(query)]
    return Listing(found[:PAGE], page, more=len(found) > PAGE)
