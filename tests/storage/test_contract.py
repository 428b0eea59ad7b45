"""What is promised of every object store, asked of the folder and of the S3 service alike."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.config import Config
from framework.database.session import read_transaction
from framework.storage.contract import BodyAltered, KeyInvalid, ObjectMissing, ObjectStore
from framework.storage.counting import requests
from tests.cast import on_each_deployment
from tests.storage.conftest import hex_of

pytestmark = on_each_deployment

NOISE = random.Random(7).randbytes(700_000)
BODIES = pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)), NOISE], ids=["empty", "one", "all", "long"])


@pytest.fixture
def stored(store: ObjectStore) -> ObjectStore:
    """A store that holds `a/noise`."""
    store.put("a/noise", NOISE, sha256=hex_of(NOISE))
    return store


@BODIES
def test_it_gives_back_what_was_put(store: ObjectStore, body: bytes) -> None:
    store.put("repos/1/thing", body, sha256=hex_of(body))
    assert store.read("repos/1/thing") == body


@BODIES
def test_it_takes_a_file_and_fetches_into_a_file(store: ObjectStore, body: bytes, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(body)
    store.put("repos/1/thing", tmp_path / "source", sha256=hex_of(body))
    fetched = store.fetch("repos/1/thing", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == body
    assert (fetched.size_bytes, fetched.sha256) == (len(body), hex_of(body))


@BODIES
def test_it_knows_the_size(store: ObjectStore, body: bytes) -> None:
    store.put("thing", body, sha256=hex_of(body))
    assert store.size("thing") == len(body)


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, None), (0, 0), (0, 1), (5, 300_000), (699_999, None), (699_999, 5), (700_000, None), (900_000, 4), (3, 10**9)],
)
def test_it_streams_a_range(stored: ObjectStore, start: int, length: int | None) -> None:
    expected = NOISE[start:] if length is None else NOISE[start : start + length]
    with stored.stream("a/noise", start, length) as chunks:
        pieces = list(chunks)
    assert b"".join(pieces) == expected
    assert all(pieces)


def test_it_streams_an_empty_object(store: ObjectStore) -> None:
    store.put("nothing", b"", sha256=hex_of(b""))
    assert list(store.stream("nothing")) == []


def test_a_stream_may_be_left_early(stored: ObjectStore) -> None:
    with stored.stream("a/noise") as chunks:
        assert NOISE.startswith(next(chunks))
    assert list(chunks) == []
    assert stored.read("a/noise") == NOISE


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, _: store.read("not/there"),
        lambda store, _: store.size("not/there"),
        lambda store, _: store.stream("not/there"),
        lambda store, _: store.stream("not/there", 5, 5),
        lambda store, target: store.fetch("not/there", target),
    ],
    ids=["read", "size", "stream", "range", "fetch"],
)
def test_it_tells_that_an_object_is_missing(
    store: ObjectStore, tmp_path: Path, ask: Callable[[ObjectStore, Path], object]
) -> None:
    with pytest.raises(ObjectMissing, match="not/there"):
        ask(store, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_it_takes_the_same_bytes_again(stored: ObjectStore) -> None:
    stored.put("a/noise", NOISE, sha256=hex_of(NOISE))
    assert stored.read("a/noise") == NOISE


def test_it_deletes(stored: ObjectStore) -> None:
    stored.delete("a/noise")
    assert list(stored.list("")) == []
    with pytest.raises(ObjectMissing):
        stored.read("a/noise")


def test_it_deletes_what_is_not_there(stored: ObjectStore) -> None:
    stored.delete("a/nothing")
    stored.delete("b/c/nothing")
    assert stored.read("a/noise") == NOISE


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("body", [b"short", NOISE], ids=["short", "long"])
def test_it_refuses_bytes_that_are_not_those_that_were_checked(
    store: ObjectStore, tmp_path: Path, body: bytes, as_file: bool
) -> None:
    (tmp_path / "source").write_bytes(body)
    with pytest.raises(BodyAltered):
        store.put("thing", tmp_path / "source" if as_file else body, sha256=hex_of(b"another"))
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["a-b", "a/b", "a/b.c/d", "a/bc/d", "a0", "b"]),
        ("a", ["a-b", "a/b", "a/b.c/d", "a/bc/d", "a0"]),
        ("a/", ["a/b", "a/b.c/d", "a/bc/d"]),
        ("a/b", ["a/b", "a/b.c/d", "a/bc/d"]),
        ("a/bc/d", ["a/bc/d"]),
        ("a/bc/d/", []),
        ("c", []),
        ("c/d/", []),
    ],
)
def test_it_lists_in_the_order_of_the_keys(store: ObjectStore, prefix: str, expected: list[str]) -> None:
    for key in ("b", "a0", "a/bc/d", "a/b", "a-b", "a/b.c/d"):
        store.put(key, key.encode(), sha256=hex_of(key.encode()))
    found = list(store.list(prefix))
    assert [line.key for line in found] == expected
    assert [line.size_bytes for line in found] == [len(key) for key in expected]


@pytest.mark.parametrize(
    ("after", "expected"),
    [("", ["a/b", "a/c", "a/d"]), ("a/b", ["a/c", "a/d"]), ("a/b-", ["a/c", "a/d"]), ("a/d", []), ("b", [])],
)
def test_it_lists_what_comes_after_a_key(store: ObjectStore, after: str, expected: list[str]) -> None:
    for key in ("a/b", "a/c", "a/d", "c"):
        store.put(key, b"", sha256=hex_of(b""))
    with requests() as asked:
        assert [line.key for line in store.list("a/", after=after)] == expected
    assert asked.operations == ["list"]


def test_it_tells_when_an_object_was_stored(stored: ObjectStore) -> None:
    (line,) = stored.list("")
    assert abs(datetime.now(UTC) - line.modified_at) < timedelta(minutes=10)


@pytest.mark.parametrize(
    "key",
    [
        *("", "/a", "a/", "a//b", "../a", "a/../b", "a/.", ".hidden", "a/.b", "-a"),
        *("a b", "ä", "a\\b", "a\n", "a\0", "a" * 201, "/".join(["a" * 100] * 10)),
    ],
)
def test_it_refuses_a_bad_key(store: ObjectStore, key: str) -> None:
    with pytest.raises(KeyInvalid):
        store.put(key, b"", sha256=hex_of(b""))
    with pytest.raises(KeyInvalid):
        store.read(key)


@pytest.mark.parametrize("prefix", ["/", "../", "a/../", "a//", ".", "ä", "a\n"])
def test_it_refuses_a_bad_prefix(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(KeyInvalid):
        store.list(prefix)


@pytest.mark.deployments("embedded")
@pytest.mark.parametrize(
    "ask",
    [
        lambda store, _: store.put("a", b"", sha256=hex_of(b"")),
        lambda store, target: store.fetch("a", target),
        lambda store, _: store.read("a"),
        lambda store, _: store.stream("a"),
        lambda store, _: store.size("a"),
        lambda store, _: store.list(""),
        lambda store, _: store.delete("a"),
    ],
    ids=["put", "fetch", "read", "stream", "size", "list", "delete"],
)
def test_it_is_not_asked_while_a_database_session_is_open(
    store: ObjectStore, settings: Config, tmp_path: Path, ask: Callable[[ObjectStore, Path], object]
) -> None:
    with (
        read_transaction(),
        pytest.raises(RuntimeError, match="the object store was called with a database session open"),
    ):
        ask(store, tmp_path / "target")
