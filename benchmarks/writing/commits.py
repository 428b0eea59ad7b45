"""What a commit of one file costs by the API, however many files, refs or versions there are."""

import secrets
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.reading.pages import count_cpu_seconds
from benchmarks.report.figures import Comparison, Runs, cpu_ratio
from benchmarks.report.table import Table, show_comparisons
from benchmarks.setting.importing import import_repository
from framework import rooms
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.models import User
from framework.accounts.signin.tokens import create_token
from framework.application import create_app
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.database import schema
from framework.database.session import transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.projects.models import Member
from framework.projects.tasks import refresh_about
from framework.repositories import object_keys
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.storage.counting import requests
from framework.storage.current import ownership
from tests.servers.application import deployments

GOAL = 1.3
"""How much longer a commit may take than in the smallest project of its kind."""
FORMAT_LIMIT = (
    "Git's format sets the floor: a folder is one object, which a commit of anything below it reads and writes whole.\n"
    "Of 100,000 files here, the root holds 1,000 folders: an object of 40 kB."
)
ROUNDS = 25
FILES_IN_A_FOLDER = 100
CONSOLIDATED_AFTER = 50


@dataclass
class _Program:
    """Somebody who commits by the API."""

    app: Flask
    project: ProjectAccess
    headers: dict[str, str]
    number: int = 0

    def commit(self) -> None:
        """One small file of a name that is new."""
        self.number += 1
        put = {"op": "put", "path": f"new/{self.number % 10}.txt", "content": f"{self.number}\n"}
        body = {"branch": "main", "message": "A change", "operations": [put]}
        path = f"/api/v1/projects{self.project.path}/commits"
        answer = self.app.test_client().post(path, json=body, headers=self.headers)
        assert answer.status_code == 201, answer.text


def tabulate() -> Table:
    """What a commit of one file costs, however large the project is."""
    table = show_comparisons("a commit of one file by the API", list(measure()))
    return replace(table, lines=[*table.lines, FORMAT_LIMIT])


def measure() -> Iterator[Comparison]:
    """Each kind of many, from few to very many."""
    yield from _compare("{:,} files", (10, 1000, 100_000), lambda program, count: _import(program, files=count))
    yield from _compare("{:,} branches", (1, 1000, 10_000), lambda program, count: _import(program, branches=count))
    yield from _compare("{:,} members", (1, 1000), _add_members)
    yield from _compare("after {:,} versions", (10, 1000, 10_000), _make_versions)


def _compare(name: str, counts: tuple[int, ...], fill: Callable[[_Program, int], None]) -> Iterator[Comparison]:
    """The same with more and more, each in turns with the smallest.

    A machine's speed changes by half within minutes, so that two figures taken one after the other say nothing.
    """
    for count in counts:
        with _deployment() as (program, small):
            for one, size in ((small, counts[0]), (program, count)):
                fill(one, size)
                one.commit()
            turns = [(_measure_one(program), _measure_one(small)) for _ in range(ROUNDS)]
        grown, smallest = (_runs_of(side) for side in zip(*turns, strict=True))
        work, beside = name.format(count), name.format(counts[0])
        yield Comparison(work, grown, {beside: smallest}, [cpu_ratio(work, grown, beside, smallest, most=GOAL)])


def _runs_of(commits: Iterable[tuple[float, float, int, int]]) -> Runs:
    wall, cpu, statements, asked = zip(*commits, strict=True)
    return Runs(wall, cpu, statistics.median(statements), statistics.median(asked))


def _measure_one(program: _Program) -> tuple[float, float, int, int]:
    """Seconds, those of the processors, statements to SQL, and requests to the store."""
    with _statements() as made, requests() as asked:
        start, cpu = time.perf_counter(), count_cpu_seconds()
        program.commit()
        wall, used = time.perf_counter() - start, count_cpu_seconds() - cpu
    return wall, used, len(made), asked.total


@contextmanager
def _deployment() -> Iterator[tuple[_Program, _Program]]:
    """Somebody with a project that grows, and with one beside it that stays small."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        app = create_app(Config.from_environment({"HOLDFAST_DATA": str(data)}))
        rooms.load_models()
        schema.upgrade()
        ownership().look()
        owner = create_user(name="bench", email="bench@example.org", password=secrets.token_hex())
        headers = {"Authorization": f"Bearer {create_token(owner.id, 'bench', ['write'])}"}
        grown, small = (
            _Program(app, create_project(owner, name=name, description="", visibility="private"), headers)
            for name in ("grown", "small")
        )
        yield grown, small
        deployments.leave()


def _import(program: _Program, *, files: int = 10, branches: int = 1) -> None:
    """One commit of so many files, to which so many branches point."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", source], check=True)
        lines = [b"commit refs/heads/main\ncommitter B <b@example.org> 1700000000 +0000\ndata 1\n1"]
        for number in range(files):
            place = f"part-{number // FILES_IN_A_FOLDER}/file-{number}".encode()
            text = b"%d" % number
            lines.append(b"\nM 100644 inline %s\ndata %d\n%s" % (place, len(text), text))
        lines += [b"\nreset refs/heads/branch-%d\nfrom refs/heads/main" % number for number in range(1, branches)]
        command = ["git", "-C", str(source), "fast-import", "--quiet"]
        subprocess.run(command, input=b"".join(lines) + b"\n", check=True)
        import_repository(program.project.repository_id, source)


def _add_members(program: _Program, count: int) -> None:
    """So many people who take part; each of them is told of every commit."""
    with transaction() as session:
        people = [_person(f"{program.project.name}-{number}") for number in range(count)]
        session.add_all(people)
        session.flush()
        session.add_all(Member(project_id=program.project.id, user_id=one.id, role="reader") for one in people)
    program.commit()
    refresh_about(program.project.id)


def _person(name: str) -> User:
    return User(
        name=name,
        name_key=name,
        email=f"{name}@example.org",
        email_key=f"{name}@example.org",
        email_verified_at=now(),
        session_key=object_keys.new_id(),
    )


def _make_versions(program: _Program, count: int) -> None:
    """So many commits, neatly packed from time to time as the worker does."""
    for number in range(1, count + 1):
        program.commit()
        if number % CONSOLIDATED_AFTER == 0:
            with track_progress("consolidation") as work:
                consolidate(RepackRequest(program.project.repository_id), work)


@contextmanager
def _statements() -> Iterator[list[str]]:
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        made.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        event.remove(Engine, "before_cursor_execute", note)
