"""A large pack comes in parallel ranges, is checked as a whole, and a failing part leaves nothing behind."""

import hashlib
import os
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.repositories import object_keys
from framework.repositories.cache import eviction, ranges
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.hydration import PackAltered, PackMissing
from framework.repositories.cache.marker import FULL
from framework.repositories.models import Pack
from framework.storage.contract import StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

PART = 100_000
LARGE = os.urandom((1 << 20) + 12_345)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "PART_BYTES", PART)


@pytest.fixture
def cold(bench: Bench) -> Bench:
    """A project with one large file, whose copy is away."""
    bench.write(bench.put("large", LARGE), bench.put("small", b"1"))
    eviction.evict(bench.repository_id)
    return bench


def put(body: bytes) -> str:
    store().put("whole/object", body, sha256=hashlib.sha256(body).hexdigest())
    return "whole/object"


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 12 * PART - 1, 12 * PART, 12 * PART + 1])
def test_an_object_of_any_length_comes_whole(settings: Config, tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    with requests() as asked:
        fetched = ranges.fetch(put(body), tmp_path / "target", size)
    assert (fetched.size_bytes, fetched.sha256) == (size, hashlib.sha256(body).hexdigest())
    assert (tmp_path / "target").read_bytes() == body
    assert asked.of("range") == (-(-size // PART) if size > PART else 0)


@pytest.mark.parametrize("stored", [3 * PART, 7 * PART])
def test_an_object_of_another_length_than_expected_is_told_by_length_and_hash(
    settings: Config, tmp_path: Path, stored: int
) -> None:
    body = os.urandom(stored)
    fetched = ranges.fetch(put(body), tmp_path / "target", 5 * PART)
    assert fetched.sha256 == hashlib.sha256(body[: 5 * PART]).hexdigest()
    assert fetched.size_bytes == min(stored, 5 * PART)


def test_a_clone_of_a_cold_project_fetches_its_large_pack_in_parts(cold: Bench) -> None:
    with requests() as asked, open_copy(cold.repository_id, FULL) as copy:
        assert b"".join(copy.blob(hashed(LARGE)).chunks) == LARGE
    assert asked.of("range") == len(LARGE) // PART + 1
    assert asked.of("get") == 2, "the history pack and the index of the large one, each in one piece"


def test_a_pack_with_wrong_bytes_is_fetched_twice_and_never_used(cold: Bench) -> None:
    with transaction() as session:
        session.execute(update(Pack).where(Pack.kind == "blobs").values(pack_sha256="0" * 64))
    with requests() as asked, pytest.raises(PackAltered), open_copy(cold.repository_id, FULL):
        pass
    assert asked.of("range") == 2 * (len(LARGE) // PART + 1)
    assert not eviction.copy_path(cold.repository_id).exists()


def test_a_missing_pack_is_an_alarm(cold: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with read_transaction() as session:
        name = session.scalars(select(Pack.name).where(Pack.kind == "blobs")).one()
    store().delete(object_keys.pack_key(cold.repository_id, name))
    with pytest.raises(PackMissing), open_copy(cold.repository_id, FULL):
        pass
    assert [name in record.message for record in caplog.records if record.levelname == "CRITICAL"] == [True]


def test_a_part_that_fails_leaves_no_file_and_no_writer(
    settings: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, read = 20 * PART, store()._stream
    key, running, lock = put(os.urandom(size)), set[int](), threading.Lock()

    def failing(key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        if start == 3 * PART:
            raise StoreUnavailable
        with lock:
            running.add(start)
        yield from read(key, start, length)
        with lock:
            running.remove(start)

    monkeypatch.setattr(store(), "_stream", failing)
    with pytest.raises(StoreUnavailable):
        ranges.fetch(key, tmp_path / "target", size)
    assert not (tmp_path / "target").exists()
    assert not running, "every part has ended before its file was closed"


def hashed(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
