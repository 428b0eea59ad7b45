"""The cache keeps to its size, and a full disk is no error as long as other copies can go."""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from framework import config
from framework.config import Config
from framework.repositories.cache import copies, eviction, scratch
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import SLACK_SHARE, copy_path, evict, eviction_score
from framework.repositories.cache.marker import NAME, read_marker, write_marker
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

MIB = 1 << 20


@pytest.fixture
def crowd(settings: Config, new_bench: Callable[[], Bench]) -> list[Bench]:
    """Four projects of about half a MiB each, the first one used longest ago."""
    made = [new_bench() for _ in range(4)]
    for age, bench in enumerate(made):
        bench.write(bench.put("a", os.urandom(MIB // 2)))
        used = time.time() - 1000 + age
        os.utime(copy_path(bench.repository_id) / NAME, (used, used))
    return made


def present(benches: list[Bench]) -> list[bool]:
    return [copy_path(bench.repository_id).exists() for bench in benches]


def test_the_least_recently_used_copies_go_first(crowd: list[Bench], settings: Config) -> None:
    crowd[0].read("a")
    config.use(replace(settings, cache_max_bytes=MIB + MIB // 4))
    assert eviction.make_room(keep="") > 0
    assert present(crowd) == [True, False, False, True]
    assert eviction.count_cached_bytes() <= MIB + MIB // 4


def test_waking_a_project_makes_room_for_it(crowd: list[Bench], settings: Config) -> None:
    evict(crowd[3].repository_id)
    config.use(replace(settings, cache_max_bytes=MIB))
    crowd[3].read("a")
    assert present(crowd) == [False, False, False, True]


def test_a_project_larger_than_the_cache_can_still_be_read(crowd: list[Bench], settings: Config) -> None:
    config.use(replace(settings, cache_max_bytes=1000))
    evict(crowd[0].repository_id)
    assert len(crowd[0].read("a")) == MIB // 2


def test_a_copy_that_is_read_stays_until_its_reader_has_gone(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    with open_copy(bench.repository_id):
        assert not evict(bench.repository_id)
        assert copy_path(bench.repository_id).exists()
    assert evict(bench.repository_id)
    assert not copy_path(bench.repository_id).exists()
    assert evict(bench.repository_id), "an absent copy is gone already"
    assert bench.read("a") == b"1"


def test_a_full_disk_drops_other_copies_and_goes_on(crowd: list[Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = crowd[3]
    evict(sleeper.repository_id)
    fetch = store()._fetch
    failed: list[str] = []

    def fail_once(key: str, target: Path) -> object:
        if not failed:
            failed.append(key)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return fetch(key, target)

    monkeypatch.setattr(store(), "_fetch", fail_once)
    assert len(sleeper.read("a")) == MIB // 2
    assert present(crowd) == [False, present(crowd)[1], True, True]


def test_a_disk_that_stays_full_is_told_and_leaves_nothing(crowd: list[Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    evict(crowd[3].repository_id)

    def fail(_key: str, _target: Path) -> object:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store(), "_fetch", fail)
    with pytest.raises(copies.DiskFull) as refusal:
        crowd[3].read("a")
    assert refusal.value.status == 503
    assert not copy_path(crowd[3].repository_id).exists()
    assert not list((config.current().data / "scratch").iterdir())


def test_a_write_whose_packs_find_no_room_locally_is_stored_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_link: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "hardlink_to", fail)
        bench.write(bench.put("a", b"1"))
    assert bench.read("a") == b"1"


def test_scratch_of_a_killed_process_is_swept_and_that_of_a_living_one_kept(settings: Config) -> None:
    code = (
        "import sys, time; from framework import config; from framework.config import Config\n"
        "from framework.repositories.cache.scratch import scratch\n"
        "config.use(Config.from_environment({'HOLDFAST_DATA': sys.argv[1]}))\n"
        "with scratch('work') as folder: (folder / 'half').touch(); print(folder, flush=True); time.sleep(600)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(settings.data)], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    with child.stdout:
        left = Path(child.stdout.readline().strip())
    aged = time.time() - 3600
    os.utime(left, (aged, aged))
    assert scratch.sweep() == 0, "its owner lives"
    child.kill()
    child.wait()
    with scratch.scratch("mine") as mine:
        os.utime(mine, (aged, aged))
        assert scratch.sweep() == 1
        assert mine.exists()
    assert not left.exists()


def test_work_whose_folder_was_deleted_is_told_so_and_may_be_repeated(settings: Config) -> None:
    def work(*, deleted: bool) -> None:
        with scratch.scratch("work") as folder:
            if deleted:
                shutil.rmtree(settings.data / "scratch")
            (folder / "missing").read_bytes()

    with pytest.raises(scratch.DiskEmptied) as refusal:
        work(deleted=True)
    assert refusal.value.status == 503
    with pytest.raises(FileNotFoundError):
        work(deleted=False)


def test_a_warm_copy_that_was_evicted_is_fetched_again(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    evict(bench.repository_id)
    with requests() as asked:
        assert bench.read("a") == b"1"
    assert asked.operations == ["get"]


def test_a_large_copy_goes_before_a_small_one_that_was_used_a_little_earlier(
    settings: Config, new_bench: Callable[[], Bench]
) -> None:
    small, large = new_bench(), new_bench()
    for age, (bench, size) in enumerate([(large, 2 * MIB), (small, 1000)]):
        bench.write(bench.put("a", os.urandom(size)))
        used = time.time() - 1000 - age
        os.utime(copy_path(bench.repository_id) / NAME, (used, used))
    eviction.free(1, keep="")
    assert present([small, large]) == [True, False]


def test_size_decides_less_the_longer_waking_takes() -> None:
    assert eviction_score(100, 1 << 30) < eviction_score(102, 1 << 29), "among large ones the idle time decides"
    assert eviction_score(100, 1 << 20) < eviction_score(60, 2 << 20), "among small ones the size does, too"


def test_a_write_counts_the_copies_only_where_they_may_be_too_large(crowd: list[Bench], settings: Config) -> None:
    config.use(replace(settings, cache_max_bytes=4 * MIB))
    eviction.make_room(keep="")
    grow(crowd[0], 10 * MIB)
    crowd[1].write(crowd[1].put("b", b"little"))
    assert present(crowd) == [True, True, True, True]
    crowd[1].write(crowd[1].put("c", os.urandom(2 * MIB)))
    assert present(crowd) == [False, True, True, True]


def test_a_full_cache_is_emptied_a_little_further_than_it_has_to_be(crowd: list[Bench], settings: Config) -> None:
    held = eviction.count_cached_bytes()
    config.use(replace(settings, cache_max_bytes=held - 1))
    eviction.make_room(keep="")
    assert present(crowd) == [False, True, True, True]
    assert eviction.count_cached_bytes() <= held - held // SLACK_SHARE


def grow(bench: Bench, size_bytes: int) -> None:
    """Have the copy take so much, as what another process has brought into it."""
    path = copy_path(bench.repository_id)
    found = read_marker(path)
    assert found
    used = (path / NAME).stat().st_mtime
    write_marker(path, replace(found, size_bytes=size_bytes))
    os.utime(path / NAME, (used, used))
