"""Deployments with each of the brokers."""

from collections.abc import Callable

import pytest

from framework.config import Config

BROKERS = ("folder", "redis", "rabbitmq")


@pytest.fixture(params=BROKERS)
def each_broker(request: pytest.FixtureRequest, with_settings: Callable[..., Config]) -> Config:
    """The present deployment on each of the three brokers in turn."""
    url = "folder:" if request.param == "folder" else request.getfixturevalue(request.param)
    return with_settings(broker_url=url)
