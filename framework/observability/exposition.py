"""All numbers in the text format of Prometheus."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from framework import config
from framework.observability.counts import COUNTS

__all__ = ["CONTENT_TYPE", "expose"]


def expose(*more: Collector) -> bytes:
    """The counts of all workers of this web server, and what `more` finds out now."""
    registry = CollectorRegistry()
    for collector in (_counts(), *more):
        registry.register(collector)
    return generate_latest(registry)


def _counts() -> Collector:
    shared = config.current().metrics_folder
    if shared is None:
        return COUNTS
    shared.mkdir(parents=True, exist_ok=True)  # some systems sweep temporary folders
    return MultiProcessCollector(None, str(shared))  # type: ignore[no-untyped-call]
