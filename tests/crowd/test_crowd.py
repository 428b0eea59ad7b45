"""Thirty-two writers on one branch, by form, API and git, in three processes: everybody lands, and nobody twice.

Each of them writes ten times. With CROWD_WAIT_SECONDS=20 they have the patience of production; `-s` shows what was
measured.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.repositories.maintenance.verification import verify
from tests.api.conftest import program
from tests.api.program import Program
from tests.cast import on_each_deployment
from tests.crowd.writers import ApiWriter, FormWriter, GitWriter, Writer
from tests.githttp.client import Person
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.application.workers import worker
from tests.servers.run import Run

__all__ = ["program"]
PROCESSES, THREADS = 3, 16
FORMS, PROGRAMS, CLONES = 14, 14, 4
ROUNDS = 10


@pytest.fixture
def server(run: Run, settings: Config) -> Iterator[LiveServer]:
    """The application under gunicorn with three processes, and a worker that consolidates packs meanwhile."""
    environment = deployments.environment(settings)
    given = {name: text for name, text in environment.items() if name not in {"BASE_URL", "PORT"}}
    given["LONGEST_WAIT_SECONDS"] = os.environ.get("CROWD_WAIT_SECONDS", "3000")  # however busy the machine is
    with worker(run, settings), gunicorn(run, given, workers=PROCESSES, threads=THREADS) as made:
        yield made


@pytest.fixture
def token(alice: Account) -> str:
    """A token of Alice's that may write."""
    return create_token(alice.id, "crowd", ["write"])


@pytest.fixture
def crowd(program: Program, server: LiveServer, secret: ProjectAccess, token: str, tmp_path: Path) -> list[Writer]:
    """The writers, each signed in or with a clone of the project, which has one commit."""
    program.commit(secret.full_name, {"op": "put", "path": "start", "content": "start"}, message="start")
    where = (server.url, secret.full_name)
    forms = [FormWriter(f"form-{number}", *where) for number in range(FORMS)]
    programs = [ApiWriter(f"program-{number}", *where, token=token) for number in range(PROGRAMS)]
    people = [_person(tmp_path, f"clone-{number}", server.url, token) for number in range(CLONES)]
    clones = [GitWriter(f"clone-{number}", *where, person=person) for number, person in enumerate(people)]
    for form in forms:
        form.sign_in()
    for clone in clones:
        clone.clone()
    return [*forms, *programs, *clones]


@pytest.mark.long
@pytest.mark.timeout(0)
@on_each_deployment
def test_a_crowd_lands_and_nobody_twice(
    crowd: list[Writer], secret: ProjectAccess, token: str, tmp_path: Path, deployment: str
) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(len(crowd)) as pool:
        for done in [pool.submit(writer.write, ROUNDS) for writer in crowd]:
            done.result()
    _tell(crowd, deployment, time.monotonic() - began)
    acknowledged = [title for writer in crowd for title in writer.acknowledged]
    assert len(acknowledged) == len(crowd) * ROUNDS
    clone = _person(tmp_path, "all", crowd[0].url, token).clone(secret.full_name, "all")
    assert Counter(clone.git("log", "--format=%s", "origin/main").stdout.split()) == Counter(["start", *acknowledged])
    assert sorted(clone.git("ls-tree", "--name-only", "HEAD").stdout.split()) == sorted(["start", *acknowledged])
    for title in acknowledged:
        assert (clone.folder / title).read_text() == title
    assert verify(secret.repository_id).faults == ()


def _person(folder: Path, name: str, url: str, token: str) -> Person:
    home = folder / f"home-{name}"
    home.mkdir()
    return Person("alice", home, url, token)


def _tell(crowd: list[Writer], deployment: str, seconds: float) -> None:
    """The figures, for whoever wants to see them."""
    count, refused = len(crowd) * ROUNDS, sum(writer.refused for writer in crowd)
    figures = {"deployment": deployment, "writers": len(crowd), "changes": count, "pushes refused": refused}
    told = json.dumps({**figures, "seconds": round(seconds), "changes a second": round(count / seconds, 1)})
    print(told)  # noqa: T201
