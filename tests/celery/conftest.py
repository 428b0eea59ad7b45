"""Deployments with each of the brokers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from framework import config
from framework.config import Config

BROKERS = ("folder", "redis", "rabbitmq")


@pytest.fixture
def with_broker(settings: Config, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Config]:
    """Gives the present deployment another broker."""

    def choose(url: str) -> Config:
        made = replace(settings, broker_url=url)
        monkeypatch.setattr(config, "_current", made)
        return made

    return choose


@pytest.fixture(params=BROKERS)
def each_broker(request: pytest.FixtureRequest, with_broker: Callable[[str], Config]) -> Config:
    """The present deployment on each of the three brokers in turn."""
    return with_broker("filesystem://" if request.param == "folder" else request.getfixturevalue(request.param))
