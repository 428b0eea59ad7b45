"""A department's parts, private and real: each can be stopped and started again at the address that it had."""

import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from honcho.environ import parse_procfile

from tests.servers.application.gunicorn import is_up
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import Postgres, make_cluster, start_cluster
from tests.servers.backends.redis import start_redis
from tests.servers.backends.smtp import SmtpServer, smtp_server
from tests.servers.processes import Process, family, free_port
from tests.servers.proxies.gate import Gate
from tests.servers.proxies.nginx import Front, nginx
from tests.servers.proxies.store_proxy import FaultyProxy
from tests.servers.run import ROOT, Run

LINES: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
CONNECTIONS = 20
"""Of a small plan, for PostgreSQL and Redis alike."""
RESERVED = 3
"""Connections of PostgreSQL beside the plan's, for whoever looks at it from outside."""
DYNO_ENDS_SECONDS = 30


@dataclass
class Database:
    """PostgreSQL as a plan of 20 connections has it."""

    run: Run
    data: Path
    port: int = field(default_factory=free_port)
    process: Process = field(init=False)

    def make(self) -> None:
        """The server with an empty database, whose owner may hold so many connections."""
        self.data.mkdir()
        make_cluster(self.run, self.data)
        self.start()
        server = Postgres(self.port, self.run)
        server.execute(f"CREATE ROLE department LOGIN CONNECTION LIMIT {CONNECTIONS}")
        server.execute("CREATE DATABASE department OWNER department")

    def start(self) -> None:
        """Start it; what was committed before is there."""
        limits = {"max_connections": str(CONNECTIONS + RESERVED), "superuser_reserved_connections": str(RESERVED)}
        durable = {"synchronous_commit": "on", "autovacuum": "on"}
        self.process = start_cluster(self.run, self.data, self.port, **limits, **durable)

    def stop(self) -> None:
        """End it and every connection, as an operator does."""
        os.kill(self.process.pid, signal.SIGINT)
        self.process.wait(seconds=60)

    @property
    def url(self) -> str:
        """The address that Holdfast is given."""
        return f"postgres://department@127.0.0.1:{self.port}/department"

    @property
    def url_of_superuser(self) -> str:
        """The address for looking at it."""
        return f"postgresql://holdfast@127.0.0.1:{self.port}/department"


@dataclass
class Broker:
    """Redis as a plan of 20 clients has it, and one more for whoever counts them; it keeps nothing."""

    run: Run
    data: Path
    port: int = field(default_factory=free_port)
    process: Process = field(init=False)

    def start(self) -> None:
        """Start it, empty."""
        self.data.mkdir(exist_ok=True)
        self.process = start_redis(self.run, self.data, self.port, "--maxclients", str(CONNECTIONS + 1))

    def kill(self) -> None:
        """End it at once, with all that waits in it."""
        self.process.stop(seconds=0)


@dataclass
class Dyno:
    """A line of the Procfile with a disk of its own, as a host runs it."""

    run: Run
    name: str
    line: str
    variables: Mapping[str, str]
    data: Path
    process: Process = field(init=False)

    def start(self) -> None:
        """Start it, and wait until it works."""
        self.data.mkdir(exist_ok=True)
        command = ["/bin/bash", "-c", f"cd {ROOT} && {LINES[self.line]}"]
        self.process = self.run.start(self.name, command, {**self.variables, "HOLDFAST_DATA": str(self.data)})
        self.process.wait_until(self._works, seconds=120)

    def kill(self) -> None:
        """End all its processes at once."""
        for pid in family(self.process.pid):
            _signal(pid, signal.SIGKILL)
        self._wait_until_gone()

    def terminate(self) -> None:
        """Tell all its processes to end, as a host does; after its patience the rest is killed."""
        for pid in family(self.process.pid):
            _signal(pid, signal.SIGTERM)
        if not self._wait_until_gone(DYNO_ENDS_SECONDS):
            self.kill()

    def wipe(self) -> None:
        """Take its disk away, also while it runs."""
        shutil.rmtree(self.data, ignore_errors=True)

    def restart(self) -> None:
        """Start it again on an empty disk, as a host does."""
        self.wipe()
        self.start()

    def _wait_until_gone(self, seconds: float = 10) -> bool:
        ends_at = monotonic() + seconds
        while self.process.is_alive() or family(self.process.pid):
            if monotonic() > ends_at:
                return False
            sleep(0.05)
        return True

    def _works(self) -> bool:
        if self.line == "web":
            return is_up(int(self.variables["PORT"]))
        return b" ready." in self.process.log.read_bytes()


@dataclass(frozen=True)
class Department:
    """All parts of a deployment that serves people."""

    run: Run
    folder: Path
    database: Database
    broker: Broker
    store: FaultyProxy
    smtp: SmtpServer
    mail: Gate
    front: Front
    groups: list[Dyno]
    workers: list[Dyno]
    variables: Mapping[str, str]

    def once(self, name: str, command: str, *, seconds: float = 600) -> tuple[int, str]:
        """Run a command as a one-off dyno with an empty disk; its exit status and what it printed."""
        data = self.folder / name
        given = {**self.variables, "HOLDFAST_DATA": str(data)}
        process = self.run.start(name, ["/bin/bash", "-c", f"cd {ROOT} && {command}"], given)
        status = process.wait(seconds=seconds)
        shutil.rmtree(data, ignore_errors=True)
        return status, process.log.read_text(errors="replace")


@contextmanager
def department(run: Run, folder: Path, *, workers: int) -> Iterator[Department]:
    """Start everything; the processes are ended with the run."""
    with ExitStack() as stack:
        service = ceph(run)
        database, broker = Database(run, folder / "postgres"), Broker(run, folder / "redis")
        database.make()
        broker.start()
        store = FaultyProxy(service.endpoint_url)
        stack.callback(store.stop)
        smtp = stack.enter_context(smtp_server())
        mail = Gate(smtp.url)
        stack.callback(mail.close)
        port, ports = free_port(), [free_port(), free_port()]
        variables = {
            **_button(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOLDFAST_ENV": "production",
            "DATABASE_URL": database.url,
            "REDIS_URL": f"redis://127.0.0.1:{broker.port}",
            "S3_BUCKET": service.new_bucket(),
            "S3_ENDPOINT_URL": store.url,
            "S3_REGION": service.region,
            "AWS_ACCESS_KEY_ID": service.access_key_id,
            "AWS_SECRET_ACCESS_KEY": service.secret_access_key,
            "SMTP_URL": mail.url,
            "SECRET_KEY": secrets.token_hex(32),
            "BACKUP_KEY": secrets.token_hex(32),
            "BASE_URL": f"https://localhost:{port}",
            "BIND": "127.0.0.1",
            "FORWARDED_ALLOW_IPS": "127.0.0.1",
        }
        groups = [
            Dyno(run, f"web-{number}", "web", {**variables, "PORT": str(own)}, folder / f"web-{number}")
            for number, own in enumerate(ports, start=1)
        ]
        crew = [
            Dyno(run, f"worker-{number}", "worker", variables, folder / f"worker-{number}")
            for number in range(1, workers + 1)
        ]
        front = stack.enter_context(nginx(run, folder / "nginx", port=port, groups=ports))
        made = Department(run, folder, database, broker, store, smtp, mail, front, groups, crew, variables)
        status, printed = made.once("release", LINES["release"])
        assert status == 0, printed
        for dyno in (*groups, *crew):
            dyno.start()
        yield made


def _button() -> dict[str, str]:
    """The variables that Heroku's button sets without asking."""
    told = json.loads((ROOT / "app.json").read_text())["env"]
    return {name: entry["value"] for name, entry in told.items() if "value" in entry}


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
