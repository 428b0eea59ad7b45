"""The collector: what nothing names goes, what the journal names stays, however old or empty the database is."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from framework.config import Config
from framework.database.batches import BATCH_VALUES
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change
from framework.repositories.journal.keys import list_entries
from framework.repositories.maintenance.collector import BEHIND, UNKNOWN, UNREADABLE, Collected, collect
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, StagedPush, Version
from framework.repositories.write import staging
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.creation import change_about
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full

Settings = Callable[..., Config]


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Two versions."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    return bench


def test_it_deletes_what_nothing_names(written: Bench) -> None:
    before = _stored()
    _orphan(written)
    assert _collected(0) == [Collected(written.repository_id, 2, 2)]
    assert _stored() == before
    assert verify(written.repository_id).faults == ()


def test_more_orphans_than_one_statement_takes_are_deleted(bench: Bench, parameters: list[int]) -> None:
    for _number in range(BATCH_VALUES + 1):
        key = object_keys.pack_key(bench.repository_id, object_keys.new_id())
        store().put(key, b"x", sha256=hashlib.sha256(b"x").hexdigest())
    assert [found.objects for found in collect(0)] == [BATCH_VALUES + 1]
    assert max(parameters) == BATCH_VALUES


def test_a_young_orphan_waits_unless_told_otherwise(written: Bench) -> None:
    _orphan(written)
    assert [found.objects for found in collect()] == [0]
    assert [found.objects for found in collect(1)] == [0]
    assert [found.objects for found in collect(0)] == [2]


def test_a_repository_without_a_version_is_cleaned_as_well(bench: Bench) -> None:
    _orphan(bench)
    assert [found.objects for found in collect(0)] == [2]
    assert _stored() == []


def test_a_push_on_its_way_keeps_its_packs(written: Bench) -> None:
    staging.stage(written.repository_id, object_keys.new_id(), [_orphan(written)])
    assert [found.objects for found in collect(0)] == [0]


def test_what_is_not_a_pack_is_not_the_collectors(written: Bench) -> None:
    store().put(
        f"repos/{written.repository_id}/lfs/{object_keys.new_id()}", b"x", sha256=hashlib.sha256(b"x").hexdigest()
    )
    assert [found.objects for found in collect(0)] == [0]


def test_an_empty_database_deletes_nothing(written: Bench) -> None:
    _orphan(written)
    before = _stored()
    moments.put_back(moments.NOTHING)
    assert _collected(0) == [Collected(written.repository_id, left_because=UNKNOWN)]
    assert _stored() == before


@pytest.mark.parametrize("versions", [0, 1])
def test_an_old_database_deletes_nothing(bench: Bench, versions: int) -> None:
    for number in range(versions):
        bench.write(bench.put("a", str(number).encode()))
    backup = moments.remember()
    bench.write(bench.put("a", b"acknowledged"))
    before = _stored()
    moments.put_back(backup)
    assert _collected(0) == [Collected(bench.repository_id, left_because=BEHIND)]
    assert _stored() == before


def test_a_log_that_has_forked_is_left_alone(written: Bench) -> None:
    _orphan(written)
    with transaction() as session:
        session.execute(update(Version).where(Version.version == 1).values(entry_hash="0" * 64))
    assert [found.left_because for found in collect(0)] == [BEHIND]


def test_a_project_without_its_log_is_left_alone(written: Bench) -> None:
    _orphan(written)
    for key in list_entries(written.repository_id):
        store().delete(key.key)
    assert [found.left_because for found in collect(0)] == [UNREADABLE]


def test_a_project_whose_newest_entry_is_damaged_is_left_alone(written: Bench) -> None:
    _orphan(written)
    newest = list_entries(written.repository_id)[-1]
    alter(newest.key, b"{}")
    assert [found.left_because for found in collect(0)] == [UNREADABLE]


def test_a_superseded_pack_goes_when_the_log_has_the_version_that_dropped_it(
    written: Bench, with_settings: Settings
) -> None:
    name = _supersede(written)
    assert [found.objects for found in collect(0)] == [0], "a request that began before may still read it"
    with_settings(longest_request_hours=0)
    assert [found.objects for found in collect(0)] == [2]
    with read_transaction() as session:
        assert name not in session.scalars(select(Pack.name)).all()


def test_a_superseded_pack_stays_while_the_log_lacks_the_version_that_dropped_it(
    written: Bench, with_settings: Settings
) -> None:
    with_settings(longest_request_hours=0)
    _supersede(written)
    with transaction() as session:
        session.execute(update(Version).where(Version.version == 3).values(confirmed_at=None))
    assert [found.objects for found in collect(0)] == [0]


def test_a_pack_that_the_newest_entry_names_stays_whatever_sql_says(written: Bench, with_settings: Settings) -> None:
    with_settings(longest_request_hours=0)
    with transaction() as session:
        session.execute(update(Pack).values(superseded_version=1))
    assert [found.objects for found in collect(0)] == [0]


def test_a_deleted_project_goes_as_a_whole_and_the_entry_that_says_so_last(
    written: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    _orphan(written)
    change_about(written.repository_id, lambda _session: {"deleted_at": now().isoformat()}, actor="alice")
    moments.put_back(moments.NOTHING)
    assert [found.objects for found in collect()] == [0], "not before its time"
    deleted: list[str] = []
    remove = store()._delete

    def note_and_remove(key: str) -> None:
        deleted.append(key)
        remove(key)

    monkeypatch.setattr(store(), "_delete", note_and_remove)
    assert [found.objects for found in collect(0)] == [7]
    assert "/log/000001/0000000003-" in deleted[-1]
    assert _stored() == []


def test_the_sweep_and_a_commit_exclude_each_other(written: Bench) -> None:
    """An expired push is doomed first: whoever comes to commit it afterwards finds it gone."""
    push_id = object_keys.new_id()
    staging.stage(written.repository_id, push_id, [_orphan(written)])
    with transaction() as session:
        session.get_one(StagedPush, push_id).expires_at = now() - timedelta(seconds=1)
    assert staging.sweep() == 1
    assert [found.objects for found in collect(0)] == [0]


def _collected(hours: float) -> list[Collected]:
    return list(collect(hours))


def _stored() -> list[str]:
    return [entry.key for entry in store().list("repos/")]


def _orphan(bench: Bench) -> str:
    name = object_keys.new_id()
    for key in (object_keys.pack_key(bench.repository_id, name), object_keys.idx_key(bench.repository_id, name)):
        store().put(key, b"x", sha256=hashlib.sha256(b"x").hexdigest())
    return name


def _supersede(bench: Bench) -> str:
    """A version that drops a pack; the row says by which."""
    name = _orphan(bench)
    row = {"kind": "history", "pack_bytes": 1, "idx_bytes": 1, "object_count": 1, "epoch": 1, "version": 1}
    hashes = {"pack_sha256": "0" * 64, "idx_sha256": "0" * 64}
    with transaction() as session:
        session.add(Pack(name=name, repository_id=bench.repository_id, superseded_version=3, **row, **hashes))
    commit(Change(repository_id=bench.repository_id, actor="alice"), precheck=do_nothing, in_transaction=do_nothing)
    return name
