"""Creating projects, changing what they are, putting them into the trash and taking them out again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, recheck_administrator
from framework.accounts.lifecycle.signup import refuse_unconfirmed
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Forbidden
from framework.projects.branches.operations import set_default_branch
from framework.projects.core import addresses, validation
from framework.projects.core.access import ProjectAccess, ProjectNotFound, access_of, recheck, role_in
from framework.projects.core.creators import find_creating_owner
from framework.projects.core.description import describe
from framework.projects.core.groups import owns_account
from framework.projects.lifecycle.embargo import clear_embargo
from framework.projects.members import quota
from framework.projects.members.admission import PrivateRoom
from framework.projects.models import Project
from framework.projects.notify.activity import record
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.creation import change_about, create_repository

InTransaction = Callable[[Session, ProjectAccess], None]


class ProjectNameTaken(Conflict):
    """The owner has a project of this name, perhaps in another case or in the trash."""

    field = "name"


class OwnerDeleted(Conflict):
    """The owner of a project in the trash has no account any more."""

    def __init__(self, full_name: str) -> None:
        super().__init__(
            "The owner's account was deleted. Whoever runs this server can give the project to somebody else: "
            f"`flask projects restore {full_name} --to NAME`."
        )


class TokenConfined(Forbidden):
    """A token for one project is used to make another one."""

    def __init__(self) -> None:
        super().__init__(
            "This token is for one project only. Use one for all projects, made under Access tokens in settings."
        )


def create_project(
    account: Account,
    *,
    name: str,
    description: str,
    visibility: str,
    owner: str = "",
    asked_by: Account | None = None,
    in_transaction: InTransaction = do_nothing,
) -> ProjectAccess:
    """A new, empty project; the object store is not asked. `in_transaction` runs last in its transaction.

    `owner` is the caller, or a group in which they may create projects; empty for the caller. `asked_by` is who did it
    in the caller's name, and is told as its maker; None for the caller.

    Raises:
        InvalidProjectName, InvalidDescription, InvalidVisibility: a rule is broken.
        ProjectNameTaken: the owner has one of this name.
        TokenConfined: the caller acts by a token for one project.
        AddressUnconfirmed: `SIGNUP` is for certain addresses, and theirs is not confirmed.
        TooManyPrivateProjects: it is private, and the plan has no room for one.
        OwnerUnknown, NoMember: the caller can create no projects there.
    """
    if account.confined_to:
        raise TokenConfined
    validation.project_name(name)
    project = Project(
        description=validation.description(description),
        visibility=validation.visibility(visibility),
        created_at=now(),
    )
    with unique_name(name), transaction() as session:
        refuse_unconfirmed(session, account.id)
        holder = find_creating_owner(session, account, owner)
        project.owner_id = holder.id
        if project.visibility == "private":
            quota.admit_private_project(session, holder.id)
        _take_name(session, project, name, actor=account)
        project.repository_id = create_repository(session, describe(session, project))
        session.add(project)
        session.flush()
        record(session, project.id, actor=asked_by or account, kind="created")
        created = access_of(project, holder.name, role_in(session, account, project), "main")
        in_transaction(session, created)
    return created


def check_new_name(account: Account, name: str, *, owner: str = "") -> None:
    """Refuse a name under which this person could not create a project now, for themselves or in a group.

    Raises:
        InvalidProjectName, ProjectNameTaken, OwnerUnknown, NoMember: as `create_project` would.
    """
    validation.project_name(name)
    with read_transaction() as session:
        _refuse_taken(session, Project(owner_id=find_creating_owner(session, account, owner).id), name)


def update_project(
    account: Account,
    project: ProjectAccess,
    *,
    name: str | None = None,
    description: str | None = None,
    visibility: str | None = None,
    topics: str | None = None,
    default_branch: str | None = None,
) -> str:
    """Other values of these, as a version of their own, all or none; the name to find the project under.

    What is not given stays as it is at that moment: perhaps another owner has just made the project private.

    Raises:
        InvalidProjectName, InvalidDescription, InvalidVisibility, InvalidTopics: a rule is broken.
        ProjectNameTaken: the owner has one of this name, or had, and somebody else asks for it.
        BranchAbsent: there is no such branch.
        TooManyPrivateProjects: it would be private, and the owner's plan has no room for one.
        RoleTooLow: the caller is no maintainer any more, or no owner and asks for another visibility.
        OwnerChanged: it was handed over at this moment, and would be private among the receiver's.
    """
    name = None if name in {None, project.name} else validation.project_name(name or "")
    given = {
        "description": None if description is None else validation.description(description),
        "visibility": None if visibility is None else validation.visibility(visibility),
        "topics": None if topics is None else validation.topics(topics),
    }

    room = PrivateRoom(project)

    def change(session: Session) -> dict[str, Any]:
        owner_id = recheck(session, project.id, account, "maintainer" if visibility is None else "owner")
        row = session.get_one(Project, project.id)
        if given["visibility"] == "private" != row.visibility:
            room.admit_private(session, owner_id)
        if name:
            _take_name(session, row, name, actor=account)
        if given["visibility"] not in {None, row.visibility}:
            told = audit.ToldProject(row.id, f"{session.get_one(User, row.owner_id).name}/{row.name}")
            audit.record(session, "visibility", actor=account, project=told, visibility=given["visibility"])
        for field, value in given.items():
            if value is not None:
                setattr(row, field, value)
        if given["visibility"] == "public":
            clear_embargo(row)
        if default_branch is not None:
            set_default_branch(session, project.repository_id, default_branch)
        record(session, row.id, actor=account, kind="settings")
        return describe(session, row)

    precheck = room.lock if given["visibility"] == "private" else do_nothing
    with unique_name(name or project.name):
        change_about(project.repository_id, change, actor=account.name, precheck=precheck)
    return name or project.name


def trash_project(account: Account, project: ProjectAccess) -> None:
    """Put the project into the trash: nobody finds it, nothing of it is deleted.

    Raises:
        RoleTooLow: the caller is no owner any more.
    """

    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, "owner")
        row = session.get_one(Project, project.id)
        row.trashed_at = now()
        record(session, row.id, actor=account, kind="trashed")
        return describe(session, row)

    change_about(project.repository_id, change, actor=account.name)


def restore_project(account: Account, project_id: int) -> str:
    """Take the project out of the trash, just as it was; the address of its page.

    Raises:
        ProjectNotFound: the caller has no such project in the trash.
    """
    with read_transaction() as session:
        project = _find_own_in_trash(session, account, project_id)
        path = f"/{session.get_one(User, project.owner_id).name}/{project.name}"

    def change(session: Session) -> dict[str, Any]:
        return _take_out(session, _find_own_in_trash(session, account, project_id), by=account)

    change_about(project.repository_id, change, actor=account.name)
    return path


def restore_for_owner(project_id: int, *, by: Account | None = None) -> str:
    """Take anybody's project out of the trash, as an administrator or the command line does; the project's full name.

    Raises:
        ProjectNotFound: no such project is in the trash.
        OwnerDeleted: nobody could find it.
        NotAdministrator: `by` is none any more.
    """
    with read_transaction() as session:
        project = _find_in_trash(session, project_id)

    def change(session: Session) -> dict[str, Any]:
        recheck_administrator(session, by)
        row = _find_in_trash(session, project_id)
        owner = session.get_one(User, row.owner_id)
        if owner.deleted_at is not None:
            raise OwnerDeleted(f"{owner.name}/{row.name}")
        return _take_out(session, row, by=by)

    change_about(project.repository_id, change, actor=by.name if by else SYSTEM_ACTOR)
    with read_transaction() as session:
        return f"{session.get_one(User, project.owner_id).name}/{project.name}"


def open_trashed_project(account: Account, project_id: int) -> ProjectAccess:
    """A project in the trash, for its owner.

    Raises:
        ProjectNotFound: the caller has no such project in the trash.
    """
    with read_transaction() as session:
        project = _find_own_in_trash(session, account, project_id)
        return access_of(project, session.get_one(User, project.owner_id).name, "owner", "main")


def _take_out(session: Session, row: Project, *, by: Account | None) -> dict[str, Any]:
    row.trashed_at = None
    if row.public_at and row.public_at <= now():  # the day has passed in the trash: an owner decides anew
        clear_embargo(row)
    record(session, row.id, actor=by, kind="restored")
    return describe(session, row)


def _find_own_in_trash(session: Session, account: Account, project_id: int) -> Project:
    project = _find_in_trash(session, project_id)
    if role_in(session, account, project) != "owner":
        raise ProjectNotFound
    return project


def _find_in_trash(session: Session, project_id: int) -> Project:
    project = session.get(Project, project_id)
    if project is None or project.trashed_at is None:
        raise ProjectNotFound
    return project


def _refuse_taken(session: Session, project: Project, name: str) -> None:
    query = select(Project).where(Project.owner_id == project.owner_id, Project.name_key == name.casefold())
    other = session.scalar(query.where(Project.id != project.id))
    if other is None:
        return
    where = " in the trash; restore it there" if other.trashed_at else ""
    raise ProjectNameTaken(f"There is a project named {other.name} already{where}. Please choose another name.")


def _take_name(session: Session, project: Project, name: str, *, actor: Account) -> None:
    """Call the project so; its present address leads to it from then on.

    An earlier name of another project is its owner's alone: else a co-owner's files would stand at its address.
    """
    _refuse_taken(session, project, name)
    if project.id is not None and name.casefold() != project.name_key:
        addresses.keep_former_address(session, project)
    other = addresses.former_project(session, project.owner_id, name)
    if other is not None and other.id != project.id and not owns_account(session, actor, project.owner_id):
        raise ProjectNameTaken(
            f"The name {name} leads to {other.name}, which was called so. Please choose another one."
        )
    if other is not None:
        addresses.release_former_address(session, project.owner_id, name)
    project.name, project.name_key = name, name.casefold()


@contextmanager
def unique_name(name: str) -> Iterator[None]:
    """Two projects that take one name in the same moment: the database lets one of them through."""
    try:
        yield
    except IntegrityError as error:
        raise ProjectNameTaken(f"The name {name} was taken a moment ago. Please choose another one.") from error
