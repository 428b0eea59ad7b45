"""What the journal tells of a project beside its files, so that it can be rebuilt from the object store alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select, true
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP
from framework.accounts.core.former_names import former_names
from framework.accounts.models import GroupMember, User
from framework.projects.core.addresses import former_owners, former_project_names
from framework.projects.core.groups import OWNER, find_teller
from framework.projects.models import BranchRule, Member, Project

MEMBER = "member:"
"""How the fact about a member begins; their name follows."""
GROUP_MEMBER = "group_member:"
"""The same about somebody in the group that owns the project."""


def describe(session: Session, project: Project, *, without: int | None = None) -> dict[str, Any]:
    """Owner, name, earlier ones, description, topics, visibility, members, branch rules, dates, in a fixed order.

    To a project that is being made nothing belongs yet, and nothing is looked for.

    Each member is a fact of their own, so that a version which changes one of a thousand tells of one. `public_at` is
    there only where a date is set, `group` where a group owns the project, and `former_addresses` where it had another
    owner before, so that the facts of all other projects are what they were. Each project of a group tells of its
    owners, and the oldest that has a version of everyone; `without` is a project that is about to go, which is not
    counted any more.
    """
    owner, is_made = session.get_one(User, project.owner_id), inspect(project).has_identity
    return {
        "branch_rules": _branch_rules(session, project) if is_made else [],
        "created_at": _moment(project.created_at),
        "description": project.description,
        **(_former_addresses(session, project) if is_made else {}),
        "former_names": former_project_names(session, project) if is_made else [],
        **(_group(session, project, owner, without=without) if owner.kind == GROUP else {}),
        **(_members(session, project) if is_made else {}),
        "name": project.name,
        "owner": {"email": owner.email, "name": owner.name},
        "owner_former_names": former_names(session, owner.id),
        **({"public_at": _moment(project.public_at)} if project.public_at else {}),
        "topics": project.topics or "",
        "trashed_at": _moment(project.trashed_at),
        "visibility": project.visibility,
    }


def recorded_members(recorded: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Name, address and role of each member of whom these facts tell; earlier releases tell of all in one list."""
    if "members" in recorded:
        return list(recorded["members"])
    return _recorded_people(recorded, MEMBER)


def recorded_group(recorded: Mapping[str, Any]) -> dict[str, Any] | None:
    """What these facts tell of the group that owns the project, with its `people`; None where a person owns it."""
    if not recorded.get("group"):
        return None
    return {**recorded["group"], "people": _recorded_people(recorded, GROUP_MEMBER)}


def _recorded_people(recorded: Mapping[str, Any], kind: str) -> list[Mapping[str, str]]:
    told = ((fact.removeprefix(kind), value) for fact, value in recorded.items() if fact.startswith(kind))
    return [{"name": name, **value} for name, value in told]


def _former_addresses(session: Session, project: Project) -> dict[str, Any]:
    told = [
        {
            "owner": {"email": owner.email, "kind": owner.kind, "name": owner.name},
            "owner_former_names": former_names(session, owner.id),
            "names": names,
        }
        for owner, names in former_owners(session, project)
    ]
    return {"former_addresses": told} if told else {}


def _members(session: Session, project: Project) -> dict[str, dict[str, str]]:
    query = (
        select(User.name, User.email, Member.role)
        .join(Member, Member.user_id == User.id)
        .where(Member.project_id == project.id)
        .order_by(User.name_key)
    )
    return {f"{MEMBER}{name}": {"email": email, "role": role} for name, email, role in session.execute(query)}


def _group(session: Session, project: Project, owner: User, *, without: int | None) -> dict[str, Any]:
    """The group that owns the project, and its people: all of them where it `is_whole`, else the owners alone."""
    teller = find_teller(session, owner.id, without=without)
    is_teller = teller is None or project.id is None or project.id <= teller
    query = (
        select(User.name, User.email, GroupMember.role)
        .join(GroupMember, GroupMember.user_id == User.id)
        .where(GroupMember.group_id == owner.id, true() if is_teller else GroupMember.role == OWNER)
        .order_by(User.name_key)
    )
    return {
        "group": {
            "changed_at": owner.people_changed_at.isoformat() if owner.people_changed_at else None,
            "is_whole": is_teller,
            "member_role": owner.member_role,
            **({"owners_need_factor": True} if owner.owners_need_factor else {}),
            "title": owner.full_name,
        },
        **{f"{GROUP_MEMBER}{name}": {"email": email, "role": role} for name, email, role in session.execute(query)},
    }


def _branch_rules(session: Session, project: Project) -> list[dict[str, Any]]:
    query = select(BranchRule).where(BranchRule.project_id == project.id).order_by(BranchRule.pattern)
    return [
        {"deletion": rule.deletion, "force_push": rule.force_push, "pattern": rule.pattern}
        for rule in session.scalars(query)
    ]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
