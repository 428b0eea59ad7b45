"""A production deployment that something happens to, what it has acknowledged, and the operator who plays a drill."""

import base64
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError

from framework.config import Config
from tests.cast import PASSWORD
from tests.githttp.client import Person
from tests.recovery.document import Commands, drills, matches, replaced, stand_ins
from tests.recovery.shell import Shell
from tests.recovery.web import call
from tests.servers.application import deployments
from tests.servers.processes import Process, free_port
from tests.servers.run import ROOT, Run

COMMANDS_LOOK_SECONDS = 2
"""Take-overs wait twice as long; processes that are left alone look as rarely as in production."""

Acts = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Acknowledged:
    """A version that somebody was told is stored."""

    project: str
    sha: str
    path: str
    content: bytes


@dataclass
class Ledger:
    """What a deployment has promised so far: versions, and what only its people see; and Alice's token."""

    versions: list[Acknowledged] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    token: str = ""

    def copy(self) -> "Ledger":
        """One to write on with."""
        return Ledger(list(self.versions), set(self.private), self.token)


class Stage:
    """A deployment whose processes are started and stopped, and whose operator types what the document says."""

    def __init__(
        self, run: Run, settings: Config, *, programs: Path, heading: str = "", ledger: Ledger | None = None
    ) -> None:
        self.run, self.settings, self.programs, self.heading = run, settings, programs, heading
        self.ledger, self.with_worker = ledger or Ledger(), False
        self.look_seconds = 10  # a take-over waits for twice as long
        self.folder, self.port = settings.data.parent, free_port()
        self.url = f"http://localhost:{self.port}"
        self.shell = Shell(self.folder, self.variables_of(settings))
        self._processes: list[Process] = []

    def variables_of(self, settings: Config) -> dict[str, str]:
        """What an operator's shell has at a deployment with these settings."""
        path = os.pathsep.join([str(self.programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        inherited = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        quick = {"OWNER_LOOK_SECONDS": str(COMMANDS_LOOK_SECONDS)}
        own = {"BASE_URL": self.url, "PORT": str(self.port), "WEB_CONCURRENCY": "1", "WEB_THREADS": "4"}
        return {**deployments.environment(settings), **own, **quick, **inherited}

    def start(self) -> None:
        """Start what the Procfile has, with what the operator's shell exports."""
        web = self._start("gunicorn", "--chdir", str(ROOT), "--bind", f"127.0.0.1:{self.port}", "app:app")
        web.wait_until(self._answers)
        if self.with_worker:
            worker = self._start("celery", "-A", "framework.celery.celery", "worker", "-B", "-c", "1", "-l", "info")
            worker.wait_until(lambda: " ready." in worker.log.read_text())

    def stop(self) -> None:
        """Stop every process."""
        while self._processes:
            self._processes.pop().stop()

    def play(self, *, acts: Acts | None = None, **given: str) -> None:
        """Do what the document says below this drill's heading, and see that it prints what the document shows.

        `acts` are what its sentences in bold stand for, besides stopping and starting; `given` are words in capitals.
        """
        doing = {"Stop every process.": self.stop, "Start every process.": self.start, **(acts or {})}
        names = {**stand_ins(), **given}
        for step in drills()[self.heading]:
            if isinstance(step, Commands):
                self._type(step, names)
            else:
                doing[step]()

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Return once the processes have brought it about."""
        self._processes[-1].wait_until(happened)

    def end(self) -> None:
        """Close everything."""
        self.stop()
        self.shell.close()

    def flask(self, *arguments: str) -> str:
        """What a command prints that belongs to no drill."""
        printed, status = self.shell.run(" ".join(("flask", *arguments)))
        assert status == 0, printed
        return printed

    def put(self, project: str, path: str, content: str) -> tuple[int, bytes]:
        """Alice asks for a file to be stored; status and body of the answer."""
        operation = {"op": "put", "path": path, "content": content}
        body = {"branch": "main", "message": f"Write {path}", "operations": [operation]}
        return self.call("POST", f"/api/v1/projects/{project}/commits", body)

    def commit(self, project: str, path: str, content: str) -> None:
        """Alice stores a file; the answer goes into the ledger."""
        status, answer = self.put(project, path, content)
        assert status == 201, answer
        self.ledger.versions.append(Acknowledged(project, json.loads(answer)["sha"], path, content.encode()))

    def commit_until_refused(self, project: str) -> None:
        """Alice stores files one after the other until this deployment refuses; every answer goes into the ledger."""
        for number in count():
            path, content = f"{self.port}/{number}", f"number {number} of {self.url}\n"
            status, answer = self.put(project, path, content)
            if status == 503:
                return
            assert status == 201, answer
            self.ledger.versions.append(Acknowledged(project, json.loads(answer)["sha"], path, content.encode()))

    def create(self, project: str, visibility: str) -> None:
        """Alice creates a project."""
        body = {"name": project.partition("/")[2], "description": "", "visibility": visibility}
        status, answer = self.call("POST", "/api/v1/projects", body)
        assert status == 201, answer
        self.ledger.private |= {project} if visibility == "private" else set()

    def make_private(self, project: str) -> None:
        """Alice hides a project."""
        status, answer = self.call("PATCH", f"/api/v1/projects/{project}", {"visibility": "private"})
        assert status == 200, answer
        self.ledger.private.add(project)

    def set_password(self, name: str, password: str) -> None:
        """An operator sets somebody's password."""
        printed, status = self.shell.run(f"echo '{password}' | flask users password {name} --password-stdin")
        assert status == 0, printed

    def new_token(self) -> str:
        """A token that Alice makes with her password."""
        password = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        body = {"name": "drill", "scopes": ["admin"]}
        status, answer = call("POST", f"{self.url}/api/v1/tokens", body, authorization=f"Basic {password}")
        assert status == 201, answer
        return str(json.loads(answer)["token"])

    def call(self, method: str, path: str, body: object = None, *, stranger: bool = False) -> tuple[int, bytes]:
        """A request with Alice's token, or without one; status and body of the answer."""
        return call(method, self.url + path, body, authorization="" if stranger else f"Bearer {self.ledger.token}")

    def check(self, *, name: str = "alice", password: str = PASSWORD) -> None:
        """See with a real git that nothing acknowledged was lost, and as a stranger that nothing private is public."""
        if not self._processes:
            self.start()
        person = Person(name, Path(mkdtemp(dir=self.folder)), self.url, password)
        for project in sorted({version.project for version in self.ledger.versions}):
            person.git("clone", "-q", "--mirror", person.address(project), project)
            for version in self.ledger.versions:
                if version.project == project:
                    self._check_version(person, version)
        for project in sorted(self.ledger.private):
            self._check_private(project)

    def _check_version(self, person: Person, version: Acknowledged) -> None:
        git = ("-C", version.project)
        refs = person.git(*git, "for-each-ref", "--contains", version.sha).stdout
        assert refs, f"{version.project}: {version.sha} is on no branch any more"
        shown = person.git(*git, "show", f"{version.sha}:{version.path}").stdout
        assert shown.encode() == version.content, version

    def _check_private(self, project: str) -> None:
        addresses = f"/{project}", f"/{project}/commits/main", f"/api/v1/projects/{project}"
        for address in addresses:
            assert self.call("GET", address, stranger=True)[0] == 404, f"{address} can be seen"
        assert self.call("GET", f"/{project}.git/info/refs?service=git-upload-pack", stranger=True)[0] == 401

    def _type(self, commands: Commands, names: Mapping[str, str]) -> None:
        typed, shown = replaced(commands.typed, names), replaced(commands.printed, names)
        printed, status = self.shell.run(typed)
        assert matches(printed, shown), f"$ {typed}\n--- printed:\n{printed}\n--- the document shows:\n{shown}"
        fails = any(line.startswith(("FAILS", "Error:")) for line in printed.splitlines())
        assert bool(status) == fails, f"$ {typed}\nended with status {status}, and printed:\n{printed}"

    def _start(self, program: str, *arguments: str) -> Process:
        command = [str(self.programs / program), *arguments]
        variables = {**self.shell.variables(), "OWNER_LOOK_SECONDS": str(self.look_seconds)}
        process = self.run.start(f"{program}-{free_port()}", command, variables)
        self._processes.append(process)
        return process

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/healthz", stranger=True)[0] == 200
        except URLError:
            return False


def begin(stage: Stage) -> None:
    """Alice with a token, a public and a private project without files; and Bob."""
    for name in ("alice", "bob"):
        stage.shell.run(f"echo '{PASSWORD}' | flask users create {name} {name}@example.org --password-stdin")
    stage.ledger.token = stage.new_token()
    stage.create("alice/website", "public")
    stage.create("alice/secret", "private")


def found(stage: Stage) -> None:
    """The same, with two versions each."""
    begin(stage)
    for project in ("alice/website", "alice/secret"):
        stage.commit(project, "first.txt", "the first version\n")
        stage.commit(project, "second.txt", "the second one\n")
