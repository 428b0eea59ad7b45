"""A database as after years, and an application on it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest
from flask import Flask

from benchmarks.setting.population import fill
from framework import config
from framework.application import create_app
from framework.config import Config
from framework.storage import current
from tests.plans.explaining import explained
from tests.servers.application import deployments
from tests.servers.backends.postgres import postgres
from tests.servers.run import Run

PROJECTS = 20_000
PEOPLE = 10_000

Opening = Callable[[], AbstractContextManager[Flask]]


@pytest.fixture(scope="session")
def population(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """A deployment whose PostgreSQL database has thousands of rows in each table that grows."""
    server = postgres(run)
    url = server.new_database()
    fill(url, PROJECTS, people=PEOPLE)
    with deployments.embedded(run, tmp_path_factory.mktemp("population") / "data", claimed=False) as made:
        yield replace(made, database_url=explained(url))
    server.drop_database(url)


@pytest.fixture(scope="session")
def open_application(population: Config) -> Opening:
    """Opens the application there; its connections are told the plans of their statements."""
    app = create_app(population)
    app.config["TESTING"] = True

    @contextmanager
    def opening() -> Iterator[Flask]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(config, "_current", population)
            current.ownership().look()
            yield app
            deployments.leave()

    return opening
