"""What the journal tells of a project beside its files, so that it can be rebuilt from the object store alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.former_names import former_names
from framework.accounts.models import User
from framework.projects.core.addresses import former_project_names
from framework.projects.models import BranchRule, Member, Project


def describe(session: Session, project: Project) -> dict[str, Any]:
    """Owner, name, earlier ones, description, topics, visibility, members, branch rules, dates, in a fixed order.

    `public_at` is there only where a date is set, so that the facts of all other projects are what they were.
    """
    owner = session.get_one(User, project.owner_id)
    return {
        "branch_rules": _branch_rules(session, project),
        "created_at": _moment(project.created_at),
        "description": project.description,
        "former_names": former_project_names(session, project),
        "members": _members(session, project),
        "name": project.name,
        "owner": {"email": owner.email, "name": owner.name},
        "owner_former_names": former_names(session, owner.id),
        **({"public_at": _moment(project.public_at)} if project.public_at else {}),
        "topics": project.topics or "",
        "trashed_at": _moment(project.trashed_at),
        "visibility": project.visibility,
    }


def _members(session: Session, project: Project) -> list[dict[str, str]]:
    query = (
        select(User.name, User.email, Member.role)
        .join(Member, Member.user_id == User.id)
        .where(Member.project_id == project.id)
        .order_by(User.name_key)
    )
    return [{"email": email, "name": name, "role": role} for name, email, role in session.execute(query)]


def _branch_rules(session: Session, project: Project) -> list[dict[str, Any]]:
    query = select(BranchRule).where(BranchRule.project_id == project.id).order_by(BranchRule.pattern)
    return [
        {"deletion": rule.deletion, "force_push": rule.force_push, "pattern": rule.pattern}
        for rule in session.scalars(query)
    ]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
