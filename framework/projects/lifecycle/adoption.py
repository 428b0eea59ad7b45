"""Projects brought in line with what the journal tells of them after the database was lost or restored."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core import addresses
from framework.accounts.core.account import GROUP
from framework.accounts.core.former_names import recall_former_names
from framework.accounts.lifecycle.recovery import recover_account
from framework.accounts.lifecycle.recovery_of_groups import recover_group
from framework.accounts.models import User
from framework.database.types import now
from framework.projects.core.addresses import recall_former_addresses, release_former_address
from framework.projects.core.description import describe, recorded_group, recorded_members
from framework.projects.core.groups import list_project_owners, refresh_teller
from framework.projects.core.validation import NAME_LENGTH
from framework.projects.models import BranchRule, FormerProjectName, Member, Project
from framework.projects.notify import emails


def restore_recorded_project(session: Session, repository_id: str, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Give the repository's project what the journal tells: name, description, visibility, trash, people, branch rules.

    A project that the database does not know comes back private, whatever it was, and one that is private stays so: its
    owner can make it public. One that was deleted for good does not come back, and a row of it goes. The owner of a
    known project stays. What the journal does not say, since an entry is lost, is as it is for a new project.
    """
    project = session.scalar(select(Project).where(Project.repository_id == repository_id))
    if recorded.get("deleted_at"):
        if project:
            session.delete(project)
            session.flush()
        return dict(recorded)
    if project is None:
        project = _new_project(session, repository_id, recorded)
    elif recorded.get("visibility") == "private":
        project.visibility = "private"
    _rename(session, project, recorded["name"])
    project.description, project.trashed_at = recorded.get("description", ""), _moment(recorded.get("trashed_at"))
    project.topics = recorded.get("topics", "")
    project.public_at = _embargo_to_keep(session, project.owner_id, recorded.get("public_at"))
    project.public_told_days = None
    session.add(project)
    session.flush()
    _restore_members(session, project, recorded_members(recorded))
    _protect(session, project, recorded.get("branch_rules", []))
    recall_former_addresses(session, project, project.owner_id, recorded.get("former_names", []))
    for told in recorded.get("former_addresses", []):
        _recall_former_owner(session, project, told)
    if project.owner_id == _recover_owner(session, recorded):
        recall_former_names(session, project.owner_id, recorded.get("owner_former_names", []))
    refresh_teller(session, project.owner_id)  # the oldest may be another one than the one that has told of everyone
    return describe(session, project)


def tell_of_recovery(
    session: Session, repository_id: str, refs: Sequence[str], decided: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Mail the owners of the repository's project which branches and tags hold what another database wrote.

    Where somebody had made the project private there, it is private: what was pushed since was meant to be.
    """
    project = session.scalars(select(Project).where(Project.repository_id == repository_id)).one_or_none()
    if project is None:
        return None
    if any(recorded.get("visibility") == "private" for recorded in decided):
        project.visibility = "private"
        session.flush()
    owner = session.get_one(User, project.owner_id)
    for user in list_project_owners(session, project):
        emails.mail_recovered(session, user, full_name=f"{owner.name}/{project.name}", refs=refs)
    return describe(session, project)


def _new_project(session: Session, repository_id: str, recorded: Mapping[str, Any]) -> Project:
    return Project(
        owner_id=_recover_owner(session, recorded),
        repository_id=repository_id,
        visibility="private",
        created_at=_moment(recorded.get("created_at")) or now(),
    )


def _recover_owner(session: Session, recorded: Mapping[str, Any]) -> int:
    """The account that owns the project: a person, or a group with the people that are told."""
    if group := recorded_group(recorded):
        return recover_group(session, **recorded["owner"], group=group)
    return recover_account(session, **recorded["owner"])


def _recall_former_owner(session: Session, project: Project, told: Mapping[str, Any]) -> None:
    """Have the address lead here that the project had with another owner, who comes back for it, too.

    A group that owns nothing any more comes back without people: its name leads on, and nobody else can take it.
    """
    owner = told["owner"]
    if owner["kind"] == GROUP:
        nobody = {"people": [], "is_whole": False}
        owner_id = recover_group(session, name=owner["name"], email=owner["email"], group=nobody)
    else:
        owner_id = recover_account(session, name=owner["name"], email=owner["email"])
    if owner_id != project.owner_id:
        recall_former_addresses(session, project, owner_id, told["names"])
        recall_former_names(session, owner_id, told["owner_former_names"])


def free_name(session: Session, project: Project, *, owner_id: int) -> str:
    """The project's name for this owner, with a number behind it when another of their projects has or had it."""
    former = select(FormerProjectName.name_key).where(FormerProjectName.owner_id == owner_id)
    with session.no_autoflush:
        had = set(session.scalars(former.where(FormerProjectName.project_id != project.id)))
    return _free_name(session, project, owner_id=owner_id, taken=had)


def _free_name(session: Session, project: Project, *, owner_id: int, taken: set[str]) -> str:
    others = Project.repository_id != project.repository_id
    with session.no_autoflush:
        taken = taken | set(session.scalars(select(Project.name_key).where(Project.owner_id == owner_id, others)))
    name, number = project.name, 1
    while name.casefold() in taken:
        number += 1
        name = f"{project.name[: NAME_LENGTH - len(str(number)) - 1]}-{number}"
    return name


def _rename(session: Session, project: Project, wanted: str) -> None:
    """A name that a project has counts for more than that another one had it: the journal of that may be older."""
    project.name = wanted
    project.name = _free_name(session, project, owner_id=project.owner_id, taken=set())
    project.name_key = project.name.casefold()
    with session.no_autoflush:
        release_former_address(session, project.owner_id, project.name)


def _restore_members(session: Session, project: Project, recorded: Sequence[Mapping[str, str]]) -> None:
    roles = {recover_account(session, name=one["name"], email=one["email"]): one["role"] for one in recorded}
    roles.pop(project.owner_id, None)
    for member in session.scalars(select(Member).where(Member.project_id == project.id)).all():
        if member.user_id not in roles:
            session.delete(member)
    for user_id, role in roles.items():
        session.merge(Member(project_id=project.id, user_id=user_id, role=role))
    session.flush()


def _protect(session: Session, project: Project, recorded: Sequence[Mapping[str, Any]]) -> None:
    session.execute(delete(BranchRule).where(BranchRule.project_id == project.id))
    for rule in recorded:
        session.add(BranchRule(project_id=project.id, **rule))
    session.flush()


def _embargo_to_keep(session: Session, owner_id: int, text: str | None) -> datetime | None:
    """A day on which the project turns public, if its owner will hear of it first; else owners decide anew."""
    moment = _moment(text)
    is_told = addresses.find_confirmed_address(session.get_one(User, owner_id)) is not None
    return moment if moment and is_told and moment > now() + timedelta(days=8) else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
