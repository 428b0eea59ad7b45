"""Idle projects are packed neatly and dropped from every machine, and wake as if nothing had been."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from framework.celery.jobs import Work, track_progress
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import tasks
from framework.repositories.cache import archived, eviction, usage
from framework.repositories.cache.marker import NAME
from framework.repositories.cache.status import read_status
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, StoredPack
from framework.repositories.catalog.snapshot import read_snapshot_and_packs
from framework.repositories.disk_room import NoRoom, refuse_without_room
from framework.repositories.maintenance.archiving import archive
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Repository
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, Bench, Meanwhile
from tests.repositories.packed import packs_of

pytestmark = on_each_deployment_in_full


def sleep(bench: Bench, days: float = 40) -> None:
    """Nobody has used the project for so long, on this machine or another."""
    usage.write()
    moment = now() - timedelta(days=days)
    with transaction() as session:
        session.execute(update(Repository).where(Repository.id == bench.repository_id).values(last_access_at=moment))
    marker = eviction.copy_path(bench.repository_id) / NAME
    if marker.exists():
        os.utime(marker, (moment.timestamp(), moment.timestamp()))


@pytest.fixture
def idle(bench: Bench) -> Bench:
    """Three versions that were used 40 days ago."""
    for number in range(3):
        bench.write(bench.put("a", b"%d" % number), bench.put(f"large-{number}", os.urandom((1 << 20) + number)))
    bench.read("a")
    sleep(bench)
    return bench


def test_what_nobody_used_is_packed_neatly_and_dropped(idle: Bench) -> None:
    assert tasks.archive_idle() == 1
    status = read_status(idle.repository_id)
    assert (status.state, status.packs) == ("cold", 2)
    assert verify(idle.repository_id).faults == ()
    assert idle.read("a") == b"2"


def test_it_is_archived_once_until_somebody_uses_it_again(idle: Bench) -> None:
    assert tasks.archive_idle() == 1
    usage.write()
    assert tasks.archive_idle() == 0, "archiving was nobody's use"
    idle.read("a")
    usage.write()
    assert tasks.archive_idle() == 0
    sleep(idle)
    with transaction() as session:
        session.get_one(Repository, idle.repository_id).archived_at = now() - timedelta(days=50)
    assert tasks.archive_idle() == 1


def test_what_was_used_lately_stays_awake(idle: Bench) -> None:
    sleep(idle, days=20)
    assert tasks.archive_idle() == 0
    assert read_status(idle.repository_id).state == "hot"


@pytest.mark.parametrize("days", [0, 50])
def test_the_days_are_a_setting(idle: Bench, with_settings: Callable[..., Config], days: int) -> None:
    with_settings(idle_days=days)
    assert tasks.archive_idle() == 0


def test_another_machine_drops_its_copy_at_its_next_sweep(
    idle: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "other"
    shutil.copytree(eviction.copy_path(idle.repository_id), kept, copy_function=shutil.copy2)
    tasks.archive_idle()
    kept.rename(eviction.copy_path(idle.repository_id))
    monkeypatch.setattr(usage, "_written_at", float("-inf"))
    other = Bench(idle.repository_id, tmp_path)
    assert other.read("a") == b"2"
    assert len(list((eviction.copy_path(idle.repository_id) / "objects" / "pack").glob("*.idx"))) == 2, "made anew"


def test_a_copy_that_was_used_since_stays(idle: Bench) -> None:
    archived.note_archived(idle.repository_id)
    moment = time.time() + 5
    os.utime(eviction.copy_path(idle.repository_id) / NAME, (moment, moment))
    assert archived.drop_archived() == 0
    sleep(idle)
    assert archived.drop_archived() == 1


def test_one_that_cannot_be_packed_keeps_none_of_the_others_awake(
    idle: Bench, new_bench: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_bench()
    other.write(other.put("b", b"1"))
    sleep(other, days=50)

    def too_large(repository_id: str, packs: Sequence[StoredPack]) -> int:
        if repository_id == other.repository_id:
            raise NoRoom(1 << 40, 1 << 30)
        return refuse_without_room(repository_id, packs)

    monkeypatch.setattr("framework.repositories.maintenance.consolidation.refuse_without_room", too_large)
    assert tasks.archive_idle() == 1
    assert len(read_snapshot_and_packs(idle.repository_id)[1]) == 2
    with read_transaction() as session:
        assert session.get_one(Repository, other.repository_id).archived_at is None


def test_a_push_lands_while_its_project_is_archived(idle: Bench, work: Work, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: idle.write(idle.put("late", b"late"), idle.put("large-late", LARGE)))
    archive(idle.repository_id, work)
    assert (idle.read("late"), idle.read("large-late"), idle.read("a")) == (b"late", LARGE, b"2")
    assert verify(idle.repository_id).faults == ()


def test_a_project_is_archived_while_a_push_to_it_runs(idle: Bench, work: Work, meanwhile: Meanwhile) -> None:
    """What the push has sent before belongs to it, and its commit is checked against the new packs."""
    meanwhile(lambda: archive(idle.repository_id, work))
    idle.write(idle.put("late", b"late"), idle.put("large-late", LARGE))
    assert (idle.read("late"), idle.read("large-late"), idle.read("a")) == (b"late", LARGE, b"2")
    assert [pack.kind for pack in packs_of(idle)] == [HISTORY, HISTORY, BLOBS, BLOBS]
    assert verify(idle.repository_id).faults == ()


@pytest.mark.long
def test_twenty_readers_are_not_disturbed_by_archives_and_pushes(idle: Bench) -> None:
    """Each reads what was there before, again and again, while three archives and three pushes come and go."""
    done = threading.Event()
    large = idle.read("large-0")

    def read() -> int:
        count = 0
        while not done.is_set() or not count:
            assert idle.read("large-0") == large
            assert idle.read("a") == b"2"
            count += 1
        return count

    with ThreadPoolExecutor(20) as pool:
        readers = [pool.submit(read) for _ in range(20)]
        try:
            for number in range(3):
                idle.write(idle.put(f"new-{number}", b"new"))
                with track_progress("archive") as work:
                    archive(idle.repository_id, work)
        finally:
            done.set()
        assert all(reader.result() for reader in readers)
    assert verify(idle.repository_id).faults == ()
