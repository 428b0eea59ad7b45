"""The application under gunicorn with the S3 service far away, somebody who is signed in, and an archived project."""

import base64
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting import history
from benchmarks.setting.deployment import forget_pages
from benchmarks.setting.distance import distant
from benchmarks.setting.history import Shape
from benchmarks.setting.visitor import Visitor
from framework import config
from framework.accounts.lifecycle.operations import create_user
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.cache import eviction
from framework.repositories.maintenance.archiving import archive
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.run import Run

PASSWORD = "of no value outside of the benchmark"  # noqa: S105
TOKEN = "the benchmark's"  # noqa: S105
TIMES = 5


@dataclass(frozen=True)
class Bench:
    """The application at work, somebody who is signed in, and a project of 1 GB."""

    server: LiveServer
    project: ProjectAccess
    person: Visitor

    @property
    def address(self) -> str:
        """The project's page."""
        return self.server.url + self.project.path

    def sleep(self) -> None:
        """Have the project cold as on a new machine: its copy and the pages that were rendered of it are dropped."""
        forget_pages()
        while not eviction.evict(self.project.repository_id):
            time.sleep(0.05)

    def when_cold(self, measured: Callable[[], float]) -> list[float]:
        """What is measured some times, the project being cold before each."""
        found = []
        for _ in range(TIMES):
            self.sleep()
            found.append(measured())
        return found


@contextmanager
def served(shape: Shape) -> Iterator[Bench]:
    """The application with a project of this shape; it is this process's configuration, too, until the block ends."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with (
                deployments.production_like(run, Path(folder) / "data") as near,
                distant(str(near.s3_endpoint_url)) as far,
            ):
                settings = replace(near, s3_endpoint_url=far, metrics_token=TOKEN, prefetch=False)
                config.use(settings)
                with gunicorn(run, _environment(settings), threads=16) as server:
                    yield _filled(server, Path(folder), shape)
                deployments.leave()
        finally:
            run.end()


def _environment(settings: Config) -> dict[str, str]:
    variables = {**deployments.environment(settings), "PREFETCH": "off"}
    return {name: value for name, value in variables.items() if name not in {"BASE_URL", "PORT"}}


def _filled(server: LiveServer, folder: Path, shape: Shape) -> Bench:
    alice = create_user(name="alice", email="alice@example.org", password=PASSWORD)
    project = create_project(alice, name="cold", description="", visibility="public")
    made = history.make(folder, shape)
    bearer = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    header = f"http.extraHeader=Authorization: Basic {bearer}"
    push = ["git", "-C", str(made), "-c", header, "-c", "http.postBuffer=1048576", "push", "-q"]
    subprocess.run([*push, f"{server.url}{project.path}.git", "main"], check=True)
    with track_progress("archive") as work:
        archive(project.repository_id, work)
    bench = Bench(server, project, Visitor(server.url))
    bench.person.submit("/login", username=alice.name, password=PASSWORD)
    return bench
