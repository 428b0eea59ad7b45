"""Twenty readers while copies are dropped, woken and completed under their hands: every answer is right."""

import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from framework.config import Config
from framework.gitcore import git
from framework.repositories.cache import eviction, prefetch, ranges
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

READERS = 20
READS = 8
FILES = {"small": os.urandom(2000), "folder/other": os.urandom(3000), "large": os.urandom((1 << 20) + 77)}


@pytest.fixture
def sleepers(settings: Config, new_bench: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch) -> list[Bench]:
    """Three projects with a large file each, which comes in parts; they are cold."""
    monkeypatch.setattr(ranges, "PART_BYTES", 200_000)
    made = [new_bench() for _ in range(3)]
    for bench in made:
        bench.write(*(bench.put(path, content) for path, content in FILES.items()))
        eviction.evict(bench.repository_id)
    return made


def read_something(bench: Bench, chance: random.Random) -> None:
    """A file as a page reads it, or everything as a clone does."""
    path = chance.choice(list(FILES))
    if chance.random() < 0.25:
        with open_copy(bench.repository_id, FULL) as copy:
            sha = find(copy, resolve(copy, "main"), path).sha
            assert git.run(copy.path, "cat-file", "blob", sha) == FILES[path]
    else:
        assert bench.read(path) == FILES[path]
    prefetch.warm(bench.repository_id)


def test_readers_never_see_that_copies_come_and_go(sleepers: list[Bench]) -> None:
    done = threading.Event()

    def read(number: int) -> None:
        chance = random.Random(number)
        for _ in range(READS):
            read_something(chance.choice(sleepers), chance)

    def drop() -> int:
        count = 0
        while not done.wait(0.002):
            for bench in sleepers:
                was_there = eviction.copy_path(bench.repository_id).exists()
                count += was_there and eviction.evict(bench.repository_id)
        return count

    with ThreadPoolExecutor(READERS + 1) as pool:
        dropping = pool.submit(drop)
        readers = [pool.submit(read, number) for number in range(READERS)]
        try:
            for reader in readers:
                reader.result()
        finally:
            done.set()
        dropped = dropping.result()
    assert dropped > 0, "copies were dropped in between"
    for bench in sleepers:
        assert bench.read("small") == FILES["small"]
        with open_copy(bench.repository_id, FULL) as copy:
            git.run(copy.path, "fsck", "--full", "--no-dangling")


def test_a_cache_that_is_too_small_for_all_serves_all(
    sleepers: list[Bench], with_settings: Callable[..., Config]
) -> None:
    with_settings(cache_max_bytes=1 << 20)
    chances = [random.Random(number) for number in range(READERS)]
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(lambda chance: read_something(chance.choice(sleepers), chance), chances * 3))
    eviction.make_room(keep="")
    assert eviction.count_cached_bytes() <= 1 << 20
