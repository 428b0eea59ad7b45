"""What a page costs that was rendered before: to strangers and to who is signed in, and however many refs there are."""

import secrets
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.reading.pages import count_cpu_seconds
from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.importing import import_repository
from framework import config, rooms
from framework.accounts.core.account import Account
from framework.accounts.core.sessions import Browser, begin_session
from framework.accounts.lifecycle.operations import create_user
from framework.application import create_app
from framework.config import Config
from framework.database import schema
from framework.projects.lifecycle.operations import create_project
from tests.servers.application import deployments
from tests.statements import noted_statements

ROUNDS, FIRST_ROUNDS = 60, 15
COMMITS, FILES = 300, 60
FEW_REFS, MANY_REFS = 5, 5_000
MOST_MILLISECONDS, MOST_CONFIRMING_MILLISECONDS, MOST_STATEMENTS = 4.0, 2.0, 3
MOST_FOR_REFS = 1.5
PLACES = {
    "project page": "",
    "folder": "/tree/main/folder",
    "file": "/blob/main/folder/file-7.py",
    "history": "/commits/main",
    "commit": "/commit/main",
    "branches": "/branches",
}
REFS_PLACES = {name: PLACES[name] for name in ("project page", "branches", "commit")}


@dataclass(frozen=True)
class Reader:
    """Somebody who sends these headers."""

    app: Flask
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, *, tag: str = "") -> tuple[str, float]:
        """The answer's tag, and the CPU that the application took in milliseconds; confirmed where a tag is given."""
        headers = Headers([*self.headers.items(), ("If-None-Match", tag)])
        environ = EnvironBuilder(path, headers=headers).get_environ()
        began = count_cpu_seconds()
        _body, status, answered = run_wsgi_app(self.app, environ, buffered=True)
        used = (count_cpu_seconds() - began) * 1000
        assert status.startswith("304" if tag else "200"), (path, status)
        return answered["ETag"], used

    def measure(self, path: str, *, tag: str = "") -> list[float]:
        """Milliseconds of many times."""
        return [self.get(path, tag=tag)[1] for _round in range(ROUNDS)]


@dataclass(frozen=True)
class Site:
    """An application of its own, and whose projects are in it."""

    app: Flask
    owner: Account
    folder: Path

    def add_project(self, name: str, refs: int) -> str:
        """A project with so many branches; its address."""
        source = self.folder / f"{name}.git"
        _make_repository(source, refs)
        project = create_project(self.owner, name=name, description="", visibility="public")
        import_repository(project.repository_id, source)
        return project.path

    def sign_in(self) -> Reader:
        """The owner's browser."""
        client = self.app.test_client()
        live = begin_session(self.owner, Browser("", ""), remembered=False)
        with client.session_transaction() as session:
            session["_user_id"] = live.secret
        client.get("/explore")  # gives the session its CSRF token
        cookie = client.get_cookie("session")
        assert cookie
        return Reader(self.app, {"Cookie": f"session={cookie.value}"})


def tabulate() -> Table:
    """CPU, statements and confirmations of warm pages, and the same page at 5 and at 5,000 refs."""
    with _site() as site:
        figures = [*_measure_warm(site), *_measure_refs(site)]
    return show_figures("pages that were rendered before: CPU of a request, SQLite", figures)


@contextmanager
def _site() -> Iterator[Site]:
    with TemporaryDirectory() as folder:
        app = create_app(Config.from_environment({"HOLDFAST_DATA": folder}))
        rooms.load_models()
        schema.upgrade()
        owner = create_user(name="bench", email="bench@example.org", password=secrets.token_hex())
        yield Site(app, owner, Path(folder))
        deployments.leave()


def _measure_warm(site: Site) -> Iterator[Figure]:
    address = site.add_project("plain", FEW_REFS)
    for who, reader in (("a stranger", Reader(site.app)), ("signed in", site.sign_in())):
        for name, place in PLACES.items():
            reader.get(address + place)
            tag, _used = reader.get(address + place)
            with noted_statements() as statements:
                reader.get(address + place)
            asked = len([text for text in statements if text != "BEGIN"])
            confirming = reader.measure(address + place, tag=tag)
            yield Figure.of_runs(f"{name}, {who}", reader.measure(address + place), "ms", MOST_MILLISECONDS)
            yield Figure.of_runs(f"{name}, {who}: 304", confirming, "ms", MOST_CONFIRMING_MILLISECONDS)
            yield Figure(f"{name}, {who}: statements", asked, "", MOST_STATEMENTS)


def _measure_refs(site: Site) -> Iterator[Figure]:
    """A first view reads the copy, which is there; the refs are known to the process since the import."""
    addresses = [site.add_project(f"refs-{refs}", refs) for refs in (FEW_REFS, MANY_REFS)]
    reader = Reader(site.app)
    for name, place in REFS_PLACES.items():
        paths = [address + place for address in addresses]
        firsts, seconds = ([view(reader, path) for path in paths] for view in (_measure_first, Reader.measure))
        for view, (less, more) in (("first", firsts), ("second", seconds)):
            title = f"{name} at {MANY_REFS:,} refs, {FEW_REFS} refs = 1: {view} view"
            yield Figure(title, statistics.median(more) / statistics.median(less), "x", MOST_FOR_REFS)
            yield Figure.of_runs(f"{name} at {MANY_REFS:,} refs: {view} view", more, "ms")


def _measure_first(reader: Reader, path: str) -> list[float]:
    """The CPU that a page takes that was not kept, in milliseconds, in a process that has made one."""
    reader.get(path)
    found = list[float]()
    for _round in range(FIRST_ROUNDS):
        shutil.rmtree(config.current().data / "pages")
        found.append(reader.get(path)[1])
    return found


def _make_repository(source: Path, refs: int) -> None:
    """A README, files in a folder and a history; the branches beside main are at its commits, from the first on."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(source)], check=True)
    commands = "".join((*_commits(), *(_branch(number) for number in range(1, refs))))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=source, input=commands.encode(), check=True)


def _commits() -> Iterator[str]:
    who = "Ann <ann@example.org> 1600000000 +0000"
    for number in range(1, COMMITS + 1):
        yield f"commit refs/heads/main\nmark :{number}\nauthor {who}\ncommitter {who}\ndata 6\nChange\n"
        if number == 1:
            yield _file("README.md", "# Bench\n\n" + "Some *words* about it.\n\n" * 40)
        yield _file(f"folder/file-{number % FILES}.py", f"def work():\n    return {number}\n" * 30)


def _file(path: str, content: str) -> str:
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"


def _branch(number: int) -> str:
    return f"reset refs/heads/branch-{number}\nfrom :{number % COMMITS + 1}\n"
