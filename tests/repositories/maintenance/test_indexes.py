"""Before a rollback, the indexes that small packs lack are stored; an earlier release finds everything then."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from framework.celery.jobs import Work
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.files import sha256_of
from framework.repositories import object_keys
from framework.repositories.cache.eviction import evict
from framework.repositories.cache.hydration import PackMissing
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance import indexes
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.indexes import list_lacking, write_indexes
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, Repository
from framework.repositories.recovery.recovery import rebuild
from framework.storage.contract import StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import ownership, store
from framework.storage.models import Deployment
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.repositories.recovery.test_recovery import adopt

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Two versions, each a pack without an index in the store."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    return bench


def packs() -> list[Pack]:
    with read_transaction() as session:
        return list(session.scalars(select(Pack).order_by(Pack.name)))


def test_after_an_upgrade_they_are_stored_for_a_while(bench: Bench) -> None:
    """The earlier release may come back, and nobody has prepared it."""
    bench.write(bench.put("a", b"1"))
    for days, lacking in ((1, 1), (-1, 2)):
        with transaction() as session:
            session.execute(update(Deployment).values(indexes_needed_until=now() + timedelta(days=days)))
        ownership().look(renew=True)
        bench.write(bench.put("a", b"%d" % days))
        assert len([pack for pack in packs() if not pack.idx_stored]) == lacking


def test_they_are_as_they_were_recorded(written: Bench, tmp_path: Path) -> None:
    assert list_lacking() == [written.repository_id]
    assert write_indexes(written.repository_id) == 2
    for pack in packs():
        fetched = store().fetch(object_keys.idx_key(written.repository_id, pack.name), tmp_path / pack.name)
        assert (fetched.size_bytes, sha256_of(tmp_path / pack.name)) == (pack.idx_bytes, pack.idx_sha256)
        assert pack.idx_stored
    assert list_lacking() == []
    assert verify(written.repository_id).faults == ()
    evict(written.repository_id)
    with requests() as asked:
        assert written.read("a") == b"2"
    assert asked.operations == ["get"] * 4, "as an earlier release reads them"


def test_they_count_as_stored_once(written: Bench) -> None:
    for wrote in (2, 0):
        assert write_indexes(written.repository_id) == wrote
        listed = sum(entry.size_bytes for entry in store().list(f"repos/{written.repository_id}/packs/"))
        with read_transaction() as session:
            assert session.get_one(Repository, written.repository_id).stored_bytes == listed
        assert read_storage_usage(written.repository_id).size_bytes == listed


def test_after_a_crash_the_same_bytes_are_stored_again(written: Bench) -> None:
    write_indexes(written.repository_id)
    with transaction() as session:
        session.execute(update(Pack).values(idx_stored=False))
    assert write_indexes(written.repository_id) == 2
    assert verify(written.repository_id).faults == ()


def test_one_that_cannot_be_stored_is_left_for_the_next_time(written: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    put, failing = store()._put, packs()[0].name

    def fail(key: str, source: bytes | Path, sha256: str) -> None:
        if failing in key:
            raise StoreUnavailable
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", fail)
        with pytest.raises(StoreUnavailable):
            write_indexes(written.repository_id)
    assert not packs()[0].idx_stored
    write_indexes(written.repository_id)
    assert all(pack.idx_stored for pack in packs())


def test_a_pack_that_was_superseded_and_deleted_meanwhile_leaves_an_orphan_that_is_collected(
    written: Bench, work: Work, with_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_settings(longest_request_hours=0)
    put = store()._put

    def put_after_the_collector(key: str, source: bytes | Path, sha256: str) -> None:
        patch.undo()
        consolidate(RepackRequest(written.repository_id), work)
        assert sum(found.objects for found in collect(0)) == 2
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", put_after_the_collector)
        patch.setattr(indexes, "PARALLEL_WRITES", 1)
        with pytest.raises(PackMissing):  # the second one is not there any more
            write_indexes(written.repository_id)
    assert len(list(store().list(f"repos/{written.repository_id}/packs/"))) == 6 + 1
    assert sum(found.objects for found in collect(0)) == 1
    assert verify(written.repository_id).faults == ()


def test_what_the_journal_says_of_them_is_no_fault_and_comes_back(written: Bench) -> None:
    """An entry never changes: after a rebuild the index may lie in the store, and is not looked for."""
    write_indexes(written.repository_id)
    written.write(written.put("a", b"3"))
    assert verify(written.repository_id).faults == ()
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert not any(pack.idx_stored for pack in packs())
    assert written.read("a") == b"3"
    assert [found.objects for found in collect(0)] == [0], "the indexes belong to packs in use"
    assert write_indexes(written.repository_id) == 3
    assert verify(written.repository_id).faults == ()
