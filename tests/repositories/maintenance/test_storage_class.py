"""What archived projects keep goes to a cheaper storage class, once nobody uses it, and is read as ever."""

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from framework.celery.jobs import Work
from framework.config import Config, ConfigError
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import tasks
from framework.repositories.cache import usage
from framework.repositories.catalog import checks
from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance import scrub
from framework.repositories.maintenance.archiving import archive
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LfsObject, Pack, Repository
from framework.storage.contract import StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import store
from framework.storage.prices import costs_of
from tests.repositories.catalog.test_lfs_objects import name, receive
from tests.repositories.conftest import Bench
from tests.servers.backends.ceph import CHEAP_CLASS, Ceph

on_s3 = pytest.mark.deployments("production-like")
FILM = os.urandom(300_000)


@pytest.fixture
def cheap(with_settings: Callable[..., Config]) -> Config:
    return with_settings(archive_storage_class=CHEAP_CLASS)


@pytest.fixture
def archived(cheap: Config, bench: Bench, work: Work) -> Bench:
    """A project with a small file, a large one and a film in Git LFS, archived yesterday."""
    bench.write(bench.put("small", b"1"), bench.put("large", os.urandom(2 << 20)))
    name(bench, receive(bench, FILM))
    archive(bench.repository_id, work)
    usage.write()
    asleep(bench)
    return bench


def asleep(bench: Bench) -> None:
    yesterday = now() - timedelta(days=1)
    with transaction() as session:
        row = session.get_one(Repository, bench.repository_id)
        row.last_access_at, row.archived_at = yesterday - timedelta(hours=1), yesterday


def classes(ceph: Ceph, settings: Config) -> dict[str, str]:
    """The class of each object in the bucket, by the kind of object, seen from outside."""
    lines = ceph.client().list_objects_v2(Bucket=settings.s3_bucket or "").get("Contents", [])
    return {line["Key"]: line["StorageClass"] for line in lines}


@on_s3
def test_packs_and_lfs_objects_move_and_everything_is_read_as_before(
    archived: Bench, ceph: Ceph, cheap: Config
) -> None:
    before = archived.read("large")
    asleep(archived)
    assert tasks.demote_archived() == 2
    moved = sorted(key for key, found in classes(ceph, cheap).items() if found == CHEAP_CLASS)
    [film] = read_all_named(archived.repository_id, until=99)
    with read_transaction() as session:
        [large] = session.scalars(select(Pack).where(Pack.storage_class == CHEAP_CLASS))
    assert large.kind == "blobs"
    assert [Path(key).name for key in moved] == [f"{film.oid}-{film.name}", f"pack-{large.name}.pack"]
    assert verify(archived.repository_id).faults == ()
    assert archived.read("large") == before
    assert hashlib.sha256(store().read(moved[0])).hexdigest() == film.oid


@on_s3
def test_what_was_moved_stays_and_costs_no_request(archived: Bench) -> None:
    assert tasks.demote_archived() == 2
    with requests() as asked:
        assert tasks.demote_archived() == 0
    assert asked.total == 0


@on_s3
def test_what_is_in_use_stays_where_it_is(archived: Bench) -> None:
    archived.read("small")
    usage.write()
    assert tasks.demote_archived() == 0


@on_s3
def test_a_store_that_is_away_keeps_no_other_object_from_its_class(
    archived: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, waiting = store()._change_class, [StoreUnavailable()]

    def fail_once(key: str, storage_class: str, sha256: str) -> None:
        if waiting:
            raise waiting.pop()
        move(key, storage_class, sha256)

    monkeypatch.setattr(store(), "_change_class", fail_once)
    assert tasks.demote_archived() == 1
    assert tasks.demote_archived() == 1


@on_s3
def test_what_it_costs_follows(archived: Bench) -> None:
    before = costs_of(read_storage_usage(archived.repository_id).classes)
    tasks.demote_archived()
    holdings = read_storage_usage(archived.repository_id)
    assert sum(holdings.classes.values()) == holdings.size_bytes
    after = costs_of(holdings.classes)
    standard, cheap = after[1].dollars, after[2].dollars
    assert after[0].now
    assert cheap < after[0].dollars < standard
    assert [cost.dollars for cost in before] == [cost.dollars for cost in after[1:]]


@on_s3
def test_what_is_dear_to_read_is_read_back_rarely(archived: Bench) -> None:
    tasks.demote_archived()
    long_ago(days=100)
    while (done := scrub.scrub()).packs or done.lfs_objects:
        pass
    with read_transaction() as session:
        packs = session.scalars(select(Pack).where(checks.in_use(Pack)))
        rows: list[checks.Row] = [*packs, *session.scalars(select(LfsObject))]
    read = {row.storage_class: now() - (row.checked_at or now()) < timedelta(minutes=5) for row in rows}
    assert read == {None: True, CHEAP_CLASS: False}
    assert not checks.read_health().late
    long_ago(days=721)
    assert checks.read_health().late
    assert scrub.scrub().lfs_objects + scrub.scrub().lfs_objects == 1


def test_a_folder_has_no_classes(archived: Bench) -> None:
    assert tasks.demote_archived() == 0
    with read_transaction() as session:
        assert set(session.scalars(select(Pack.storage_class))) == {None}


@pytest.mark.parametrize("wrong", ["GLACIER", "DEEP_ARCHIVE", "cheap"])
def test_a_class_that_cannot_be_read_at_once_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ARCHIVE_STORAGE_CLASS is .*; set it to STANDARD_IA or GLACIER_IR"):
        Config.from_environment({"HOLDFAST_DATA": str(tmp_path), "ARCHIVE_STORAGE_CLASS": wrong})
    named = Config.from_environment({"HOLDFAST_DATA": str(tmp_path), "ARCHIVE_STORAGE_CLASS": "glacier_ir"})
    assert named.archive_storage_class == "GLACIER_IR"


def long_ago(days: float) -> None:
    with transaction() as session:
        for table in (Pack, LfsObject):
            session.execute(update(table).values(checked_at=now() - timedelta(days=days)))
