"""Fixtures named by nouns: the real servers of a run, both kinds of deployment, and the application."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from selenium.webdriver.remote.webdriver import WebDriver

from framework import config
from framework.application import create_app
from framework.config import Config
from tests.servers import browsers, deployments, gunicorn
from tests.servers import ceph as ceph_server
from tests.servers import postgres as postgres_server
from tests.servers.ceph import Ceph
from tests.servers.gunicorn import LiveServer
from tests.servers.postgres import Postgres
from tests.servers.rabbitmq import new_rabbitmq_url, remove_rabbitmq_url
from tests.servers.redis import new_redis_url
from tests.servers.run import Run
from tests.servers.smtp import SmtpServer, smtp_server

pytest_plugins = ["tests.cast"]


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


@pytest.fixture(params=browsers.installed_browsers())
def browser(request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> Iterator[WebDriver]:
    """A browser window with a fresh profile."""
    folder = tmp_path / "browser"
    folder.mkdir()
    with browsers.browser(request.param, folder, run) as window:
        yield window


@pytest.fixture(params=list(deployments.DEPLOYMENTS))
def deployment(request: pytest.FixtureRequest) -> str:
    """Which kind of deployment a test runs on; parametrise it directly to choose one."""
    return str(request.param)


@pytest.fixture
def settings(deployment: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """A migrated deployment of its own, which is this process's configuration."""
    with deployments.DEPLOYMENTS[deployment](run, tmp_path / "data") as made:
        monkeypatch.setattr(config, "_current", made)
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
def app(settings: Config) -> Flask:
    """The application."""
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
