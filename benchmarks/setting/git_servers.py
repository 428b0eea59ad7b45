"""Two servers of the same repositories on this machine: ours under gunicorn, and `git http-backend`."""

import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting.running import application, family, free_port, running
from framework import config, rooms
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.database import schema
from tests.servers.application import deployments

PASSWORD = "a password for benchmarks"  # noqa: S105
CHUNK_BYTES = 1 << 20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """What one request took: on the clock, and of the processors by the server and the programs that it started."""

    wall_seconds: float
    cpu_seconds: float
    answer: bytes = field(repr=False)


@dataclass(frozen=True)
class GitServer:
    """A server, and how to name one of its repositories; `prepare` makes an empty one where a push does not."""

    port: int
    process_id: int
    prefix: str
    headers: Mapping[str, str]
    repositories: Path | None = None

    def prepare(self, name: str) -> None:
        """Have an empty repository of this name to push to; our server makes it with the push."""
        if self.repositories:
            folder = self.repositories / f"{name}.git"
            subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
            for setting in ("http.receivepack", "receive.fsckObjects"):  # no server lets unchecked objects in
                subprocess.run(["git", "-C", folder, "config", setting, "true"], check=True)

    def post(self, name: str, service: str, body: bytes, *, keep: int = 1000) -> Spent:
        """The time until the whole answer was read, and its last bytes."""
        headers = {**self.headers, "Content-Type": f"application/x-{service}-request", "Git-Protocol": "version=2"}
        before, start = self._cpu_seconds(), time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", f"/{self.prefix}{name}.git/{service}", body, headers)
        answer = connection.getresponse()
        last = b""
        while chunk := answer.read1(CHUNK_BYTES):
            last = (last + chunk)[-keep:]
        wall = time.perf_counter() - start
        connection.close()
        assert answer.status == 200, last
        return Spent(wall, self._cpu_seconds() - before, last)

    def _cpu_seconds(self) -> float:
        return sum(_cpu_ticks(process_id) for process_id in family(self.process_id)) / TICKS


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
            yield GitServer(server.port, server.process_id, "bench/", {"Authorization": f"Basic {secret}"})
        deployments.leave()


@contextmanager
def backend() -> Iterator[GitServer]:
    """The CGI program of git on a local disk."""
    with TemporaryDirectory() as folder:
        port = free_port()
        with running([sys.executable, "-m", "benchmarks.setting.backend", str(port), folder], port, {}) as server:
            yield GitServer(port, server.process_id, "", {}, Path(folder))


def _cpu_ticks(process_id: int) -> int:
    """User and system time, that of children that have ended included (proc(5))."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15])
