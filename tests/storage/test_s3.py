"""What is peculiar to S3: requests and round trips, what travels with them, pages, parts, and wrong settings."""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from framework.storage.bodies import CheckedBody
from framework.storage.contract import BodyAltered, StoreRefused, StoreUnavailable
from framework.storage.counting import requests
from framework.storage.retries import RetryPolicy
from framework.storage.s3 import S3Store
from tests.servers.backends.ceph import CHEAP_CLASS
from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy
from tests.storage.conftest import IMPATIENT, OpenStore, Service, hex_of

MIB = 1024 * 1024
NOISE = random.Random(8).randbytes(12 * MIB)

ASK: dict[str, Callable[[S3Store, Path], object]] = {
    "put": lambda store, _: store.put("thing", b"body", sha256=hex_of(b"body")),
    "fetch": lambda store, target: store.fetch("thing", target),
    "read": lambda store, _: store.read("thing"),
    "stream": lambda store, _: list(store.stream("thing")),
    "size": lambda store, _: store.size("thing"),
    "list": lambda store, _: list(store.list("")),
    "delete": lambda store, _: store.delete("thing"),
    "change_class": lambda store, _: store.change_class("thing", CHEAP_CLASS, sha256=hex_of(b"body")),
}
EVERY_CALL = pytest.mark.parametrize("call", ASK)


@EVERY_CALL
def test_a_call_is_one_request_and_one_round_trip(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, call: str
) -> None:
    distant.put("thing", b"body", sha256=hex_of(b"body"))
    proxy.seen.clear()
    with requests() as made:
        ASK[call](distant, tmp_path / "target")
    assert [seen.round_trips for seen in proxy.seen] == [1]
    assert made.total == 1


@pytest.mark.parametrize("size_bytes", [1, 128 * 1024, 128 * 1024 + 1, 12 * MIB])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_put_of_any_size_asks_no_permission_first(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, size_bytes: int, as_file: bool
) -> None:
    body = NOISE[:size_bytes]
    (tmp_path / "source").write_bytes(body)
    distant.put("thing", tmp_path / "source" if as_file else body, sha256=hex_of(body))
    assert [(seen.method, seen.round_trips) for seen in proxy.seen] == [("PUT", 1)]


def test_a_put_carries_our_hash_and_nothing_that_other_vendors_lack(distant: S3Store, proxy: FaultyProxy) -> None:
    distant.put("thing", b"body", sha256=hex_of(b"body"))
    headers = proxy.seen[0].headers
    assert headers["x-amz-content-sha256"] == headers["x-amz-meta-sha256"] == hex_of(b"body")
    assert not {name for name in headers if "checksum" in name or "trailer" in name or name == "expect"}


@pytest.mark.long
def test_it_lists_more_than_one_page(s3: S3Store) -> None:
    keys = [f"many/{number:04}" for number in range(1003)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda key: s3.put(key, b"", sha256=hex_of(b"")), keys))
    with requests() as made:
        assert [line.key for line in s3.list("many/")] == keys
    assert made.of("list") == 2
    assert [line.key for line in s3.list("many/", after="many/0001")] == keys[2:]


@EVERY_CALL
@pytest.mark.parametrize("wrong", [{"secret": "wrong"}, {"key_id": "nobody"}, {"bucket": "no-such-bucket"}])
def test_wrong_settings_are_an_alarm_and_never_a_missing_object(
    service: Service,
    open_store: OpenStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, str],
    call: str,
) -> None:
    with pytest.raises(StoreRefused):
        ASK[call](open_store(service.settings(**wrong)), tmp_path / "target")
    assert [record.levelno for record in caplog.records if "ALARM" in record.message] == [logging.CRITICAL]


def test_it_signs_addresses_for_others(s3: S3Store) -> None:
    put = s3.presign_put("thing", 600, size_bytes=6) or ""
    with urlopen(Request(put, data=b"theirs", method="PUT")) as answer:
        assert answer.status == 200
    assert s3.read("thing") == b"theirs"
    with urlopen(s3.presign_get("thing", 600) or "") as answer:
        assert answer.read() == b"theirs"


@pytest.mark.parametrize("body", [b"longer than promised", b"", b"short"])
def test_an_address_for_a_put_takes_the_promised_length_only(s3: S3Store, body: bytes) -> None:
    put = s3.presign_put("thing", 600, size_bytes=6) or ""
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(put, data=body, method="PUT"))
    assert refused.value.code == 403
    refused.value.close()
    assert list(s3.list("thing")) == []


def test_an_address_for_one_object_opens_no_other(s3: S3Store) -> None:
    s3.put("other", b"secret", sha256=hex_of(b"secret"))
    address = (s3.presign_get("thing", 600) or "").replace("/thing?", "/other?")
    with pytest.raises(HTTPError) as refused:
        urlopen(address)
    assert refused.value.code == 403
    refused.value.close()


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A file of 12 MiB."""
    path = tmp_path / "noise"
    path.write_bytes(NOISE)
    return path


PARTS = {"multipart_bytes": 6 * MIB, "part_bytes": 5 * MIB}


def test_it_sends_a_large_file_in_parts(service: Service, open_store: OpenStore, noise: Path, tmp_path: Path) -> None:
    store = open_store(service.settings(), **PARTS)
    with requests() as made:
        store.put("large", noise, sha256=hex_of(NOISE))
    assert made.operations == ["multipart"] * 5
    assert store.fetch("large", tmp_path / "target").sha256 == hex_of(NOISE)
    assert store.size("large") == len(NOISE)


@pytest.mark.parametrize(
    ("method", "part", "fault"),
    [
        ("POST", "uploads", Fault(status=503)),
        ("PUT", "partNumber=2", Fault(status=500)),
        ("PUT", "partNumber=2", Fault(cut_request_after_bytes=MIB)),
        ("PUT", "partNumber=2", Fault(flip_request_byte=MIB)),
        ("PUT", "partNumber=3", Fault(lost_answer=500)),
        ("POST", "uploadId", Fault(lost_answer=500)),
    ],
    ids=["begin", "part", "cut", "altered", "part-answer", "end-answer"],
)
def test_a_part_that_fails_is_sent_again(
    service: Service,
    proxy: FaultyProxy,
    open_store: OpenStore,
    noise: Path,
    method: str,
    part: str,
    fault: Fault,
) -> None:
    proxy.spoil(method, fault, part=part)
    store = open_store(service.settings(url=proxy.url), **PARTS)
    store.put("large", noise, sha256=hex_of(NOISE))
    assert hex_of(store.read("large")) == hex_of(NOISE)


def test_a_file_that_cannot_be_sent_leaves_no_parts(
    service: Service, proxy: FaultyProxy, open_store: OpenStore, noise: Path
) -> None:
    proxy.spoil("PUT", Fault(status=503), part="partNumber=2", times=10_000)
    with pytest.raises(StoreUnavailable):
        open_store(service.settings(url=proxy.url), IMPATIENT, **PARTS).put("large", noise, sha256=hex_of(NOISE))
    assert service.keys() == []
    assert service.unfinished_uploads() == 0


def read_bytes() -> int:
    """How many bytes this process has read from files so far (proc(5), `io`)."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_a_file_is_read_once_to_be_sent(s3: S3Store, noise: Path) -> None:
    s3.put("first", b"", sha256=hex_of(b""))  # what is read to connect
    before = read_bytes()
    s3.put("noise", noise, sha256=hex_of(NOISE))
    assert read_bytes() - before < 1.5 * len(NOISE)


def test_the_last_bytes_of_an_altered_body_are_not_sent() -> None:
    body = CheckedBody(RetryPolicy(), BytesIO(NOISE), "noise", len(NOISE), hex_of(b"another"))
    for _again in range(2):  # who sends rewinds, and begins anew
        for _piece in range(len(NOISE) // MIB - 1):
            assert len(body.read(MIB)) == MIB
        with pytest.raises(BodyAltered, match="noise"):
            body.read(MIB)
        body.seek(0)


def test_a_body_that_ends_early_is_altered() -> None:
    body = CheckedBody(RetryPolicy(), BytesIO(NOISE[:-1]), "noise", len(NOISE), hex_of(NOISE))
    assert len(body.read(len(NOISE))) == len(NOISE) - 1
    with pytest.raises(BodyAltered, match="noise"):
        body.read(MIB)


@pytest.mark.parametrize("content", [b"", b"short"])
def test_nothing_is_sent_of_a_short_file_that_has_changed(
    distant: S3Store, proxy: FaultyProxy, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BodyAltered):
        distant.put("thing", tmp_path / "file", sha256=hex_of(b"another"))
    assert proxy.seen == []


def test_a_changed_file_is_told_as_such_while_another_failure_is_handled(s3: S3Store, noise: Path) -> None:
    try:
        int("another failure")
    except ValueError:
        with pytest.raises(BodyAltered):
            s3.put("noise", noise, sha256=hex_of(b"another"))


def test_a_body_that_was_rewound_in_the_middle_is_hashed_from_its_beginning() -> None:
    body = CheckedBody(RetryPolicy(), BytesIO(NOISE), "noise", len(NOISE), hex_of(NOISE))
    body.read(MIB)
    body.seek(0)
    assert b"".join(iter(lambda: body.read(MIB), b"")) == NOISE


def test_it_refuses_to_send_a_large_file_that_has_changed(service: Service, open_store: OpenStore, noise: Path) -> None:
    with pytest.raises(BodyAltered):
        open_store(service.settings(), **PARTS).put("large", noise, sha256=hex_of(b"another"))
    assert service.keys() == []
    assert service.unfinished_uploads() == 0
