"""How long the server works on pages that list, with 100,000 projects in PostgreSQL: one process, warm."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient
from sqlalchemy import select

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.population import PROJECTS, fill
from framework.accounts.core import sessions
from framework.accounts.core.account import Account
from framework.accounts.core.sessions import Browser
from framework.accounts.models import User
from framework.accounts.signin.tokens import create_token
from framework.application import create_app
from framework.config import Config
from framework.database.session import read_transaction
from tests.servers.backends.postgres import postgres
from tests.servers.run import Run

TARGET_MILLISECONDS = 50
ROUNDS = 9
FIRST = "person-1"
"""Owns five hundred projects and takes part in as many; an administrator."""

PAGES = {
    "front page, a visitor": ("/", None),
    "front page, an owner of 500 projects": ("/", "page"),
    "explore": ("/explore", None),
    "explore, page 50": ("/explore?page=50", None),
    "explore, signed in": ("/explore", "page"),
    "explore, a word in few projects": ("/explore?q=climate", None),
    "explore, a word in no project": ("/explore?q=nothing-like-this", None),
    "an owner of 500 projects": (f"/{FIRST}", None),
    "an owner of 500 projects, page 5": (f"/{FIRST}?page=5", "page"),
    "another owner": ("/person-77", None),
    "the trash": ("/trash", "page"),
    "the inbox": ("/inbox", "page"),
    "an owner's storage": ("/settings/usage", "page"),
    "an owner's storage, page 5": ("/settings/usage?page=5", "page"),
    "a project's activity": ("/person-1/project-10/activity", "page"),
    "API: projects": ("/api/v1/projects", None),
    "API: projects, of an account": ("/api/v1/projects", "bearer"),
    "API: projects, page 50": ("/api/v1/projects?page=50", None),
    "API: a word in few projects": ("/api/v1/projects?q=climate", "bearer"),
    "API: projects of an owner": (f"/api/v1/projects?owner={FIRST}", "bearer"),
    "administrators: overview": ("/admin", "page"),
    "administrators: people": ("/admin/people", "page"),
    "administrators: people, page 20": ("/admin/people?page=20", "page"),
    "administrators: people, most storage first": ("/admin/people?order=largest", "page"),
    "administrators: projects, largest first": ("/admin/projects?order=largest", "page"),
    "administrators: a person in few": ("/admin/people?q=person-77", "page"),
    "administrators: the newest projects, page 20": ("/admin/projects?page=20", "page"),
    "administrators: projects of an owner": (f"/admin/projects?q={FIRST}/", "page"),
    "administrators: the trash": ("/admin/projects?state=trash", "page"),
    "administrators: storage": ("/admin/storage", "page"),
    "metrics": ("/metrics", "page"),
}


def tabulate() -> Table:
    """How long the server works on pages that list, with 100,000 projects in the database."""
    return show_figures("pages beside 100,000 projects and 1,000,000 versions", list(measure()))


def measure(projects: int = PROJECTS) -> Iterator[Figure]:
    """Every page, after one look at each."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", os.getpid())
        try:
            url = postgres(run).new_database()
            fill(url, projects)
            yield from _measure_pages(url, Path(folder) / "data")
        finally:
            run.end()


def _measure_pages(url: str, data: Path) -> Iterator[Figure]:
    """Every page of the application on this database."""
    app = create_app(Config.from_environment({"HOLDFAST_DATA": str(data), "DATABASE_URL": url}))
    client = app.test_client(use_cookies=False)
    entrances = entrances_of(client)
    for page, (path, entrance) in PAGES.items():
        headers = entrances[entrance]
        yield Figure.of_runs(page, _measure_page(client, path, headers), "ms", TARGET_MILLISECONDS)


def entrances_of(client: FlaskClient, person: str = FIRST) -> Mapping[str | None, Mapping[str, str]]:
    """The headers of a visitor, of the person's browser, and of their program."""
    with read_transaction() as session:
        account = Account.of(session.scalars(select(User).where(User.name == person)).one())
    live = sessions.begin_session(account, Browser("127.0.0.1", "bench"), remembered=False)
    token = create_token(account.id, "bench", ["read"])
    application = client.application
    signing = application.session_interface.get_signing_serializer(application)  # type: ignore[attr-defined]
    cookie = signing.dumps({"_user_id": live.secret, "_fresh": True})
    return {None: {}, "page": {"Cookie": f"session={cookie}"}, "bearer": {"Authorization": f"Bearer {token}"}}


def _measure_page(client: FlaskClient, path: str, headers: Mapping[str, str]) -> list[float]:
    spent = list[float]()
    for _round in range(ROUNDS + 1):
        begun = time.perf_counter()
        answer = client.get(path, headers=dict(headers))
        spent.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    return spent[1:]
