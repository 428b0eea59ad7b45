"""A stage for each drill: a deployment of its own with a history, which was made once and is copied."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest

from tests.recovery import preloaded
from tests.recovery.stage import Stage, found
from tests.servers.application import deployments
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import postgres
from tests.servers.run import ROOT, Run

NewStage = Callable[[], Stage]


def pytest_configure(config: pytest.Config) -> None:
    """A drill is marked with its heading."""
    config.addinivalue_line("markers", "drill(heading): the situation of docs/recovery.md that the test brings about")


@pytest.fixture(scope="module")
def programs(run: Run) -> Iterator[Path]:
    """A folder with `flask`, `gunicorn` and `celery` that start at once."""
    folder = Path(mkdtemp(prefix="drills-"))  # short: a socket's address has about a hundred characters
    command = [sys.executable, "-m", "tests.recovery.preloaded", str(folder / "socket")]
    server = run.start("preloaded", command, {"PYTHONPATH": str(ROOT)})
    preloaded.write_programs(folder / "bin", folder / "socket")
    server.wait_until((folder / "socket").exists)
    yield folder / "bin"
    server.stop()
    rmtree(folder)


@pytest.fixture(scope="module")
def prototype(run: Run, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A deployment with a history; nothing happens to it."""
    with deployments.production_like(run, tmp_path_factory.mktemp("prototype") / "data") as settings:
        made = Stage(run, settings, programs=programs)
        made.start()
        found(made)
        made.stop()
        yield made
        made.end()


@pytest.fixture
def new_stage(
    request: pytest.FixtureRequest, run: Run, prototype: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewStage]:
    """Gives deployments with the history of the prototype, which do not run yet."""
    heading = request.node.get_closest_marker("drill").args[0]

    def make() -> Stage:
        data = tmp_path_factory.mktemp("drill") / "data"
        database_url = postgres(run).new_database(migrated=False)  # of its own: drills drop it, and set it back
        stages.callback(postgres(run).drop_database, database_url)
        settings = replace(stages.enter_context(deployments.production_like(run, data)), database_url=database_url)
        postgres(run).copy_database(prototype.settings.database_url, database_url)
        ceph(run).copy_bucket(prototype.settings.s3_bucket or "", settings.s3_bucket or "")
        made = Stage(run, settings, programs=prototype.programs, heading=heading, ledger=prototype.ledger.copy())
        stages.callback(made.end)
        return made

    with ExitStack() as stages:
        yield make


@pytest.fixture
def stage(new_stage: NewStage) -> Stage:
    """One of them, which runs."""
    made = new_stage()
    made.start()
    return made
