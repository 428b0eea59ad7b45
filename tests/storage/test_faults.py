"""What the project makes of an S3 service that refuses, hangs, breaks off, crawls, lies, or fails."""

import logging
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from framework.files import CHUNK_BYTES
from framework.storage.contract import BodyAltered, StoreRefused, StoreUnavailable
from framework.storage.retries import RetryPolicy
from framework.storage.s3 import S3Store
from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy
from tests.storage.conftest import HASTY, OpenStore, Service, hex_of

MIB = 1024 * 1024
NOISE = random.Random(9).randbytes(2 * MIB)
OFTEN = 10_000

ASK: dict[str, Callable[[S3Store, Path], object]] = {
    "put": lambda store, _: store.put("new", NOISE, sha256=hex_of(NOISE)),
    "fetch": lambda store, target: store.fetch("noise", target),
    "read": lambda store, _: store.read("noise"),
    "stream": lambda store, _: b"".join(store.stream("noise")),
    "size": lambda store, _: store.size("noise"),
    "list": lambda store, _: list(store.list("")),
    "delete": lambda store, _: store.delete("noise"),
}
METHOD = {"put": "PUT", "size": "HEAD", "delete": "DELETE"}
EVERY_CALL = pytest.mark.parametrize("call", ASK)
GET_CALLS = pytest.mark.parametrize("call", ["fetch", "read"])
ONCE = {
    "500": Fault(status=500),
    "503": Fault(status=503, code="SlowDown"),
    "429": Fault(status=429, code="TooManyRequests"),
    "lost": Fault(lost_answer=500),
}


@pytest.fixture(autouse=True)
def _stored(service: Service) -> None:
    """The bucket holds `noise`."""
    metadata = {"sha256": hex_of(NOISE)}
    service.ceph.client().put_object(Bucket=service.bucket, Key="noise", Body=NOISE, Metadata=metadata)


@EVERY_CALL
@pytest.mark.parametrize("fault", ONCE.values(), ids=ONCE)
def test_a_call_that_fails_once_is_repeated(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str, fault: Fault
) -> None:
    proxy.spoil(METHOD.get(call, "GET"), fault)
    ASK[call](distant, tmp_path / "target")
    assert len(proxy.seen) == 2


@EVERY_CALL
def test_a_call_that_is_not_answered_is_repeated(
    service: Service, open_store: OpenStore, proxy: FaultyProxy, tmp_path: Path, call: str
) -> None:
    store = open_store(service.settings(url=proxy.url), HASTY)
    proxy.spoil(METHOD.get(call, "GET"), Fault(hang=True))
    ASK[call](store, tmp_path / "target")
    assert len(proxy.seen) >= 2


def test_a_put_whose_answer_was_lost_is_sent_again_with_the_same_bytes(
    distant: S3Store, proxy: FaultyProxy, service: Service
) -> None:
    proxy.spoil("PUT", Fault(lost_answer=503))
    distant.put("new", NOISE, sha256=hex_of(NOISE))
    assert len({seen.headers["x-amz-content-sha256"] for seen in proxy.seen}) == 1
    assert distant.read("new") == NOISE


@EVERY_CALL
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), marks=pytest.mark.long),
        Fault(status=503),
        pytest.param(Fault(hang=True), marks=pytest.mark.long),
    ],
    ids=["500", "503", "hang"],
)
def test_a_call_that_goes_on_failing_is_given_up(
    impatient: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str, fault: Fault
) -> None:
    proxy.spoil(METHOD.get(call, "GET"), fault, times=OFTEN)
    with pytest.raises(StoreUnavailable):
        ASK[call](impatient, tmp_path / "target")
    assert not (tmp_path / "target").exists()


@EVERY_CALL
def test_a_service_that_is_away_is_unavailable_until_it_is_back(
    impatient: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str
) -> None:
    with proxy.refusing(), pytest.raises(StoreUnavailable):
        ASK[call](impatient, tmp_path / "target")
    while True:
        with suppress(StoreUnavailable):
            assert impatient.size("noise") == len(NOISE)
            break


@EVERY_CALL
def test_a_403_is_an_alarm_at_once_and_never_a_missing_object(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    proxy.spoil(METHOD.get(call, "GET"), Fault(status=403, code="AccessDenied"), times=OFTEN)
    with pytest.raises(StoreRefused):
        ASK[call](distant, tmp_path / "target")
    assert len(proxy.seen) == 1
    assert [record.levelno for record in caplog.records if "ALARM" in record.message] == [logging.CRITICAL]


@pytest.mark.parametrize("call", ["fetch", "read", "stream"])
def test_a_404_that_is_not_s3s_own_is_no_missing_object(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str
) -> None:
    proxy.spoil("GET", Fault(status=404, code="SomebodyElsesPage"), times=OFTEN)
    with pytest.raises(StoreRefused):
        ASK[call](distant, tmp_path / "target")


@GET_CALLS
@pytest.mark.parametrize(
    "fault", [Fault(cut_answer_after_bytes=MIB), Fault(flip_answer_byte=MIB)], ids=["short", "altered"]
)
def test_a_short_or_altered_body_is_discarded_and_fetched_once_more(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str, fault: Fault
) -> None:
    proxy.spoil("GET", fault)
    ASK[call](distant, tmp_path / "target")
    assert len(proxy.seen) == 2
    assert call == "read" or (tmp_path / "target").read_bytes() == NOISE


@GET_CALLS
@pytest.mark.parametrize(
    "fault", [Fault(cut_answer_after_bytes=MIB), Fault(flip_answer_byte=MIB)], ids=["short", "altered"]
)
def test_a_body_that_arrives_wrong_twice_is_refused(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str, fault: Fault
) -> None:
    proxy.spoil("GET", fault, times=OFTEN)
    with pytest.raises(BodyAltered, match="noise"):
        ASK[call](distant, tmp_path / "target")
    assert len(proxy.seen) == 2
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(
    "fault", [Fault(cut_request_after_bytes=MIB), Fault(flip_request_byte=MIB)], ids=["short", "altered"]
)
def test_a_body_that_reaches_the_service_wrong_is_sent_again(
    distant: S3Store, proxy: FaultyProxy, fault: Fault
) -> None:
    proxy.spoil("PUT", fault)
    distant.put("new", NOISE, sha256=hex_of(NOISE))
    assert distant.read("new") == NOISE


def test_a_body_that_always_reaches_the_service_wrong_is_not_stored(
    distant: S3Store, proxy: FaultyProxy, service: Service
) -> None:
    proxy.spoil("PUT", Fault(flip_request_byte=MIB), times=OFTEN)
    with pytest.raises(BodyAltered, match="new"):
        distant.put("new", NOISE, sha256=hex_of(NOISE))
    assert service.keys() == ["noise"]


@pytest.mark.long
@pytest.mark.parametrize("call", ["put", "fetch", "read", "stream"])
def test_a_body_that_crawls_is_given_up(impatient: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str) -> None:
    proxy.spoil(METHOD.get(call, "GET"), Fault(slow_bytes_per_second=400_000), times=OFTEN)
    with pytest.raises(StoreUnavailable):
        ASK[call](impatient, tmp_path / "target")


def test_a_stream_that_breaks_goes_on_where_it_broke(distant: S3Store, proxy: FaultyProxy) -> None:
    proxy.spoil("GET", Fault(cut_answer_after_bytes=MIB))
    assert b"".join(distant.stream("noise", 7, len(NOISE) - 9)) == NOISE[7:-2]
    first, second = (seen.headers["range"] for seen in proxy.seen)
    assert first == f"bytes=7-{len(NOISE) - 3}"
    resumed_at = int(second.removeprefix("bytes=").partition("-")[0])
    assert resumed_at == 7 + MIB // CHUNK_BYTES * CHUNK_BYTES, "after the last chunk that came whole"


def test_a_stream_that_breaks_again_is_given_up(distant: S3Store, proxy: FaultyProxy) -> None:
    proxy.spoil("GET", Fault(cut_answer_after_bytes=300_000), times=OFTEN)
    with pytest.raises(BodyAltered, match="noise"):
        list(distant.stream("noise"))
    assert len(proxy.seen) == 2


def test_one_try_waits_for_its_answer_as_long_as_for_a_read() -> None:
    """A small body on a busy machine is no store that is away."""
    one_try = RetryPolicy(read_timeout_seconds=4, deadline_seconds=0)
    one_try.refuse_slow(waited_seconds=3.9, moved_bytes=96)
    with pytest.raises(StoreUnavailable):
        one_try.refuse_slow(waited_seconds=4.1, moved_bytes=96)
