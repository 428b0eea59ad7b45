"""Recovery of packs that have no index in the store: it is none that is lost."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.files import sha256_of
from framework.gitcore.pack_writer import PackWriter, blob_name
from framework.repositories import object_keys
from framework.repositories.cache.eviction import evict
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.journal.keys import list_journal
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, Repository
from framework.repositories.recovery.planning import Recovered
from framework.repositories.recovery.recovery import rebuild, resume
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, Bench
from tests.repositories.journal import earlier
from tests.repositories.recovery.test_recovery import adopt
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@dataclass(frozen=True)
class Known:
    """What SQL records of packs, by name, and how many bytes it counts as stored."""

    packs: Mapping[str, tuple[object, ...]]
    stored_bytes: int


def known(bench: Bench) -> Known:
    with read_transaction() as session:
        rows = session.scalars(select(Pack).where(Pack.repository_id == bench.repository_id)).all()
        stored = session.get_one(Repository, bench.repository_id).stored_bytes
    packs = {
        row.name: (row.kind, row.pack_sha256, row.idx_bytes, row.idx_sha256, row.object_count, row.idx_stored)
        for row in rows
    }
    return Known(packs, stored)


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Three versions; the second brings a large file, and a checkpoint is of the first."""
    bench.write(bench.put("a", b"1"))
    write_checkpoint(bench.repository_id, least_bytes=0)
    bench.write(bench.put("large", LARGE), bench.put("b", b"2"))
    bench.write(bench.put("c", b"3"))
    return bench


def lose_database() -> Sequence[Recovered]:
    moments.put_back(moments.NOTHING)
    return list(rebuild(adopt))


def test_a_rebuild_brings_back_which_have_none(written: Bench) -> None:
    before = known(written)
    assert sorted(facts[-1] for facts in before.packs.values()) == [False] * 3 + [True]  # type: ignore[type-var]
    [done] = lose_database()
    assert done.faults == ()
    assert known(written) == before
    evict(written.repository_id)
    assert (written.read("b"), written.read("c"), written.read("large")) == (b"2", b"3", LARGE)
    assert verify(written.repository_id).faults == ()


def test_a_resumption_brings_back_which_have_none(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"2"))
    before = known(bench)
    moments.put_back(backup)
    list(resume(adopt))
    assert known(bench) == before
    assert verify(bench.repository_id).faults == ()


def test_one_of_a_lost_entry_is_found_by_its_pack_alone(written: Bench) -> None:
    before = known(written)
    alter(list_journal(written.repository_id).entries[1].key, b"{}")
    lose_database()
    assert known(written).packs == before.packs
    assert (written.read("b"), written.read("large")) == (b"2", LARGE)


def test_one_whose_pack_is_missing_is_told(written: Bench) -> None:
    with read_transaction() as session:
        name = session.scalars(select(Pack.name).where(Pack.version == 1)).one()
    key = object_keys.pack_key(written.repository_id, name)
    alter(list_journal(written.repository_id).entries[1].key, b"{}")
    store().delete(key)
    [done] = lose_database()
    assert f"{key} is missing, and an entry of the journal that may tell why." in done.faults
    assert name not in known(written).packs


def test_an_entry_of_an_earlier_release_does_not_know_them(written: Bench) -> None:
    """It counts every index as stored, after a rollback that nobody prepared."""
    before = known(written)
    earlier.rewrite_newest_entry(written, indexes_stored=False)
    assert [done.faults for done in lose_database()] == [()]
    evict(written.repository_id)
    assert known(written).packs == before.packs
    assert verify(written.repository_id).faults == ()
    assert written.read("c") == b"3"


def test_a_lost_entry_with_a_pack_of_blobs_alone_costs_nothing(written: Bench) -> None:
    """Such a pack is of history: one of large blobs has its index stored."""
    content = b"in no commit"
    name, pack = object_keys.new_id(), written.folder / "blob.pack"
    with PackWriter(pack) as writer:
        writer.add_blob(blob_name(io.BytesIO(content), len(content)), io.BytesIO(content), len(content))
        writer.finish()
    store().put(object_keys.pack_key(written.repository_id, name), pack, sha256=sha256_of(pack))
    lost = list_journal(written.repository_id).entries[1]
    store().delete(lost.key)
    assert len(lose_database()) == 1
    assert written.read("c") == b"3"
