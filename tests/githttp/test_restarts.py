"""A restart in the middle of a push: git's end is no finding about the objects, and whoever waits is told."""

import os
import random
import signal
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

import pytest

from framework import config
from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.catalog.snapshot import read_snapshot
from tests.cast import PASSWORD, new_account
from tests.githttp.client import Finished, Person, Work
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, push_body
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.programs import dying_git
from tests.servers.run import Run

TOLD = b"error: the server is restarting; push again. Nothing of this push was stored."


@pytest.fixture(scope="module")
def environment(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A deployment of this module, for servers that come and go; this process is on it, too."""
    with (
        deployments.embedded(run, tmp_path_factory.mktemp("restarts") / "data") as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(config, "_current", made)
        yield {name: text for name, text in deployments.environment(made).items() if name not in {"BASE_URL", "PORT"}}
        deployments.leave()


@pytest.fixture(scope="module")
def alice(environment: dict[str, str]) -> Account:
    """Alice's account."""
    return new_account("alice")


@pytest.fixture
def project(alice: Account, request: pytest.FixtureRequest) -> ProjectAccess:
    """An empty project of this test."""
    return create_project(alice, name=f"p{abs(hash(request.node.name))}", description="", visibility="private")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A commit that was never pushed."""
    made = Person("alice", tmp_path, "http://nowhere").work()
    made.commit("First", a__bin=random.Random(9).randbytes(1 << 20))  # more than the server reads before it starts git
    return made


class SlowPush:
    """A push whose pack stops in its middle until `finish`."""

    def __init__(self, server: LiveServer, project: ProjectAccess, work: Work) -> None:
        tip = work.sha("HEAD")
        body = push_body([(NOTHING, tip, "refs/heads/main")], pack_of(work, *everything(work, tip)))
        self._rest = body[-20:]
        self._connection = HTTPConnection(urlsplit(server.url).netloc)
        self._connection.putrequest("POST", f"/{project.full_name}.git/git-receive-pack")
        secret = b64encode(f"alice:{PASSWORD}".encode()).decode()
        self._connection.putheader("Authorization", f"Basic {secret}")
        self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body[:-20])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def finish(self) -> bytes:
        """Send the rest; the answer."""
        self._connection.send(self._rest)
        with self._connection.getresponse() as answer:
            return answer.read()


@contextmanager
def pushing(
    run: Run, environment: dict[str, str], project: ProjectAccess, work: Work
) -> Iterator[tuple[LiveServer, SlowPush, int]]:
    """A server in the middle of a push, and the process that indexes its pack."""
    with gunicorn(run, environment) as server, closing(SlowPush(server, project, work)) as push:
        yield server, push, child(server, "index-pack")


@pytest.mark.long
def test_a_signal_to_every_process_of_a_dyno_says_nothing_about_objects(
    run: Run, environment: dict[str, str], project: ProjectAccess, work: Work
) -> None:
    with pushing(run, environment, project, work) as (server, push, _git):
        for process_id in descendants(server.process.pid):
            os.kill(process_id, signal.SIGTERM)
        answer = push.finish()
    assert TOLD in answer
    assert b"ng refs/heads/main" not in answer
    assert b"unpack" not in answer
    assert read_snapshot(project.repository_id).refs == {}
    with gunicorn(run, environment) as server:
        push_again(server, project, work)
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": work.sha("HEAD")}


def test_a_signal_to_the_servers_group_lets_a_push_end_well(
    run: Run, environment: dict[str, str], project: ProjectAccess, work: Work
) -> None:
    with pushing(run, environment, project, work) as (server, push, _git):
        os.killpg(server.process.pid, signal.SIGTERM)
        assert b"ok refs/heads/main" in push.finish()


@pytest.mark.long
def test_what_is_not_finished_within_the_grace_is_told(
    run: Run, environment: dict[str, str], project: ProjectAccess, work: Work
) -> None:
    with pushing(run, environment, project, work) as (server, push, git):
        os.kill(git, signal.SIGSTOP)  # it would take for ever
        os.kill(server.process.pid, signal.SIGTERM)
        assert TOLD in push.finish()
    assert read_snapshot(project.repository_id).refs == {}


def test_a_git_client_shows_the_reason(
    run: Run, environment: dict[str, str], project: ProjectAccess, work: Work, tmp_path: Path
) -> None:
    with gunicorn(run, {**environment, "PATH": dying_git(tmp_path / "bin", "index-pack")}) as server:
        done = push_again(server, project, work, check=False)
    assert done.returncode != 0
    assert "remote: error: the server is restarting; push again" in done.stderr


def push_again(server: LiveServer, project: ProjectAccess, work: Work, *, check: bool = True) -> Finished:
    """Push with a git client, to a server at an address of its own."""
    return Work(Person("alice", work.person.folder, server.url), work.name).push(project.full_name, "main", check=check)


def child(server: LiveServer, program: str) -> int:
    """The process below the server that runs this git command, once there is one."""
    while server.process.is_alive():
        for process_id in descendants(server.process.pid):
            if program in command_of(process_id):
                return process_id
        sleep(0.01)
    raise AssertionError(server.process.last_lines())


def descendants(process_id: int) -> list[int]:
    """This process and all below it."""
    found = [process_id]
    for task in Path(f"/proc/{process_id}/task").glob("*/children"):
        for word in task.read_text().split():
            found += descendants(int(word))
    return found


def command_of(process_id: int) -> list[str]:
    """The arguments of a process; none of one that has ended."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text().split("\0")
    except OSError:
        return []
