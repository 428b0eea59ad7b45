"""A web dyno and a worker dyno of a deployment as in production, and people who work with them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting.people import Person
from tests.servers.application import deployments
from tests.servers.application.gunicorn import is_up
from tests.servers.application.workers import worker
from tests.servers.processes import Process, free_port
from tests.servers.run import ROOT, Run


@dataclass(frozen=True)
class Dynos:
    """Where the application answers, the first process of each dyno, and a folder."""

    url: str
    web: Process
    worker: Process
    folder: Path

    def invite(self, people: int) -> list[Person]:
        """So many people, who have no account yet."""
        names = [f"person{number}" for number in range(people)]
        for name in names:
            (self.folder / name).mkdir()
        return [Person(name, self.url, self.folder / name) for name in names]


@contextmanager
def running_dynos(**variables: str) -> Iterator[Dynos]:
    """Both dynos with these variables, until the block ends."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with (
                deployments.production_like(run, Path(folder) / "data") as settings,
                worker(run, settings, "-B", **variables) as background,
            ):
                port = free_port()
                url = f"http://localhost:{port}"
                given = {**deployments.environment(settings), "PORT": str(port), "BASE_URL": url, **variables}
                gunicorn = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "app:app"]
                web = run.start("web", gunicorn, given)
                web.wait_until(lambda: is_up(port))
                (Path(folder) / "people").mkdir()
                yield Dynos(url, web, background, Path(folder) / "people")
                web.stop()
        finally:
            run.end()
