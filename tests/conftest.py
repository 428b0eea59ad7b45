"""Fixtures named by nouns: the real servers of a run, both kinds of deployment, and the application."""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis.internal.constants_ast import Constants
from selenium.webdriver.remote.webdriver import WebDriver

from framework import config
from framework.application import create_app
from framework.browse.diff import colouring
from framework.browse.history import blame, last_changes, lines
from framework.browse.render.code import highlighting
from framework.celery import broker
from framework.config import Config
from framework.database import engine
from framework.health import checks, examination
from framework.sandbox import sandbox
from framework.storage import current
from framework.uploads import ignoring
from tests.servers import browsers
from tests.servers.application import deployments, gunicorn
from tests.servers.application.engines import hurry_databases
from tests.servers.application.gunicorn import LiveServer
from tests.servers.application.owners import Owners
from tests.servers.application.passwords import hurry_passwords
from tests.servers.backends import ceph as ceph_server
from tests.servers.backends import postgres as postgres_server
from tests.servers.backends.ceph import Ceph
from tests.servers.backends.postgres import Postgres
from tests.servers.backends.rabbitmq import new_rabbitmq_url, remove_rabbitmq_url
from tests.servers.backends.redis import new_redis_url
from tests.servers.backends.smtp import SmtpServer, smtp_server
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

pytest_plugins = ["tests.cast"]

hypothesis.settings.register_profile(
    "repeatable",  # every run has the same examples, however busy the machine is
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")
# Hypothesis also tries constants of the modules that are loaded, which differ from one of xdist's workers to another.
pytest.MonkeyPatch().setattr("hypothesis.internal.conjecture.providers._get_local_constants", Constants)

gc.set_threshold(20_000)  # what thousands of collected tests keep alive is walked less often: 5 s of CPU of each worker

for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if (
        signal.getsignal(_number) is signal.SIG_IGN
    ):  # in the background of a shell; what a test starts would ignore it, too
        signal.signal(_number, lambda _number, _frame: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the long fuzzing goes on."""
    parser.addoption("--fuzz-minutes", default="1", help="how long the long test of tests/fuzz goes on")


def _run(configuration: pytest.Config) -> Run:
    """The one run that this process belongs to: its own, or that of the process that started it as a worker."""
    given: dict[str, Any] = getattr(configuration, "workerinput", {})
    if given:
        return Run(Path(given["run_folder"]), given["run_owner"])
    factory: pytest.TempPathFactory = configuration._tmp_path_factory  # type: ignore[attr-defined]
    return Run(factory.getbasetemp() / "servers", os.getpid())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each of xdist's workers which run it belongs to."""
    run = _run(node.config)
    node.workerinput.update(run_folder=str(run.folder), run_owner=run.owner)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every server when the process that owns the run ends."""
    if not hasattr(config, "workerinput") and hasattr(config, "_tmp_path_factory"):
        _run(config).end()


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """What the processes of this run share."""
    return _run(pytestconfig)


@pytest.fixture
def postgres(run: Run) -> Postgres:
    """A PostgreSQL server, with databases to be made on it."""
    return postgres_server.postgres(run)


@pytest.fixture
def redis(run: Run) -> str:
    """The URL of an empty Redis database."""
    return new_redis_url(run)


@pytest.fixture
def rabbitmq(run: Run) -> Iterator[str]:
    """The URL of an empty virtual host of RabbitMQ."""
    url = new_rabbitmq_url(run)
    yield url
    remove_rabbitmq_url(run, url)


@pytest.fixture
def ceph(run: Run) -> Ceph:
    """An S3 service: its endpoint and keys, with buckets to be made on it."""
    return ceph_server.ceph(run)


@pytest.fixture
def bucket(ceph: Ceph) -> Iterator[str]:
    """An empty bucket of the S3 service."""
    name = ceph.new_bucket()
    yield name
    ceph.remove_bucket(name)


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """An SMTP server that keeps what it is given."""
    with smtp_server() as server:
        yield server


@pytest.fixture(params=["chromium"])
def browser(request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> Iterator[WebDriver]:
    """A browser window with a fresh profile."""
    folder = tmp_path / "browser"
    folder.mkdir()
    with browsers.browser(request.param, folder, run) as window:
        yield window


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on the deployments that it names: `@pytest.mark.deployments("embedded", "production-like")`.

    One that names none runs on the embedded deployment.
    """
    named = metafunc.definition.get_closest_marker("deployments")
    places = named.args if named else ("embedded",)
    for name in ("deployment", "house", "site"):
        if name in metafunc.fixturenames and name not in _parametrized(metafunc):
            metafunc.parametrize(name, places, indirect=True)


def _parametrized(metafunc: pytest.Metafunc) -> set[str]:
    names = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    return {name for one in names for name in ([one] if isinstance(one, str) else one)}


@pytest.fixture
def deployment(request: pytest.FixtureRequest) -> str:
    """Which kind of deployment a test runs on."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process wait for its parts however busy the machine is; who tests that it gives up says how soon."""
    monkeypatch.setattr(broker, "ANSWER_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(checks, "WORKER_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(examination, "SECONDS", HANG_SECONDS)
    monkeypatch.setattr(examination, "LONGER", {})
    monkeypatch.setattr(ignoring, "DEADLINE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(blame, "DEADLINE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(lines, "DEADLINE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(lines, "WIDE_DEADLINE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(last_changes, "QUICK_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(highlighting, "LONGEST_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(colouring, "LONGEST_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(sandbox, "LIMITS", replace(sandbox.LIMITS, seconds=HANG_SECONDS))
    monkeypatch.setattr(sandbox, "LONGEST_WAIT_SECONDS", HANG_SECONDS)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Let passwords cost nothing."""
    hurry_passwords()


@pytest.fixture(scope="session", autouse=True)
def _quick_database() -> None:
    """Compile statements once, and let SQLite not wait for the disk."""
    hurry_databases()


@pytest.fixture
def settings(deployment: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """A migrated deployment of its own, which is this process's configuration."""
    with deployments.DEPLOYMENTS[deployment](run, tmp_path / "data") as made:
        monkeypatch.setattr(config, "_current", made)
        current.ownership().look()  # as a process does when it starts
        yield made
        deployments.leave()


@pytest.fixture
def with_settings(settings: Config, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Changes settings of the present deployment, by the names of their fields."""

    def change(**values: object) -> Config:
        made = replace(settings, **values)  # type: ignore[arg-type]
        monkeypatch.setattr(config, "_current", made)
        return made

    return change


@pytest.fixture
def owners(
    settings: Config, run: Run, tmp_path: Path, with_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Owners]:
    """Two databases that are given the same bucket; this process works for the first one."""
    first = with_settings(owner_look_seconds=1)
    current.dispose()
    with deployments.beside(run, first, tmp_path / "second") as second:
        made = Owners(first, second, lambda chosen: monkeypatch.setattr(config, "_current", chosen))
        made.work_for(first)
        current.ownership().look(renew=True)  # the mark tells how long a take-over has to wait
        yield made
        made.work_for(second)
        engine.engine().dispose()
        made.work_for(first)


@pytest.fixture
def app(settings: Config) -> Flask:
    """The application, one for all tests of a process, since making it takes longer than most tests."""
    if settings.production not in _apps:
        _apps[settings.production] = _make_app(settings)
    config.use(settings)
    return _apps[settings.production]


_apps: dict[bool, Flask] = {}


@pytest.fixture
def own_app(settings: Config) -> Flask:
    """The application for a test that adds to it."""
    return _make_app(settings)


def _make_app(settings: Config) -> Flask:
    made = create_app(settings)
    made.config["TESTING"] = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application, without a window."""
    return app.test_client()


@pytest.fixture
def live_server(run: Run, tmp_path: Path) -> Iterator[LiveServer]:
    """The application under gunicorn on SQLite and a folder, at an address that a browser can open."""
    with (
        deployments.embedded(run, tmp_path / "live") as settings,
        gunicorn.gunicorn(run, _without_address(deployments.environment(settings))) as server,
    ):
        yield server


@pytest.fixture
def served(run: Run, settings: Config) -> Iterator[LiveServer]:
    """The application under gunicorn on the deployment that this process is configured for, too."""
    with gunicorn.gunicorn(run, _without_address(deployments.environment(settings))) as server:
        yield server


def _without_address(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in {"BASE_URL", "PORT"}}
