"""The release before the newest migration works on today's tables: beside a deployment of it, and after a rollback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener
from uuid import uuid4

import pytest
from alembic.script import ScriptDirectory

from framework.database import schema
from tests.cast import PASSWORD, csrf_token
from tests.servers.backends.postgres import Postgres
from tests.servers.processes import Process, accepts, free_port
from tests.servers.run import ROOT, Run


@dataclass
class Browser:
    """Fills in the pages of a server, whatever release it is of."""

    url: str
    opener: OpenerDirector = field(default_factory=lambda: build_opener(HTTPCookieProcessor(CookieJar())))

    def get(self, path: str) -> str:
        """The page."""
        with self.opener.open(f"{self.url}{path}") as answer:
            return str(answer.read().decode())

    def submit(self, page: str, files: dict[str, str] | None = None, **fields: str) -> str:
        """The page that sending this form leads to."""
        boundary = uuid4().hex
        fields["csrf_token"] = csrf_token(self.get(page))
        parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
        parts += [f'name="files"; filename="{name}"\r\n\r\n{text}' for name, text in (files or {}).items()]
        body = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        with self.opener.open(Request(f"{self.url}{page}", f"{body}--{boundary}--\r\n".encode(), kind)) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it was before the commit that brought the newest migration."""
    folder = tmp_path_factory.mktemp("previous")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=git("archive", previous_commit()), check=True)
    return folder


def previous_commit() -> str:
    """The parent of the newest migration's commit; today's, when that migration is not committed yet."""
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    newest = scripts.get_revision(scripts.get_current_head() or "").path
    if git("rev-parse", "--is-shallow-repository").strip() == b"true":
        pytest.skip("this clone is shallow, and the previous release is in its history: git fetch --unshallow")
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", newest).decode().strip()
    return f"{added}^" if added else "HEAD"


def git(*arguments: str) -> bytes:
    """What git says of this repository."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


@pytest.fixture
def environment(postgres: Postgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database with today's tables, and a folder for the rest."""
    url = postgres.new_database()
    yield {"DATABASE_URL": url, "HOLDFAST_DATA": str(tmp_path / "data"), "PATH": os.environ["PATH"]}
    postgres.drop_database(url)


@pytest.fixture
def server(run: Run, code: Path, environment: dict[str, str]) -> Iterator[Browser]:
    """The previous release's web process."""
    port = free_port()
    command = ["/bin/sh", "-c", f"cd {code} && exec {sys.executable} -m gunicorn --workers 1 app:app"]
    process: Process = run.start(f"previous-{port}", command, {**environment, "PORT": str(port)})
    try:
        process.wait_until(lambda: accepts(port))
        yield Browser(f"http://localhost:{port}")
    finally:
        process.stop()


@pytest.mark.long
def test_it_serves_people_on_the_tables_of_this_release(server: Browser) -> None:
    server.submit("/signup", username="alice", email="alice@example.org", password=PASSWORD)
    server.submit("/new", name="notes", description="", visibility="private")
    server.submit("/alice/notes/upload/main", {"a.txt": "Hello"}, path="", message="First", branch="main")
    assert "a.txt" in server.get("/alice/notes")
    assert server.get("/alice/notes/raw/main/a.txt") == "Hello"
    assert "First" in server.get("/alice/notes/commits/main")


def test_its_release_phase_leaves_the_tables_of_this_release_alone(code: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "flask", "database", "upgrade"]
    done = subprocess.run(command, cwd=code, env=environment, check=True, capture_output=True, text=True)
    versions = Path("framework/database/migrations/versions")
    is_older = {path.name for path in (code / versions).iterdir()} < {path.name for path in (ROOT / versions).iterdir()}
    assert ("newer than this release: nothing to do" if is_older else "up to date") in done.stdout
