"""Verifying finds whatever is missing, altered or contradictory, and uses no local copy."""

import os
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from framework.database.session import read_transaction, transaction
from framework.repositories import object_keys
from framework.repositories.cache.eviction import copy_path
from framework.repositories.journal.keys import list_entries
from framework.repositories.maintenance.verification import Verified, verify
from framework.repositories.models import Pack, Ref, Version
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Two versions, with a large blob."""
    bench.write(bench.put("a", b"1"), bench.put("large", os.urandom(1 << 20)))
    bench.write(bench.put("a", b"2"))
    return bench


def test_a_whole_repository_has_no_fault(written: Bench) -> None:
    moments.start_anew()
    found = verify(written.repository_id)
    assert (found.version, found.packs, found.faults) == (2, 3, ())
    assert found.size_bytes > 1 << 20
    assert not copy_path(written.repository_id).exists(), "the local copy was neither used nor made"


def test_an_empty_repository_has_no_fault(bench: Bench) -> None:
    assert verify(bench.repository_id) == Verified(bench.repository_id, 0, 0, 0, ())


def test_a_damaged_local_copy_is_no_fault_of_the_store(written: Bench) -> None:
    for pack in copy_path(written.repository_id).glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"damaged")
    assert verify(written.repository_id).faults == ()


@pytest.mark.parametrize("key_of", [object_keys.pack_key, object_keys.idx_key])
def test_a_missing_object_is_found(written: Bench, key_of: Callable[[str, str], str]) -> None:
    key = key_of(written.repository_id, _pack(written, "blobs"))
    store().delete(key)
    assert verify(written.repository_id).faults == (f"{key} is missing in the object store.",)


@pytest.mark.parametrize("spoil", [lambda body: body[:-1], lambda body: body[:-1] + bytes([body[-1] ^ 1])])
def test_an_altered_object_is_found(written: Bench, spoil: Callable[[bytes], bytes]) -> None:
    key = object_keys.pack_key(written.repository_id, _pack(written, "history"))
    body = spoil(store().read(key))
    alter(key, body)
    assert verify(written.repository_id).faults == (f"{key} has another length or SHA-256 than the database recorded.",)


def test_every_missing_object_is_told(written: Bench) -> None:
    """Not only the first one: whoever repairs the store asks once."""
    name = _pack(written, "blobs")
    objects = object_keys.pack_key(written.repository_id, name), object_keys.idx_key(written.repository_id, name)
    for key in objects:
        store().delete(key)
    assert verify(written.repository_id).faults == tuple(f"{key} is missing in the object store." for key in objects)


def test_what_git_finds_is_told(written: Bench) -> None:
    """All packs are as recorded, but a ref names a commit that is in none of them."""
    with transaction() as session:
        session.execute(update(Ref).values(sha="1" * 40))
    faults = verify(written.repository_id).faults
    assert any("git fsck" in fault and "1" * 40 in fault for fault in faults)
    assert "The branches and tags in the database are not those of the journal." in faults


def test_a_missing_log_entry_is_found(written: Bench) -> None:
    key = list_entries(written.repository_id)[0].key
    store().delete(key)
    assert verify(written.repository_id).faults == (
        f"{key}, the journal entry of version 1, is missing in the object store.",
        "The journal has a gap: the entry before version 2 is missing or damaged.",
    )


def test_an_entry_that_waits_to_be_written_is_no_fault(written: Bench) -> None:
    key = list_entries(written.repository_id)[1].key
    body = store().read(key)
    store().delete(key)
    with transaction() as session:
        session.execute(update(Version).where(Version.version == 2).values(confirmed_at=None, entry=body))
    assert verify(written.repository_id).faults == ()


def test_a_log_that_knows_more_is_a_fault(written: Bench) -> None:
    backup = moments.remember()
    written.write(written.put("a", b"3"))
    moments.put_back(backup)
    assert verify(written.repository_id).faults == ("The journal has version 3, which the database does not know.",)


def test_a_database_that_names_other_packs_than_the_log_is_a_fault(written: Bench) -> None:
    with transaction() as session:
        session.execute(update(Pack).where(Pack.kind == "blobs").values(superseded_version=2))
    faults = verify(written.repository_id).faults
    assert "The packs in the database are not those of the journal." in faults


def _pack(bench: Bench, kind: str) -> str:
    with read_transaction() as session:
        query = select(Pack.name).where(Pack.repository_id == bench.repository_id, Pack.kind == kind)
        return session.scalars(query.order_by(Pack.version)).all()[0]
