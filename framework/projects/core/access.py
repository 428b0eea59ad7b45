"""The one door to a project: fetch it and check who may do what, together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection, Executable, Integer, bindparam, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, SignInRequired, read_account
from framework.accounts.models import GroupMember, User
from framework.database.prepared import PreparedSelect
from framework.database.session import read_rows
from framework.errors import Forbidden, NotFound
from framework.projects.core.addresses import leads_to
from framework.projects.core.found import COLUMNS, FoundProject
from framework.projects.core.groups import FactorNeeded, GroupSuspended, highest_role, joins_group, read_group_role
from framework.projects.core.links import find_shown_link
from framework.projects.core.validation import NAME, ROLES
from framework.projects.models import Member, Project
from framework.repositories.cache.archived import idle_since
from framework.repositories.models import Repository
from framework.web.moved import redirect_reader


class ProjectNotFound(NotFound):
    """There is no such project, or the caller may not know of it; the sentence is the same."""

    def __init__(self) -> None:
        super().__init__("There is no such project, or you may not see it. Check the address, or sign in.")


class RoleTooLow(Forbidden):
    """The caller sees the project, but may not do this in it."""


@dataclass(frozen=True)
class ProjectAccess:
    """A project, and the caller's role in it, one of `ROLES`, or None for a visitor of a public one.

    `idle_since` is when somebody used it last, when it is archived for being idle; `visitor_id` the caller's account.
    `link_id` is the view-only link that lets the caller look, who has no role then.

    Through an `anonymous` one the caller may know nobody's name: `owner`, `name` and the rest are neutral words, and
    `neutral_path` the address that everything is below. Nothing that is remembered for one viewer may be shown to
    another whose `anonymous` differs.

    `entry_hash` names the newest version, None before the first; `stored_bytes` is what the store keeps of it.
    `status_revision` counts how often something was said about a commit. Others may begin from a template's files.
    """

    id: int
    owner: str
    name: str
    description: str
    visibility: str
    repository_id: str
    role: str | None
    created_at: datetime
    updated_at: datetime
    default_branch: str = "main"
    trashed_at: datetime | None = None
    public_at: datetime | None = None
    topics: tuple[str, ...] = ()
    idle_since: datetime | None = None
    visitor_id: int | None = field(default=None, compare=False)
    entry_hash: str | None = field(default=None, compare=False)
    stored_bytes: int = field(default=0, compare=False)
    status_revision: int = field(default=0, compare=False)
    is_template: bool = field(default=False, compare=False)
    link_id: int | None = field(default=None, compare=False)
    anonymous: bool = False
    neutral_path: str = ""

    @property
    def path(self) -> str:
        """The address of the project's page on this site."""
        return self.neutral_path or f"/{self.owner}/{self.name}"

    def address(self, *parts: str) -> str:
        """The address of a place below the project's page, such as `address("blob", "main", "a b.txt")`."""
        steps = (quote(part.encode(errors="surrogateescape"), safe="/") for part in parts if part)
        return "/".join((self.path, *steps))

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def can_write(self) -> bool:
        """Whether the caller may change files."""
        return has_role(self.role, "writer")

    @property
    def can_maintain(self) -> bool:
        """Whether the caller may change the settings, and the people who do not own the project."""
        return has_role(self.role, "maintainer")

    @property
    def is_owner(self) -> bool:
        """Whether the caller may decide who sees the project, who owns it and whether it is there."""
        return self.role == "owner"


def project_for(account: Account | None, owner: str, name: str, role: str = "reader") -> ProjectAccess:
    """The project at `owner/name`, in any case, for a caller who needs this role; nothing is written.

    Both names may be earlier ones, as long as no project is called so now.

    Raises:
        Moved: a page, file or call is read by an earlier name.
        ProjectNotFound: it does not exist, is in the trash, or is none of the caller's business.
        SignInRequired: nobody is signed in, and the role needs somebody.
        RoleTooLow: the caller may see it, but this needs a higher role.
    """
    if not NAME.fullmatch(owner) or not NAME.fullmatch(name):
        raise ProjectNotFound
    visitor: dict[str, object] = {"visitor_id": account.id if account else None}
    names = {"owner": owner.casefold(), "name": name.casefold()}
    row = _BY_NAME.read_row(visitor | names)
    found = FoundProject(*row) if row else None
    moved = None if found else _find_moved(owner, name, visitor)
    access = admit(found or moved, account, role, link_id=_link_shown(found or moved, account))
    if moved:
        redirect_reader(owner=access.owner, project=access.name)
    return access


def recheck(session: Session, project_id: int, account: Account | None, role: str) -> int:
    """The same check once more, inside the transaction that makes the change; the id of the account that owns it.

    Raises:
        ProjectNotFound, SignInRequired, RoleTooLow: as `project_for`.
        AccountSuspended, AccountNotFound: since the caller was let in.
    """
    if account is not None:
        read_account(session, account.id)
    found = _one(session, _BY_ID, {"visitor_id": account.id if account else None, "project_id": project_id})
    if found is None:
        raise ProjectNotFound
    admit(found, account, role)
    return found.owner_id


def read_linked_project(session: Session, project_id: int) -> ProjectAccess:
    """The project that a link belongs to, as somebody without a part in it; whether the link lives is asked elsewhere.

    Raises:
        ProjectNotFound: it is in the trash, or its owner is suspended.
    """
    query = _MINE.where(Project.id == project_id, User.suspended_at.is_(None))
    found = _one(session, query, {"visitor_id": None})
    if found is None:
        raise ProjectNotFound
    return _access(found, None, None, None)


def role_in(session: Session, account: Account | None, project: Project) -> str | None:
    """What this person is in the project; None for somebody without a part in it, or with a token for another one."""
    if account is None:
        return None
    if project.owner_id == account.id:
        return _role(account, project, None)
    own = session.get(Member, (project.id, account.id))
    through = read_group_role(session, project.owner_id, account.id)
    return _role(account, project, highest_role(own.role if own else None, *through))


_MINE = (
    select(*COLUMNS)
    .join(User, User.id == Project.owner_id)
    .join(Repository, Repository.id == Project.repository_id)
    .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == bindparam("visitor_id", type_=Integer)))
    .outerjoin(GroupMember, joins_group(Project.owner_id, bindparam("visitor_id", type_=Integer)))
    .where(Project.trashed_at.is_(None))
)
_BY_ID = _MINE.where(Project.id == bindparam("project_id"))
_BY_NAME = PreparedSelect(_MINE.where(User.name_key == bindparam("owner"), Project.name_key == bindparam("name")))


def _one(session: Session | Connection, query: Executable, parameters: Mapping[str, object]) -> FoundProject | None:
    row = session.execute(query, parameters).one_or_none()
    return FoundProject(*row) if row else None


def admit(
    found: FoundProject | None, account: Account | None, needed: str, *, link_id: int | None = None
) -> ProjectAccess:
    """The project that was found for this caller, who needs the role; `link_id` is a living link that lets them look.

    Raises:
        ProjectNotFound, SignInRequired, RoleTooLow: as `project_for`.
        GroupSuspended, FactorNeeded: the caller's role in the group that owns it does not count now.
    """
    if found is None:
        raise ProjectNotFound
    role = _role(account, found, found.role)
    is_hidden = role is None and link_id is None and found.visibility != "public"
    if found.group_suspended and _role(account, found, "reader") and (is_hidden or not _suffices(role, needed)):
        raise GroupSuspended(found.owner)
    if is_hidden:
        raise ProjectNotFound
    access = _access(found, account, role, link_id)
    if found.lacks_factor and not _suffices(role, needed):
        raise FactorNeeded(found.owner)
    _refuse_low_role(access, account, needed)
    return access


def _find_moved(owner: str, name: str, visitor: Mapping[str, object]) -> FoundProject | None:
    """The project that had this address before."""
    with read_rows() as connection:
        return _one(connection, _MINE.where(leads_to(owner, name)).limit(1), visitor)


def _link_shown(found: FoundProject | None, account: Account | None) -> int | None:
    """The link by which the request may look at a private project that the caller has no part in."""
    if found is None or found.visibility == "public" or _role(account, found, found.role):
        return None
    return find_shown_link(found.id)


def _access(found: FoundProject, account: Account | None, role: str | None, link_id: int | None) -> ProjectAccess:
    return replace(
        access_of(found, found.owner, role, found.default_branch),
        link_id=link_id,
        idle_since=idle_since(found.archived_at, found.last_access_at),
        visitor_id=account.id if account else None,
        entry_hash=found.entry_hash,
        stored_bytes=found.stored_bytes,
        status_revision=found.status_revision,
        is_template=found.is_template,
    )


def _role(account: Account | None, project: Project | FoundProject, given: str | None) -> str | None:
    if account is None or account.confined_to not in {None, project.repository_id}:
        return None
    if project.owner_id == account.id:
        return "owner"
    return given if account.takes_part else None


def _refuse_low_role(access: ProjectAccess, account: Account | None, needed: str) -> None:
    if _suffices(access.role, needed):
        return
    if account is None:
        raise SignInRequired(f"Sign in to change {access.full_name}.")
    wanted = "an owner" if needed == "owner" else f"a {needed}"
    raise RoleTooLow(f"You may look at {access.full_name}, but this needs {wanted}. Ask an owner to make you one.")


def _suffices(role: str | None, needed: str) -> bool:
    """For what anyone may do who sees the project, or what the role is enough for."""
    return needed == "reader" or has_role(role, needed)


def has_role(role: str | None, needed: str) -> bool:
    """Whether a role is at least another; one that this release does not know may read, and no more."""
    known = ROLES.index(role) if role in ROLES else 0
    return role is not None and known >= ROLES.index(needed)


def access_of(project: Project | FoundProject, owner: str, role: str | None, default_branch: str) -> ProjectAccess:
    """The frozen copy of a row, for somebody with this role."""
    return ProjectAccess(
        id=project.id,
        owner=owner,
        name=project.name,
        description=project.description,
        visibility=project.visibility,
        repository_id=project.repository_id,
        role=role,
        created_at=project.created_at,
        updated_at=project.updated_at,
        default_branch=default_branch,
        trashed_at=project.trashed_at,
        public_at=project.public_at if role else None,
        topics=tuple((project.topics or "").split()),
    )
