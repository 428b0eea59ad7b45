"""The counters of one process, each with the verb that moves it; no label names a person or a project."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

from framework.observability import process_id
from framework.observability.folder import VARIABLE

if VARIABLE in os.environ:
    values.ValueClass = values.MultiProcessValue(process_id.read)  # type: ignore[no-untyped-call]

COUNTS = CollectorRegistry()
STORE_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

_store_requests = Counter(
    "holdfast_store_requests",
    "Requests to the object store; one for a missing object has failed, too.",
    ["operation", "outcome"],
    registry=COUNTS,
)
_store_bytes = Counter(
    "holdfast_store_bytes", "Bytes to and from the object store.", ["operation", "direction"], registry=COUNTS
)
_store_seconds = Histogram(
    "holdfast_store_request_seconds",
    "How long the object store took to answer.",
    ["operation"],
    registry=COUNTS,
    buckets=STORE_BUCKETS,
)
_cache_opened = Counter(
    "holdfast_cache_opened",
    "Local copies opened: a hit was there in the wanted version, a miss had to wait until it was.",
    ["result"],
    registry=COUNTS,
)
_cache_filled = Counter(
    "holdfast_cache_filled",
    "Local copies filled from the object store: made anew (hydration) or brought forward (catch_up).",
    ["way"],
    registry=COUNTS,
)
_cache_evicted = Counter("holdfast_cache_evicted", "Local copies dropped to make room.", registry=COUNTS)
_cache_evicted_bytes = Counter("holdfast_cache_evicted_bytes", "Bytes of dropped copies.", registry=COUNTS)
_prefetches = Counter(
    "holdfast_prefetches",
    "Copies that were completed beside a page: done, needless by then, no_room for them, or failed.",
    ["outcome"],
    registry=COUNTS,
)
_prefetched_bytes = Counter("holdfast_prefetched_bytes", "Bytes of packs fetched beside a page.", registry=COUNTS)
_changes = Counter(
    "holdfast_changes",
    "Changes of repositories: committed, retried on a newer tip, or refused for a conflict.",
    ["kind", "outcome"],
    registry=COUNTS,
)
_requests = Counter(
    "holdfast_http_requests", "HTTP requests by the class of their answer.", ["endpoint", "status"], registry=COUNTS
)
_request_seconds = Histogram(
    "holdfast_http_request_seconds",
    "Seconds from a request's first line to the last byte of its answer.",
    ["endpoint"],
    registry=COUNTS,
    buckets=HTTP_BUCKETS,
)
_requests_under_way = Gauge(
    "holdfast_http_requests_under_way",
    "HTTP requests that are being answered at this moment.",
    registry=COUNTS,
    multiprocess_mode="livesum",
)


def count_store_request(operation: str, *, failed: bool, sent_bytes: int, seconds: float) -> None:
    """A request to the object store has ended."""
    _store_requests.labels(operation, "failed" if failed else "ok").inc()
    _store_bytes.labels(operation, "sent").inc(sent_bytes)
    _store_seconds.labels(operation).observe(seconds)


def store_gave(operation: str, size_bytes: int) -> None:
    """Bytes came from the object store."""
    _store_bytes.labels(operation, "received").inc(size_bytes)


def count_copy_opened(*, at_once: bool) -> None:
    """A reader has a local copy: at once, or after it was filled."""
    _cache_opened.labels("hit" if at_once else "miss").inc()


def count_copy_filled(*, anew: bool) -> None:
    """A local copy was filled from the object store."""
    _cache_filled.labels("hydration" if anew else "catch_up").inc()


def count_copy_evicted(size_bytes: int) -> None:
    """A local copy of this size was dropped to make room."""
    _cache_evicted.inc()
    _cache_evicted_bytes.inc(size_bytes)


def count_prefetch(outcome: str, size_bytes: int) -> None:
    """A prefetch has ended: `done`, `needless`, `no_room` or `failed`, after so many bytes."""
    _prefetches.labels(outcome).inc()
    _prefetched_bytes.inc(size_bytes)


def count_change_committed(kind: str) -> None:
    """A change became a version."""
    _changes.labels(kind, "committed").inc()


def count_change_retried(kind: str) -> None:
    """Another change landed first, and this one is made again on top of it."""
    _changes.labels(kind, "retried").inc()


def count_change_conflicted(kind: str) -> None:
    """Another change touched the same, and this one is refused."""
    _changes.labels(kind, "conflict").inc()


def count_request_begun() -> None:
    """A request has arrived."""
    _requests_under_way.inc()


def count_request_ended(endpoint: str, status: int, seconds: float) -> None:
    """A request has been answered in full, or its client has gone away."""
    _requests_under_way.dec()
    _requests.labels(endpoint, f"{status // 100}xx").inc()
    _request_seconds.labels(endpoint).observe(seconds)
