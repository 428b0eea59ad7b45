"""The scrub reads everything back in time, and what is damaged or missing is an alarm wherever somebody looks."""

import hashlib
import logging
import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from framework.celery.jobs import track_progress
from framework.celery.models import BackgroundJob
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.health.doctor import ALL
from framework.health.examination import examine
from framework.health.numbers import State
from framework.observability.exposition import expose
from framework.repositories import object_keys, tasks
from framework.repositories.catalog import read_back
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance import scrub
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.models import LfsObject, Pack, Repository
from framework.storage.contract import StoreRefused, StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.observability.numbers import number
from tests.repositories.catalog.test_lfs_objects import FILM, key_of, name, receive
from tests.repositories.conftest import Bench
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


def packs() -> dict[str, Pack]:
    with read_transaction() as session:
        return {pack.kind: pack for pack in session.scalars(select(Pack))}


def long_ago(days: float, **which: str) -> datetime:
    moment = now() - timedelta(days=days)
    with transaction() as session:
        session.execute(update(Pack).filter_by(**which).values(checked_at=moment))
    return moment


def well() -> tuple[bool, str]:
    [found] = examine({"objects": ALL["objects"]})
    return found.well, found.words


@pytest.fixture
def stored(bench: Bench) -> Bench:
    """A history pack that was checked 40 days ago, and a pack of a large blob that was checked 20 days ago."""
    bench.write(bench.put("large", os.urandom(2 << 20)), bench.put("small", os.urandom(50_000)))
    long_ago(40, kind="history")
    long_ago(20, kind="blobs")
    return bench


def spoil(key: str, size: int) -> None:
    """As many other bytes under the same key."""
    alter(key, os.urandom(size))


def test_what_was_checked_longest_ago_is_read_first_and_little_at_a_time(stored: Bench) -> None:
    before = packs()["blobs"].checked_at
    with requests() as asked:
        done = scrub.scrub()
    assert asked.operations == ["range"], "its index is not stored"
    assert (done.packs, done.faults) == (1, 0)
    checked = packs()["history"].checked_at
    assert checked
    assert now() - checked < timedelta(minutes=5)
    assert packs()["blobs"].checked_at == before
    assert well()[0]


def test_everything_is_read_within_the_days_and_nothing_twice_soon(stored: Bench) -> None:
    long_ago(40)
    while scrub.scrub().packs:
        pass
    assert all(now() - (pack.checked_at or now()) < timedelta(minutes=5) for pack in packs().values())
    with requests() as asked:
        assert scrub.scrub().packs == 0
    assert asked.total == 0


@pytest.mark.parametrize("suffix", ["pack", "idx"])
def test_a_missing_object_is_an_alarm_until_it_is_back(
    stored: Bench, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    pack = packs()["blobs"]
    key = (object_keys.pack_key if suffix == "pack" else object_keys.idx_key)(stored.repository_id, pack.name)
    long_ago(41, kind="blobs")
    body = store().read(key)
    store().delete(key)
    with caplog.at_level(logging.CRITICAL):
        assert tasks.read_back()["faults"] == 1
    assert f"ALARM: repository {stored.repository_id}: {key} is missing" in caplog.text
    assert number(expose(State()).decode(), "holdfast_damaged_packs") == 1
    assert not well()[0]
    assert key in well()[1]
    store().put(key, body, sha256=hashlib.sha256(body).hexdigest())
    long_ago(41, kind="blobs")
    assert tasks.read_back()["faults"] == 0
    assert well()[0]


def test_other_bytes_of_the_same_length_are_found(stored: Bench) -> None:
    pack = packs()["history"]
    spoil(object_keys.pack_key(stored.repository_id, pack.name), pack.pack_bytes)
    assert scrub.scrub().faults == 1
    assert "another length or SHA-256" in (packs()["history"].fault or "")


def test_a_pack_that_nothing_names_any_more_is_no_alarm(stored: Bench, caplog: pytest.LogCaptureFixture) -> None:
    pack = packs()["history"]
    with transaction() as session:
        session.get_one(Pack, pack.name).superseded_version = 2
    read_back.record_check(pack, "It is missing.")
    assert packs()["history"].fault is None
    assert "ALARM" not in caplog.text
    assert scrub.scrub().packs == 1, "the blobs"


def test_a_store_that_is_away_is_no_fault_of_the_packs(stored: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = packs()["history"].checked_at

    def fail(*_arguments: object) -> object:
        raise StoreUnavailable

    monkeypatch.setattr(store(), "_stream", fail)
    with pytest.raises(StoreUnavailable):
        scrub.scrub()
    assert (packs()["history"].fault, packs()["history"].checked_at) == (None, before)


def test_the_doctor_sees_that_nothing_has_been_read_back_for_long(stored: Bench) -> None:
    long_ago(61)
    assert not well()[0]
    assert "is the scheduler running?" in well()[1]


def test_a_row_of_the_previous_release_is_checked_first(stored: Bench) -> None:
    with transaction() as session:
        session.execute(update(Pack).where(Pack.kind == "blobs").values(checked_at=None))
    scrub.scrub()
    assert packs()["blobs"].checked_at is not None


def test_a_sample_is_restored_in_full_and_its_faults_are_told(
    new_bench: Callable[[], Bench], caplog: pytest.LogCaptureFixture, settings: Config
) -> None:
    bench = new_bench()
    assert tasks.restore_sample() == {"repositories": 0, "faults": []}
    bench.write(bench.put("a", b"1"))
    assert tasks.restore_sample() == {"repositories": 1, "faults": []}
    with read_transaction() as session:
        row = session.get_one(Repository, bench.repository_id)
    assert row.restored_at is not None
    store().delete(object_keys.pack_key(bench.repository_id, packs()["history"].name))
    with caplog.at_level(logging.CRITICAL):
        result = tasks.restore_sample()
    assert "is missing" in str(result["faults"])
    assert "ALARM" in caplog.text
    assert not well()[0]
    assert number(expose(State()).decode(), "holdfast_damaged_repositories") == 1


@pytest.mark.parametrize("failure", [StoreUnavailable, StoreRefused])
def test_a_store_that_is_away_is_no_fault_of_a_sample(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: type[Exception]
) -> None:
    bench.write(bench.put("a", b"1"))

    def fail(*_arguments: object) -> object:
        raise failure

    monkeypatch.setattr(store(), "_list", fail)
    assert tasks.restore_sample() == {"repositories": 1, "faults": []}
    assert f"{bench.repository_id} could not be restored for a check" in caplog.text
    with read_transaction() as session:
        assert session.get_one(Repository, bench.repository_id).restored_at is None
        assert [row.message for row in session.scalars(select(BackgroundJob))] == ["0 whole. 1 could not be read."]


def test_a_project_that_was_deleted_since_is_no_fault_of_a_sample(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(bench.put("a", b"1"))
    monkeypatch.setattr(random, "sample", lambda _ids, _count: ["0" * 32])
    assert tasks.restore_sample() == {"repositories": 1, "faults": []}


def test_a_sample_is_a_hundredth(new_bench: Callable[[], Bench], settings: Config) -> None:
    ids = [new_bench().repository_id for _ in range(250)]
    with transaction() as session:
        session.execute(update(Repository).values(version=1))
    chosen = scrub.sample()
    assert len(chosen) == len(set(chosen)) == 2
    assert set(chosen) < set(ids)
    assert len({tuple(scrub.sample()) for _ in range(20)}) > 1


def test_side_files_are_read_back_too(stored: Bench) -> None:
    with track_progress("consolidation") as work:
        consolidate(RepackRequest(stored.repository_id), work)
    long_ago(40)
    with read_transaction() as session:
        [pack] = session.scalars(select(Pack).where(Pack.superseded_version.is_(None), Pack.side_files.is_not(None)))
    suffix = next(iter(pack.side_files or {}))
    store().delete(object_keys.side_key(stored.repository_id, pack.name, suffix))
    found = [scrub.scrub().faults for _ in range(2)]
    assert sum(found) == 1
    assert not well()[0]
    assert f".{suffix} is missing" in well()[1]


def test_lfs_objects_are_read_back_too(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.write(bench.put("a", b"1"))
    film = receive(bench, FILM)
    name(bench, film)
    with transaction() as session:
        session.execute(update(LfsObject).values(checked_at=now() - timedelta(days=40)))
    assert scrub.scrub() == scrub.Checked(size_bytes=len(FILM), lfs_objects=1)
    with transaction() as session:
        session.execute(update(LfsObject).values(checked_at=None))
    spoil(key_of(bench, film), len(FILM))
    with caplog.at_level(logging.CRITICAL):
        assert tasks.read_back()["faults"] == 1
    assert (
        f"ALARM: repository {bench.repository_id}: {key_of(bench, film)} has another length or SHA-256" in caplog.text
    )
    assert number(expose(State()).decode(), "holdfast_damaged_lfs_objects") == 1
    assert not well()[0]
    assert read_storage_usage(bench.repository_id).fault
