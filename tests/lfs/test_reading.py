"""An object is handed out as it was received, or cut off before its last bytes."""

import hashlib
import os
from collections.abc import Callable

import pytest

from framework.lfs.reading import LfsLost, stream_part, stream_whole
from framework.lfs.receiving import store_files
from framework.repositories import object_keys
from framework.repositories.catalog.changes import StoredLfs
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench, bench, new_bench

pytestmark = on_each_deployment_in_full

__all__ = ["bench", "new_bench"]

FILM = os.urandom(3 << 20)


@pytest.fixture
def film(bench: Bench) -> StoredLfs:
    """A received object."""
    file = bench.folder / "film"
    file.write_bytes(FILM)
    [one] = store_files(bench.repository_id, {hashlib.sha256(FILM).hexdigest(): file})
    return one


def test_it_is_read_whole_and_in_parts(bench: Bench, film: StoredLfs) -> None:
    assert b"".join(stream_whole(bench.repository_id, film)) == FILM
    assert b"".join(stream_part(bench.repository_id, film, 0, len(FILM))) == FILM
    assert b"".join(stream_part(bench.repository_id, film, 1_000_000, 1_000)) == FILM[1_000_000:1_001_000]


def test_an_empty_object(bench: Bench) -> None:
    (bench.folder / "empty").touch()
    [one] = store_files(bench.repository_id, {hashlib.sha256(b"").hexdigest(): bench.folder / "empty"})
    assert b"".join(stream_whole(bench.repository_id, one)) == b""


@pytest.mark.parametrize("spoil", [lambda body: body[:-1], lambda body: bytes([body[0] ^ 1]) + body[1:]])
def test_a_damaged_object_is_never_handed_out_to_its_end(
    bench: Bench, film: StoredLfs, spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    key, body = object_keys.lfs_key(bench.repository_id, film.oid, film.name), spoil(FILM)
    store().delete(key)
    with pytest.raises(LfsLost):
        list(stream_whole(bench.repository_id, film))
    store().put(key, body, sha256=hashlib.sha256(body).hexdigest())
    arrived: list[bytes] = []
    with pytest.raises(LfsLost):
        arrived.extend(stream_whole(bench.repository_id, film))
    assert 0 < sum(map(len, arrived)) < len(body)
    assert [key in record.message for record in caplog.records if record.levelname == "CRITICAL"] == [True, True]


def test_an_error_that_is_not_raised_is_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    assert "damaged" in LfsLost("lfs/x").sentence
    assert caplog.records == []
