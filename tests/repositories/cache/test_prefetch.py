"""Prefetch: a copy becomes full beside its readers, and only where there is room."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest

from framework.accounts.core.account import Account
from framework.config import Config
from framework.observability.counts import COUNTS
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache import eviction, prefetch
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL, read_marker
from framework.storage.contract import Fetched, StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import SignIn, Visitor, on_each_deployment_in_full, on_one_deployment
from tests.repositories.conftest import Bench
from tests.servers.processes import HANG_SECONDS

pytestmark = on_each_deployment_in_full

LARGE = os.urandom(2 << 20)


@pytest.fixture
def looked_at(bench: Bench) -> Bench:
    """A project whose page somebody has opened: the copy has no large files."""
    bench.write(bench.put("large", LARGE), bench.put("small", b"1"))
    eviction.evict(bench.repository_id)
    bench.read("small")
    return bench


def ended(outcome: str) -> float:
    return COUNTS.get_sample_value("holdfast_prefetches_total", {"outcome": outcome}) or 0.0


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        sleep(0.02)


def kind(bench: Bench) -> str | None:
    marker = read_marker(eviction.copy_path(bench.repository_id))
    return marker.kind if marker else None


def test_a_copy_becomes_full_in_the_background(looked_at: Bench) -> None:
    before = ended("done")
    prefetch.warm(looked_at.repository_id)
    wait_for(lambda: ended("done") > before)
    assert kind(looked_at) == FULL
    with requests() as asked, open_copy(looked_at.repository_id, FULL):
        assert looked_at.read("large") == LARGE
    assert asked.total == 0
    with requests() as asked:
        prefetch.warm(looked_at.repository_id)
        assert prefetch.complete(looked_at.repository_id) == ("needless", 0)
    assert asked.total == 0


def test_readers_and_writers_do_not_wait_for_it(looked_at: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, started, go_on = store()._fetch, threading.Event(), threading.Event()

    def held_up(key: str, target: Path) -> Fetched:
        if "/scratch/prefetch-" in str(target):
            started.set()
            assert go_on.wait(HANG_SECONDS)
        return fetch(key, target)

    monkeypatch.setattr(store(), "_fetch", held_up)
    before = ended("done")
    prefetch.warm(looked_at.repository_id)
    assert started.wait(HANG_SECONDS)
    looked_at.write(looked_at.put("small", b"2"))
    assert looked_at.read("small") == b"2"
    assert looked_at.read("large") == LARGE
    assert eviction.evict(looked_at.repository_id)
    looked_at.read("small")
    go_on.set()
    wait_for(lambda: ended("done") > before)
    assert kind(looked_at) == FULL
    assert looked_at.read("small") == b"2"


@pytest.mark.parametrize("lacking", [{"cache_max_bytes": 10 << 20}, {"max_request_bytes": 1 << 60}])
def test_it_leaves_a_copy_alone_that_has_no_room(
    looked_at: Bench, with_settings: Callable[..., Config], lacking: dict[str, int]
) -> None:
    with_settings(**lacking)
    with requests() as asked:
        assert prefetch.complete(looked_at.repository_id) == ("no_room", 0)
    assert asked.total == 0
    assert kind(looked_at) == "history"


def test_a_copy_that_was_evicted_meanwhile_stays_away(looked_at: Bench) -> None:
    eviction.evict(looked_at.repository_id)
    assert prefetch.complete(looked_at.repository_id) == ("needless", 0)
    assert kind(looked_at) is None


def test_a_store_that_is_away_is_counted_and_tried_again_later(
    looked_at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_key: str, _target: Path) -> Fetched:
        raise StoreUnavailable

    failed, done = ended("failed"), ended("done")
    with monkeypatch.context() as patch:
        patch.setattr(store(), "_fetch", fail)
        prefetch.warm(looked_at.repository_id)
        wait_for(lambda: ended("failed") > failed)
    prefetch.warm(looked_at.repository_id)
    wait_for(lambda: ended("done") > done)


@on_one_deployment
def test_a_setting_switches_it_off(looked_at: Bench, with_settings: Callable[..., Config]) -> None:
    with_settings(prefetch=False)
    prefetch.warm(looked_at.repository_id)
    assert not prefetch._waiting
    assert Config.from_environment({"PREFETCH": "off", "HOLDFAST_DATA": str(looked_at.folder)}).prefetch is False


def test_who_is_signed_in_and_opens_the_page_has_the_rest_fetched(
    alice: Account, website: ProjectAccess, visitor: Visitor, signed_in: SignIn, tmp_path: Path
) -> None:
    bench = Bench(website.repository_id, tmp_path)
    bench.write(bench.put("large", LARGE), bench.put("small", b"1"))
    eviction.evict(bench.repository_id)
    before = ended("done")
    assert visitor.get("/alice/website").status_code == 200
    assert (kind(bench), ended("done"), prefetch._waiting) == ("history", before, set())
    assert signed_in(alice).get("/alice/website").status_code == 200
    wait_for(lambda: ended("done") > before)
    assert kind(bench) == FULL
