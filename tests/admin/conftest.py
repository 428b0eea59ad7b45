"""The brokers that the tests of workers use, too."""

from tests.celery.conftest import each_broker

__all__ = ["each_broker"]
