"""A project with content, among however many others: its pages, what changes it, and signing in."""

import logging
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.tokens import create_token
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.storage import current
from tests.servers.application.threaded import threaded

NAME, PASSWORD = "keeper", "of no value outside of the benchmark"
Act = Callable[[], object]


@dataclass
class _Keeper:
    """Who keeps the project: a browser that is signed in, a program and a working copy."""

    client: FlaskClient
    project: ProjectAccess
    token: str
    work: Path
    form_token: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def log_in(self) -> None:
        """Sign in by the form, with the password."""
        self.client.delete_cookie("session")
        self.form_token = self._read_token("/login")
        fields = {"username": NAME, "password": PASSWORD, "csrf_token": self.form_token}
        _expect(self.client.post("/login", data=fields).status_code, 302)

    def visit(self, path: str) -> None:
        """Open a page below the project's."""
        _expect(self.client.get(self.project.path + path).status_code, 200)

    def commit(self) -> str:
        """One small file by the API; the commit's id."""
        put = {"op": "put", "path": f"notes/{next(self.numbers) % 10}.txt", "content": f"{next(self.numbers)}\n"}
        body = {"branch": "main", "message": "A change", "operations": [put]}
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.post(f"/api/v1/projects{self.project.path}/commits", json=body, headers=headers)
        _expect(answer.status_code, 201)
        return str((answer.json or {})["sha"])

    def upload(self) -> None:
        """One small file by the form."""
        number = next(self.numbers)
        files = (BytesIO(b"%d\n" % number), f"upload-{number % 10}.txt")
        fields = {"csrf_token": self._read_token("/new"), "branch": "main", "path": "", "message": "", "files": files}
        _expect(self.client.post(f"{self.project.path}/upload/main", data=fields).status_code, 303)

    def push(self) -> None:
        """One commit on a branch of its own, by git."""
        (self.work / "file.txt").write_text(f"{next(self.numbers)}\n")
        for command in (("add", "file.txt"), ("commit", "-qm", "A change"), ("push", "-q", "origin", "HEAD:pushed")):
            self.git(*command)

    def git(self, *arguments: str) -> None:
        """Run git in the working copy."""
        name = ("-c", "user.name=keeper", "-c", "user.email=keeper@example.org")
        subprocess.run(["git", "-C", str(self.work), *name, *arguments], check=True, capture_output=True)

    def _read_token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(page).text)
        assert found, page
        return found[1]


@contextmanager
def grown_project(app: Flask, folder: Path) -> Iterator[Mapping[str, Act]]:
    """What is done with it, by name, while the block runs; `folder` is for the working copy."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each of git's requests
    current.ownership().look()
    account = create_user(name=NAME, email="keeper@example.org", password=PASSWORD)
    project = create_project(account, name="grown", description="", visibility="private")
    token = create_token(account.id, "bench", ["write"])
    keeper = _Keeper(app.test_client(), project, token, folder)
    keeper.log_in()
    commit = keeper.commit()
    with threaded(app) as url:
        folder.mkdir()
        keeper.git("init", "-q", "-b", "main")
        keeper.git("remote", "add", "origin", f"http://{NAME}:{token}@{urlsplit(url).netloc}{project.path}.git")
        yield {
            "a project": partial(keeper.visit, ""),
            "a folder": partial(keeper.visit, "/tree/main/notes"),
            "a file": partial(keeper.visit, "/blob/main/notes/1.txt"),
            "a commit": partial(keeper.visit, f"/commit/{commit}"),
            "API: a commit of one file": keeper.commit,
            "an upload of one file by the form": keeper.upload,
            "a push of one commit, with git": keeper.push,
            "signing in by password": keeper.log_in,
        }


def _expect(status: int, wanted: int) -> None:
    if status != wanted:
        raise RuntimeError(f"answered {status} in the place of {wanted}")
