"""The counts of what the store was asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from framework.storage.contract import ObjectMissing, ObjectStore
from framework.storage.counting import METER, Meter, Tally, requests
from tests.cast import on_each_deployment
from tests.storage.conftest import hex_of

pytestmark = on_each_deployment


def test_it_counts_by_operation_from_every_thread() -> None:
    meter = Meter()

    def ask(number: int) -> None:
        with meter.request("put", sent_bytes=number):
            pass
        with meter.request("get") as made:
            made.received_bytes = 2

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(ask, range(100)))
    tallies = meter.tallies()
    assert (tallies["put"].requests, tallies["put"].sent_bytes) == (100, sum(range(100)))
    assert (tallies["get"].requests, tallies["get"].received_bytes) == (100, 200)


def test_a_request_that_raises_is_a_failure_too() -> None:
    meter = Meter()
    with pytest.raises(ZeroDivisionError), meter.request("put"):
        raise ZeroDivisionError
    assert (meter.tallies()["put"].requests, meter.tallies()["put"].failures) == (1, 1)


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
    before = METER.tallies()
    with requests() as made:
        store.put("thing", body, sha256=hex_of(body))
        store.read("thing")
        assert list(store.stream("thing", 2, 3)) == [body[2:5]]
        store.size("thing")
        list(store.list(""))
        store.delete("thing")
        with pytest.raises(ObjectMissing):
            store.read("thing")
    after = METER.tallies()
    assert made.operations == ["put", "get", "range", "head", "list", "delete", "get"]
    assert after["put"].sent_bytes - before.get("put", Tally()).sent_bytes == len(body)
    assert after["range"].received_bytes - before.get("range", Tally()).received_bytes == 3
    assert after["get"].received_bytes - before.get("get", Tally()).received_bytes == len(body)
    assert after["get"].failures - before.get("get", Tally()).failures == 1
    assert after["put"].seconds > 0
