"""Two servers of the same repositories on this machine: ours under gunicorn, and `git http-backend`."""

import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.http_backend import COUNTED, http_backend
from benchmarks.setting.running import application, family, read_cpu_seconds
from framework import config, rooms
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.database import schema
from framework.projects.lifecycle.operations import create_project
from tests.servers.application import deployments

PASSWORD = "a password for benchmarks"  # noqa: S105
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Spent:
    """What one exchange took: on the clock, and of the processors by the server and the programs that it started."""

    wall_seconds: float
    cpu_seconds: float
    answer: bytes = field(repr=False)


@dataclass(frozen=True)
class GitServer:
    """A server, and how to name one of its repositories; `prepare` makes an empty one of this name to push to."""

    port: int
    process_id: int
    prefix: str
    headers: Mapping[str, str]
    prepare: Callable[[str], object]
    count_cpu_seconds: Callable[[], float] | None = None
    """What the server and its programs have used, where it is not that of its process and of those below it."""

    def count_programs(self) -> "GitServer":
        """The same server with CPU that is exact, and clocks that are not."""
        return replace(self, headers={**self.headers, **COUNTED})

    def exchange(self, name: str, service: str, bodies: Sequence[bytes], *, keep: int = 1000) -> Spent:
        """Ask for the refs or abilities first, as git does, then post each of these; the end of the last answer."""
        before, start = self._cpu_seconds(), time.perf_counter()
        connection, last = HTTPConnection("127.0.0.1", self.port, timeout=600), b""
        posted = {**self.headers, "Content-Type": f"application/x-{service}-request", "Git-Protocol": "version=2"}
        address = f"/{self.prefix}{name}.git"
        connection.request("GET", f"{address}/info/refs?service={service}", headers={**posted, "Content-Type": ""})
        _read(connection, keep)
        for body in bodies:
            connection.request("POST", f"{address}/{service}", body, posted)
            last = _read(connection, keep)
        wall = time.perf_counter() - start
        connection.close()
        return Spent(wall, self._cpu_seconds() - before, last)

    def _cpu_seconds(self) -> float:
        if self.count_cpu_seconds:
            return self.count_cpu_seconds()
        return sum(read_cpu_seconds(process_id) for process_id in family(self.process_id))


def _read(connection: HTTPConnection, keep: int) -> bytes:
    """Read the whole answer; its last bytes."""
    answer, last = connection.getresponse(), b""
    while chunk := answer.read1(CHUNK_BYTES):
        last = (last + chunk)[-keep:]
    assert answer.status == 200, last
    return last


@contextmanager
def ours() -> Iterator[GitServer]:
    """Gunicorn with one worker, on SQLite and a folder as the store."""
    with TemporaryDirectory() as folder:
        environment = {"HOLDFAST_DATA": f"{folder}/data", "QUOTA_BYTES": str(1 << 40)}
        (Path(folder) / "data").mkdir()
        config.use(Config.from_environment(environment))
        rooms.load_models()
        schema.upgrade()
        account = create_user(name="bench", email="bench@example.org", password=PASSWORD)
        secret = b64encode(f"bench:{create_token(account.id, 'bench', ['write'])}".encode()).decode()
        with application(environment) as server:
            headers = {"Authorization": f"Basic {secret}"}
            yield GitServer(server.port, server.process_id, "bench/", headers, preparation(account))
        deployments.leave()


@contextmanager
def backend() -> Iterator[GitServer]:
    """The CGI program of git behind nginx, on a local disk.

    Raises:
        Absent: it cannot run on this machine.
    """
    with (
        TemporaryDirectory() as folder,
        TemporaryDirectory() as repositories,
        http_backend(Path(folder), Path(repositories)) as found,
    ):
        port, process_id = found.servers.port, found.servers.process_id
        yield GitServer(port, process_id, "", {}, partial(_init, Path(repositories)), found.count_cpu_seconds)


def preparation(account: Account) -> Callable[[str], object]:
    """What makes an empty private project of a name, for a server whose configuration is this process's."""
    return lambda name: create_project(account, name=name, description="", visibility="private")


def _init(repositories: Path, name: str) -> None:
    folder = repositories / f"{name}.git"
    subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
    for setting in ("http.receivepack", "receive.fsckObjects"):  # no server lets unchecked objects in
        subprocess.run(["git", "-C", folder, "config", setting, "true"], check=True)
