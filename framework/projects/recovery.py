"""Projects brought in line with what the log tells of them after the database was lost or restored from a backup."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.recovery import recovered_account
from framework.database.types import now
from framework.projects.about import describe
from framework.projects.models import BranchRule, Member, Project
from framework.projects.rules import NAME_LENGTH


def adopt(session: Session, repository_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Give the repository's project what the log tells: name, description, visibility, trash, people, branch rules.

    A project that the database does not know comes back private, whatever it was: its owner can make it public. One
    that was deleted for good does not come back, and a row of it goes. The owner of a known project stays.
    """
    project = session.scalar(select(Project).where(Project.repository_id == repository_id))
    if told.get("deleted_at"):
        if project:
            session.delete(project)
            session.flush()
        return dict(told)
    if project is None:
        project = _new_project(session, repository_id, told)
    else:
        project.visibility = told["visibility"]
    _rename(session, project, told["name"])
    project.description, project.trashed_at = told["description"], _moment(told["trashed_at"])
    project.topics = told.get("topics", "")
    session.add(project)
    session.flush()
    _seat(session, project, told["members"])
    _protect(session, project, told.get("branch_rules", []))
    return describe(session, project)


def _new_project(session: Session, repository_id: str, told: Mapping[str, Any]) -> Project:
    return Project(
        owner_id=recovered_account(session, **told["owner"]),
        repository_id=repository_id,
        visibility="private",
        created_at=_moment(told["created_at"]) or now(),
    )


def _rename(session: Session, project: Project, wanted: str) -> None:
    """Take the name, with a number behind it when another of the owner's projects has it meanwhile."""
    with session.no_autoflush:
        others = Project.repository_id != project.repository_id
        taken = set(session.scalars(select(Project.name_key).where(Project.owner_id == project.owner_id, others)))
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted[: NAME_LENGTH - len(str(number)) - 1]}-{number}"
    project.name, project.name_key = name, name.casefold()


def _seat(session: Session, project: Project, told: Sequence[Mapping[str, str]]) -> None:
    roles = {recovered_account(session, name=one["name"], email=one["email"]): one["role"] for one in told}
    roles.pop(project.owner_id, None)
    for member in session.scalars(select(Member).where(Member.project_id == project.id)).all():
        if member.user_id not in roles:
            session.delete(member)
    for user_id, role in roles.items():
        session.merge(Member(project_id=project.id, user_id=user_id, role=role))
    session.flush()


def _protect(session: Session, project: Project, told: Sequence[Mapping[str, Any]]) -> None:
    session.execute(delete(BranchRule).where(BranchRule.project_id == project.id))
    for rule in told:
        session.add(BranchRule(project_id=project.id, **rule))
    session.flush()


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
