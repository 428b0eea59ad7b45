"""Lists of projects, a page at a time, each with only what the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
)

from framework.accounts.core.account import GROUP, Account
from framework.accounts.core.former_names import select_former_holder
from framework.accounts.core.validation import NAME
from framework.accounts.lifecycle.operations import find_owner
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction
from framework.errors import NotFound
from framework.projects.core.access import ProjectAccess, access_of
from framework.projects.core.groups import (
    OWNER,
    WITH_PROJECTS,
    group_role,
    highest_role,
    joins_group,
    read_group_role,
    select_groups,
)
from framework.projects.models import Member, Project, Template
from framework.repositories.models import Repository

PAGE = 20
PUBLIC: ColumnElement[bool] = Project.visibility == literal_column("'public'")
"""Written out, so that PostgreSQL can tell that the index of public projects serves whatever the parameters are."""
WORDS: ColumnElement[str] = literal_column(
    "projects.name_key || ' ' || projects.topics || ' ' || lower(projects.description)"
)
"""What a search looks into; migration 0013 indexes exactly this."""


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
    """What everybody may know of a person or a group; `role` is what the viewer is in the group.

    `picture` is the digest in its address; of who is `suspended` no more than the projects is shown.
    """

    id: int
    name: str
    full_name: str
    is_group: bool = False
    role: str | None = None
    picture: str | None = None
    suspended: bool = False


MOST_TEMPLATES = 5


def explore(viewer: Account | None, page: int = 1) -> Listing:
    """Public projects, the latest change first."""
    return _read_listing(viewer, [PUBLIC], page)


def list_projects_of(account: Account, page: int = 1) -> Listing:
    """What this person owns or takes part in, the latest change first."""
    return _read_listing(account, _parts(account), page)


def list_owned_projects(
    owner: Person, viewer: Account | None, page: int = 1, *, text: str = "", by_name: bool = False
) -> Listing:
    """Those of the owner's projects that the viewer may see, the latest change first, or by name.

    `text` is looked for as `search` does.
    """
    wanted = WORDS.contains(text.lower(), autoescape=True) if text else true()
    mine = (Project.owner_id == owner.id) & or_(*_visible(viewer)) & wanted
    return _read_listing(viewer, [mine], page, by_name=by_name)


def search(viewer: Account | None, text: str = "", *, owner: str = "", page: int = 1, length: int = PAGE) -> Listing:
    """What the viewer may see: public projects and those that they take part in, the latest change first.

    `text` is looked for in names, descriptions and topics, in any case; `owner` is a user name and leaves only theirs.
    """
    wanted = WORDS.contains(text.lower(), autoescape=True) if text else true()
    if owner:
        named = select(User.id).where(User.name_key == owner.casefold()).scalar_subquery()
        held = select_former_holder(owner.casefold()).scalar_subquery()
        theirs = Project.owner_id == func.coalesce(named, held)  # one value, or no index serves
        return _read_listing(viewer, [theirs & or_(*_visible(viewer)) & wanted], page, length=length)
    return _read_listing(viewer, [condition & wanted for condition in _visible(viewer)], page, length=length)


def names_of(account: Account) -> dict[str, str]:
    """Every project that this person takes part in: `owner/name` by the repository's id, in alphabetical order."""
    query = (
        select(Project.repository_id, User.name, Project.name)
        .join(User, User.id == Project.owner_id)
        .where(takes_part(account), Project.trashed_at.is_(None))
        .order_by(User.name_key, Project.name_key)
    )
    with read_transaction() as session:
        return {repository_id: f"{owner}/{name}" for repository_id, owner, name in session.execute(query)}


def list_templates(account: Account) -> list[str]:
    """The newest templates among the projects that this person takes part in, as `owner/name`; a few.

    Strangers' public ones are left out: anyone could put theirs before everyone.
    """
    query = (
        select(User.name, Project.name)
        .join(User, User.id == Project.owner_id)
        .join(Template, Template.project_id == Project.id)
        .where(takes_part(account), Project.trashed_at.is_(None))
        .order_by(Template.created_at.desc(), Project.id.desc())
        .limit(MOST_TEMPLATES)
    )
    with read_transaction() as session:
        return [f"{owner}/{name}" for owner, name in session.execute(query)]


def list_trash(account: Account, page: int = 1) -> Listing:
    """Projects in the trash that this person can restore, the latest first."""
    return _read_listing(account, _parts(account, "owner"), page, trashed=True)


def read_profile(name: str, viewer: Account | None = None) -> Person:
    """The person or group of this name, in any case.

    Raises:
        PersonNotFound: there is none.
    """
    with read_transaction() as session:
        user = find_owner(session, name) if NAME.fullmatch(name) else None
        is_whole = viewer is not None and viewer.confined_to is None and viewer.takes_part
        role = read_group_role(session, user.id, viewer.id)[0] if user and viewer and is_whole else None
    if user is None:
        raise PersonNotFound("There is nobody with this name. Check the address.")
    known = Person(user.id, user.name, user.full_name, is_group=user.kind == GROUP, role=role, picture=user.picture)
    return known if user.suspended_at is None else replace(known, picture=None, suspended=True)


def find_projects_of(person: Person, viewer: Account | None, most: int) -> list[int]:
    """Projects that the person takes part in, or the group owns, and the viewer may see: those changed last."""
    parts = union(
        select(Project.id).where(Project.owner_id == person.id),
        select(Member.project_id).where(Member.user_id == person.id),
        select(Project.id).where(Project.owner_id.in_(select_groups(person.id))),
    ).cte()
    theirs = select(Project.id).where(Project.id.in_(select(parts)), Project.trashed_at.is_(None))
    seen = Project.id.in_(union(*(theirs.where(condition) for condition in _visible(viewer))))
    query = select(Project.id).where(seen).order_by(Project.updated_at.desc(), Project.id.desc()).limit(most)
    with read_transaction() as session:
        return list(session.scalars(query))


def takes_part(account: Account) -> ColumnElement[bool]:
    """Whether this person owns the project, themselves or in a group, or takes part in it.

    A union, since PostgreSQL reads all projects to find those of which one of several things holds.
    """
    return Project.id.in_(union(*(select(Project.id).where(condition) for condition in _parts(account))))


def _visible(viewer: Account | None) -> list[ColumnElement[bool]]:
    """What this viewer may see: the projects of any of these conditions."""
    return [PUBLIC, *_parts(viewer)] if viewer else [PUBLIC]


def _parts(account: Account, role: str | None = None) -> list[ColumnElement[bool]]:
    """What this person owns, themselves or in a group, and takes part in, with this role or any: each has its index."""
    mine = (
        Project.owner_id == account.id,
        Project.id.in_(_member_projects(account, role)),
        Project.owner_id.in_(select_groups(account.id, (OWNER,) if role == "owner" else WITH_PROJECTS)),
    )
    return [condition & is_within_reach(account) for condition in (mine if account.takes_part else mine[:1])]


def is_within_reach(account: Account) -> ColumnElement[bool]:
    """A token for one project makes its person a stranger in the others."""
    return true() if account.confined_to is None else Project.repository_id == account.confined_to


def _member_projects(account: Account, role: str | None = None) -> Select[int]:
    query = select(Member.project_id).where(Member.user_id == account.id)
    return query if role is None else query.where(Member.role == role)


def _read_listing(
    viewer: Account | None,
    conditions: Sequence[ColumnElement[bool]],
    page: int,
    *,
    trashed: bool = False,
    length: int = PAGE,
    by_name: bool = False,
) -> Listing:
    """A page of the projects that any of the conditions admits, the latest change first, or by name."""
    key: SQLColumnExpression[Any] = Project.name_key if by_name else Project.updated_at
    viewer_id = viewer.id if viewer else None
    within_reach = is_within_reach(viewer) if viewer else true()
    if viewer and not viewer.takes_part:
        within_reach &= Project.owner_id == viewer.id
    role = case((Project.owner_id == viewer_id, literal("owner")), else_=Member.role)
    query = (
        select(Project, User.name, Repository.default_branch, within_reach, role, group_role(), User.member_role)
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
        .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == viewer_id))
        .outerjoin(GroupMember, joins_group(Project.owner_id, viewer_id))
        .where(Project.id.in_(_ids(conditions, page, trashed=trashed, length=length, by_name=by_name)))
        .order_by(*_ordered(key, Project.id, by_name=by_name))
    )
    with read_transaction() as session:
        found = [
            access_of(project, owner, highest_role(*roles) if reached else None, branch)
            for project, owner, branch, reached, *roles in session.execute(query)
        ]
    return Listing(found[:length], page, more=len(found) > length)


def _ids(
    conditions: Sequence[ColumnElement[bool]], page: int, *, trashed: bool, length: int, by_name: bool
) -> Select[int]:
    """The page's projects and one more: of each condition the first are taken from its index, and only then joined."""
    state = Project.trashed_at.is_not(None) if trashed else Project.trashed_at.is_(None)
    key: SQLColumnExpression[Any] = Project.name_key if by_name else Project.updated_at
    first = [
        select(Project.id, key.label("key"))
        .where(condition, state)
        .order_by(*_ordered(key, Project.id, by_name=by_name))
        .limit(page * length + 1)
        .subquery()
        for condition in conditions
    ]
    found = union(*(select(each.c.id, each.c.key) for each in first)).subquery()
    ordered = select(found.c.id).order_by(*_ordered(found.c.key, found.c.id, by_name=by_name))
    return ordered.offset((page - 1) * length).limit(length + 1)


def _ordered(
    key: SQLColumnExpression[Any], number: SQLColumnExpression[int], *, by_name: bool
) -> tuple[ColumnElement[Any], ...]:
    return (key.asc(), number.asc()) if by_name else (key.desc(), number.desc())
