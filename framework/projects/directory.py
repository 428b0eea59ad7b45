"""All projects by their full names, for whoever runs this server; nobody's rights are asked."""

from dataclasses import dataclass

from sqlalchemy import Select, select

from framework.accounts.models import User
from framework.database.session import reading
from framework.errors import NotFound
from framework.projects.models import Project


class NoSuchProject(NotFound):
    """The server has no project of this name, not even in the trash."""


@dataclass(frozen=True)
class Listed:
    """A project's full name (`owner/name`), its repository, and its own number."""

    full_name: str
    repository_id: str
    id: int


def every_project() -> list[Listed]:
    """All projects, those in the trash too, by name."""
    with reading() as session:
        rows = session.execute(_projects().order_by(User.name_key, Project.name_key)).all()
    return [Listed(f"{owner}/{name}", repository_id, number) for owner, name, repository_id, number in rows]


def project_named(full_name: str) -> Listed:
    """The project of this full name, in any case.

    Raises:
        NoSuchProject: there is none.
    """
    owner, _slash, name = full_name.casefold().partition("/")
    with reading() as session:
        row = session.execute(_projects().where(User.name_key == owner, Project.name_key == name)).one_or_none()
    if row is None:
        raise NoSuchProject(f"There is no project {full_name}. Give it as OWNER/PROJECT, as in its address.")
    return Listed(f"{row[0]}/{row[1]}", row[2], row[3])


def _projects() -> Select[str, str, str, int]:
    return select(User.name, Project.name, Project.repository_id, Project.id).join(Project, Project.owner_id == User.id)
