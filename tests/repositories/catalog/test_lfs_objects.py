"""LFS objects as data: named by versions, owned on their way, and never lost with the database."""

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framework.config import Config
from framework.database.batches import BATCH_VALUES
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.cache.status import read_status
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import Change, StoredLfs
from framework.repositories.catalog.deletion import remove_rows
from framework.repositories.catalog.lfs_objects import LfsExpired
from framework.repositories.journal.keys import list_entries
from framework.repositories.journal.reader import read_entry
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LfsObject, StagedLfs
from framework.repositories.recovery.recovery import rebuild, resume
from framework.repositories.tasks import sweep_staged
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.creation import change_about
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment

FILM = os.urandom(1 << 20)


def receive(bench: Bench, content: bytes) -> StoredLfs:
    """An object that waits for a version."""
    oid = hashlib.sha256(content).hexdigest()
    one = lfs_objects.stage(bench.repository_id, {oid: len(content)})[oid]
    store().put(key_of(bench, one), content, sha256=oid)
    lfs_objects.receive([one])
    return one


def name(bench: Bench, *objects: StoredLfs) -> None:
    """A version that names them."""
    commit(Change(bench.repository_id, "alice", lfs=objects), precheck=do_nothing, in_transaction=do_nothing)


def key_of(bench: Bench, one: StoredLfs) -> str:
    return object_keys.lfs_key(bench.repository_id, one.oid, one.name)


def adopt(_session: Session, _repository_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """No rooms above."""
    return dict(told)


def expire() -> None:
    """Let the time pass that rows own their objects for."""
    with transaction() as session:
        session.execute(update(StagedLfs).values(expires_at=now() - timedelta(seconds=1)))


def rows() -> list[str]:
    with read_transaction() as session:
        return list(session.scalars(select(StagedLfs.state)))


@pytest.fixture
def film(bench: Bench) -> StoredLfs:
    """An object that the second version names."""
    bench.write(bench.put("a", b"1"))
    one = receive(bench, FILM)
    name(bench, one)
    return one


def test_a_version_names_it_in_sql_and_in_the_log(bench: Bench, film: StoredLfs) -> None:
    assert lfs_objects.read_named(bench.repository_id, [film.oid]) == {film.oid: film}
    assert rows() == []
    logged = [read_entry(key).change.lfs for key in list_entries(bench.repository_id)]
    assert [len(listed) for listed in logged] == [0, 1]
    assert (logged[1][0].oid, logged[1][0].name, logged[1][0].size_bytes) == (film.oid, film.name, len(FILM))
    assert logged[1][0].version == 2
    assert read_status(bench.repository_id).lfs_objects == 1
    assert verify(bench.repository_id).faults == ()


def test_it_counts_as_stored(bench: Bench, film: StoredLfs) -> None:
    seen: list[int] = []
    more = receive(bench, FILM[1:])
    before = read_status(bench.repository_id).stored_bytes
    change = Change(bench.repository_id, "alice", lfs=(more,))
    commit(change, precheck=lambda _session, asked: seen.append(asked.new_bytes), in_transaction=do_nothing)
    assert seen == [len(FILM) - 1]
    assert read_status(bench.repository_id).stored_bytes == before + len(FILM) - 1


def test_of_two_that_name_one_object_the_second_finds_it_named(bench: Bench, film: StoredLfs) -> None:
    before = read_status(bench.repository_id).stored_bytes
    name(bench, film)
    assert read_status(bench.repository_id).stored_bytes == before
    other = receive(bench, FILM)
    name(bench, other)
    assert lfs_objects.read_named(bench.repository_id, [film.oid]) == {film.oid: film}
    assert verify(bench.repository_id).faults == ()


@pytest.mark.parametrize("state", ["offered", "staged", "doomed"])
def test_nothing_is_named_that_was_not_received(bench: Bench, state: str) -> None:
    bench.write(bench.put("a", b"1"))
    one = receive(bench, FILM)
    with transaction() as session:
        session.execute(update(StagedLfs).values(state=state))
    with pytest.raises(LfsExpired):
        name(bench, one)
    assert read_status(bench.repository_id).version == 1


def test_what_nobody_named_in_time_is_swept_and_cannot_be_named_any_more(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    one = receive(bench, FILM)
    assert sweep_staged() == 0
    expire()
    assert lfs_objects.read_received(bench.repository_id, [one.oid]) == {}
    assert sweep_staged() == 1
    assert [entry.key for entry in store().list(f"repos/{bench.repository_id}/lfs/")] == []
    with pytest.raises(LfsExpired):
        name(bench, one)
    with pytest.raises(LfsExpired):
        lfs_objects.receive([one])
    assert rows() == []


def test_what_a_version_named_is_not_swept(bench: Bench, film: StoredLfs) -> None:
    lfs_objects.abandon([film])
    expire()
    assert sweep_staged() == 0
    assert store().read(key_of(bench, film)) == FILM


def test_the_sweep_leaves_a_project_alone_whose_log_knows_more(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    one = receive(bench, FILM)
    backup = moments.remember()
    name(bench, one)
    moments.put_back(backup)
    expire()
    assert sweep_staged() == 0
    list(resume(adopt))
    assert lfs_objects.read_named(bench.repository_id, [one.oid]) == {one.oid: one}
    assert sweep_staged() == 0
    assert rows() == []
    assert verify(bench.repository_id).faults == ()


def test_who_offers_twice_gives_the_same_key(bench: Bench) -> None:
    with transaction() as session:
        first = lfs_objects.offer(session, bench.repository_id, {"0" * 64: 1, "1" * 64: 2})
        assert lfs_objects.offer(session, bench.repository_id, {"1" * 64: 2}) == {"1" * 64: first["1" * 64]}
        assert lfs_objects.offer(session, bench.repository_id, {"1" * 64: 3})["1" * 64] != first["1" * 64]


def test_an_empty_database_gets_them_back(bench: Bench, film: StoredLfs) -> None:
    bench.write(bench.put("a", b"2"))
    before = read_status(bench.repository_id).stored_bytes
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert lfs_objects.read_named(bench.repository_id, [film.oid]) == {film.oid: film}
    assert read_status(bench.repository_id).stored_bytes == before
    with read_transaction() as session:
        assert session.scalars(select(LfsObject.version)).all() == [2]
    assert verify(bench.repository_id).faults == ()


def test_the_collector_takes_what_nothing_names(bench: Bench, film: StoredLfs) -> None:
    waiting, orphan = receive(bench, b"waits"), receive(bench, b"nobody's")
    with transaction() as session:
        session.delete(session.get_one(StagedLfs, orphan.name))
    assert [found.objects for found in collect()] == [0], "not before its time"
    assert [found.objects for found in collect(0)] == [1]
    left = {entry.key for entry in store().list(f"repos/{bench.repository_id}/lfs/")}
    assert left == {key_of(bench, film), key_of(bench, waiting)}


def test_the_collector_keeps_what_the_log_names_whatever_sql_says(
    bench: Bench, film: StoredLfs, with_settings: Callable[..., Config]
) -> None:
    with_settings(longest_request_hours=0)
    with transaction() as session:
        session.delete(session.get_one(LfsObject, (bench.repository_id, film.oid)))
    assert [found.objects for found in collect(0)] == [0]
    moments.put_back(moments.NOTHING)
    assert [found.objects for found in collect(0)] == [0]
    assert store().read(key_of(bench, film)) == FILM


def test_a_deleted_project_takes_its_objects_along(bench: Bench, film: StoredLfs) -> None:
    receive(bench, b"waits")
    change_about(bench.repository_id, lambda _session: {"deleted_at": now().isoformat()}, actor="alice")
    with transaction() as session:
        remove_rows(session, bench.repository_id)
    assert sum(found.objects for found in collect(0)) == 6
    assert list(store().list("repos/")) == []


@pytest.mark.parametrize("spoil", [lambda body: body[:-1], lambda body: body[:-1] + bytes([body[-1] ^ 1])])
def test_verify_reads_them_back(bench: Bench, film: StoredLfs, spoil: Callable[[bytes], bytes]) -> None:
    key, body = key_of(bench, film), spoil(FILM)
    store().delete(key)
    assert verify(bench.repository_id).faults == (f"{key} is missing in the object store.",)
    store().put(key, body, sha256=hashlib.sha256(body).hexdigest())
    assert verify(bench.repository_id).faults == (f"{key} has another length or SHA-256 than the database recorded.",)


def test_verify_compares_them_with_the_log(bench: Bench, film: StoredLfs) -> None:
    with transaction() as session:
        session.delete(session.get_one(LfsObject, (bench.repository_id, film.oid)))
    assert verify(bench.repository_id).faults == ("The Git LFS objects in the database are not those of the journal.",)


def test_more_objects_than_one_statement_takes_are_received_or_given_up(bench: Bench, parameters: list[int]) -> None:
    staged = lfs_objects.stage(bench.repository_id, {f"{number:064x}": 1 for number in range(2 * BATCH_VALUES)})
    lfs_objects.receive(staged.values())
    assert len(lfs_objects.read_received(bench.repository_id, staged)) == 2 * BATCH_VALUES
    lfs_objects.abandon(staged.values())
    assert lfs_objects.read_received(bench.repository_id, staged) == {}
    assert BATCH_VALUES < max(parameters) < BATCH_VALUES + 10
