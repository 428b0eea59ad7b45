"""What `flask shell` has at hand: the tables, a session, people, projects and versions; in IPython where it is."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

from flask import Flask
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from framework import rooms
from framework.accounts.lifecycle.operations import find_user
from framework.accounts.models import User
from framework.database.engine import engine
from framework.database.types import Base
from framework.projects.core.directory import find_project
from framework.projects.models import Project
from framework.repositories.models import Version

Row = TypeVar("Row", bound=Base)
SHOWN = 10
BANNER = "session and select; people, projects, versions, such as people['ann'] or versions['ann/notes']; every model."


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """All rows of a table, or by a name what belongs to it."""

    session: Session
    query: Select[Row]
    find: Callable[[Session, str], Any]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.session.scalars(self.query).all())

    def __len__(self) -> int:
        return self.session.scalar(select(func.count()).select_from(self.query.subquery())) or 0

    def __getitem__(self, name: str) -> Any:
        return self.find(self.session, name)

    def __repr__(self) -> str:
        names = [str(getattr(row, "name", None) or row) for row in self.session.scalars(self.query.limit(SHOWN))]
        return f"{len(self)}: {', '.join(names)}{', …' if len(self) > SHOWN else ''}"


def register(app: Flask) -> None:
    """Give the shell of this application its names, and a better prompt than Python's where one is installed."""

    @app.shell_context_processor
    def names() -> dict[str, Any]:
        found = shell_names()
        if find_spec("IPython"):
            sys.__interactivehook__ = partial(_run_ipython, {"app": app, **found})
        return found


def shell_names() -> dict[str, Any]:
    """The names by which a shell finds everything."""
    rooms.load_models()
    session = _session()
    return {
        **{mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers},
        "select": select,
        "session": session,
        "people": Rows(session, select(User).order_by(User.name_key), find_user),
        "projects": Rows(session, select(Project).order_by(Project.owner_id, Project.name_key), _project),
        "versions": Rows(session, select(Version).order_by(Version.created_at.desc()), _versions),
    }


def _session() -> Session:
    """One that holds no transaction of PostgreSQL's while somebody thinks: migrations would wait for it."""
    made = engine()
    if made.dialect.name == "postgresql":
        made = made.execution_options(isolation_level="AUTOCOMMIT")
    return Session(made)


def _project(session: Session, full_name: str) -> Project:
    return session.get_one(Project, find_project(full_name).id)


def _versions(session: Session, full_name: str) -> list[Version]:
    repository_id = find_project(full_name).repository_id
    query = select(Version).where(Version.repository_id == repository_id)
    return list(session.scalars(query.order_by(Version.epoch.desc(), Version.version.desc())))


def _run_ipython(names: dict[str, Any]) -> None:
    """Take the place of the prompt that Flask starts next."""
    ipython = import_module("IPython")  # no requirement: it is used where somebody has installed it
    ipython.start_ipython(argv=["--no-confirm-exit", f"--TerminalInteractiveShell.banner2={BANNER}\n"], user_ns=names)
    raise SystemExit
