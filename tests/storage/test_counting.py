"""The counts of what the store was asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from framework.storage.contract import ObjectMissing, ObjectStore
from framework.storage.counting import Meter, requests
from tests.cast import on_each_deployment
from tests.observability.numbers import Growth
from tests.storage.conftest import hex_of

pytestmark = on_each_deployment


class StoreGrowth(Growth):
    """How much this process's numbers about the store have grown since the beginning."""

    def sent(self, operation: str) -> float:
        """The bytes that went to the store."""
        return self.of("holdfast_store_bytes_total", operation=operation, direction="sent")

    def received(self, operation: str) -> float:
        """The bytes that came from the store."""
        return self.of("holdfast_store_bytes_total", operation=operation, direction="received")


def test_it_counts_by_operation_from_every_thread() -> None:
    meter, growth = Meter(), StoreGrowth()

    def ask(number: int) -> None:
        with meter.request("put", sent_bytes=number):
            pass
        with meter.request("get") as made:
            made.received_bytes = 2

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(ask, range(100)))
    assert (growth.of("holdfast_store_requests_total", operation="put", outcome="ok"), growth.sent("put")) == (
        100,
        sum(range(100)),
    )
    assert (growth.of("holdfast_store_requests_total", operation="get", outcome="ok"), growth.received("get")) == (
        100,
        200,
    )


def test_a_request_that_raises_is_a_failure_too() -> None:
    growth = StoreGrowth()
    with pytest.raises(ZeroDivisionError), Meter().request("put"):
        raise ZeroDivisionError
    assert growth.of("holdfast_store_requests_total", operation="put", outcome="failed") == 1
    assert growth.of("holdfast_store_requests_total", operation="put", outcome="ok") == 0


def test_it_counts_what_a_block_asks_and_nothing_else() -> None:
    meter = Meter()
    with meter.request("put"):
        pass
    with meter.watch() as outer:
        with meter.request("get"), meter.watch() as inner:
            pass
        with meter.request("head"):
            pass
    with meter.request("list"):
        pass
    assert (inner.total, outer.operations, outer.of("get")) == (0, ["get", "head"], 1)


def test_every_store_counts(store: ObjectStore) -> None:
    body = b"twelve bytes"
    growth = StoreGrowth()
    with requests() as made:
        store.put("thing", body, sha256=hex_of(body))
        store.read("thing")
        assert list(store.stream("thing", 2, 3)) == [body[2:5]]
        store.size("thing")
        list(store.list(""))
        store.delete("thing")
        with pytest.raises(ObjectMissing):
            store.read("thing")
    assert made.operations == ["put", "get", "range", "head", "list", "delete", "get"]
    assert growth.sent("put") == len(body)
    assert (growth.received("range"), growth.received("get")) == (3, len(body))
    assert growth.of("holdfast_store_requests_total", operation="get", outcome="failed") == 1
    assert growth.of("holdfast_store_request_seconds_count", operation="put") == 1
