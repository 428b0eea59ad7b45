"""Deployments with each of the brokers: `make test` runs on Redis, which most have, `make test-full` on all."""

from collections.abc import Callable

import pytest

from framework.config import Config

BROKERS = (pytest.param("folder", marks=pytest.mark.long), "redis", pytest.param("rabbitmq", marks=pytest.mark.long))


@pytest.fixture(params=BROKERS)
def each_broker(request: pytest.FixtureRequest, with_settings: Callable[..., Config]) -> Config:
    """The present deployment on each of the three brokers in turn."""
    url = "folder:" if request.param == "folder" else request.getfixturevalue(request.param)
    return with_settings(broker_url=url)
