"""Addresses that projects had before: they lead to the same project, as long as its owner uses them for no other."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, delete, select, union
from sqlalchemy.orm import Session

from framework.accounts.core.former_names import select_former_holder
from framework.accounts.models import User
from framework.projects.models import FormerProjectName, Project


def leads_to(owner: str, name: str) -> ColumnElement[bool]:
    """Which project `owner/name` led to, where either or both were renamed since; each step has its index."""
    owner, name = owner.casefold(), name.casefold()
    owners = union(select(User.id).where(User.name_key == owner), select_former_holder(owner))
    named = select(Project.id).where(Project.owner_id.in_(owners), Project.name_key == name)
    moved = select(FormerProjectName.project_id).where(
        FormerProjectName.owner_id.in_(owners), FormerProjectName.name_key == name
    )
    return Project.id.in_(union(named, moved))


def keep_former_address(session: Session, project: Project) -> None:
    """Have the project's present owner and name lead to it from now on; whoever calls this changes one of them."""
    session.merge(FormerProjectName(owner_id=project.owner_id, name_key=project.name_key, project_id=project.id))


def former_project(session: Session, owner_id: int, name: str) -> Project | None:
    """The project that this owner's name led to before."""
    former = session.get(FormerProjectName, (owner_id, name.casefold()))
    return None if former is None else session.get_one(Project, former.project_id)


def release_former_address(session: Session, owner_id: int, name: str) -> None:
    """Let the name lead to its earlier project no longer, since a project has it now."""
    session.execute(
        delete(FormerProjectName).where(
            FormerProjectName.owner_id == owner_id, FormerProjectName.name_key == name.casefold()
        )
    )


def former_project_names(session: Session, project: Project) -> list[str]:
    """The names that the project had before below its present owner, case-folded, in alphabetical order."""
    query = select(FormerProjectName.name_key).where(
        FormerProjectName.project_id == project.id, FormerProjectName.owner_id == project.owner_id
    )
    return list(session.scalars(query.order_by(FormerProjectName.name_key)))


def select_moved_from(owner_id: int) -> Select[int]:
    """The projects of others to which addresses below this owner lead: their journals tell of it."""
    mine = select(FormerProjectName.project_id).where(FormerProjectName.owner_id == owner_id)
    return mine.join(Project, Project.id == FormerProjectName.project_id).where(Project.owner_id != owner_id).distinct()


def former_owners(session: Session, project: Project) -> list[tuple[User, list[str]]]:
    """To whom the project belonged before, by name, and the names, case-folded, that it had there."""
    query = (
        select(User, FormerProjectName.name_key)
        .join(User, User.id == FormerProjectName.owner_id)
        .where(FormerProjectName.project_id == project.id, FormerProjectName.owner_id != project.owner_id)
        .where(User.deleted_at.is_(None))
        .order_by(User.name_key, FormerProjectName.name_key)
    )
    names: dict[User, list[str]] = {}
    for owner, name in session.execute(query):
        names.setdefault(owner, []).append(name)
    return list(names.items())


def recall_former_addresses(session: Session, project: Project, owner_id: int, names: Sequence[str]) -> None:
    """Have these names below an owner lead to the project, too, as far as they lead nowhere."""
    for name in names:
        owned = select(Project.id).where(Project.owner_id == owner_id, Project.name_key == name)
        if session.scalar(owned) is None and former_project(session, owner_id, name) is None:
            session.add(FormerProjectName(owner_id=owner_id, name_key=name, project_id=project.id))
    session.flush()
