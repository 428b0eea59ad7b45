"""What a process that died between two steps left behind is finished by the recurring work."""

import hashlib
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import select, update

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.gitcore.packs import measure_pack
from framework.repositories import object_keys, tasks
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.models import StagedPush, Version
from framework.repositories.write import pack_upload, staging
from framework.repositories.write.refusals import StagingExpired
from framework.storage.contract import StoreUnavailable
from framework.storage.current import store
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment


def test_a_log_entry_that_the_store_did_not_take_is_written_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = store()._put

    def fail_for_the_log(key: str, source: object, sha256: str) -> None:
        if "/log/" in key:
            raise StoreUnavailable
        send(key, source, sha256)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", fail_for_the_log)
        with pytest.raises(NotConfirmed):
            bench.write(bench.put("a", b"1"))
    assert bench.read("a") == b"1", "the change is committed all the same"
    assert log_keys(bench) == []
    assert tasks.confirm_log() == 1
    assert len(log_keys(bench)) == 1
    with read_transaction() as session:
        version = session.scalars(select(Version)).one()
    assert version.confirmed_at is not None
    assert version.entry is None
    assert tasks.confirm_log() == 0


def test_the_missing_entries_are_written_oldest_first_with_the_next_version(
    bench: Bench,
) -> None:
    bench.write(bench.put("a", b"1"))
    first = log_keys(bench)
    store().delete(first[0])
    with transaction() as session:
        entry = b"{}"
        session.execute(
            update(Version).values(confirmed_at=None, entry=entry, entry_hash=hashlib.sha256(entry).hexdigest())
        )
    bench.write(bench.put("a", b"2"))
    assert [key.split("/")[-1][:10] for key in log_keys(bench)] == ["0000000001", "0000000002"]


def test_an_expired_push_is_swept_and_a_fresh_one_kept(bench: Bench) -> None:
    names = {age: object_keys.new_id() for age in ("expired", "fresh")}
    for age, name in names.items():
        staging.stage(bench.repository_id, age, [name])
        store().put(object_keys.pack_key(bench.repository_id, name), b"x", sha256=hashlib.sha256(b"x").hexdigest())
    with transaction() as session:
        session.get_one(StagedPush, "expired").expires_at = now() - timedelta(seconds=1)
    assert tasks.sweep_staged() == 1
    left = [entry.key for entry in store().list(f"repos/{bench.repository_id}/packs/")]
    assert left == [object_keys.pack_key(bench.repository_id, names["fresh"])]
    with read_transaction() as session:
        assert session.scalars(select(StagedPush.id)).all() == ["fresh"]


def test_a_push_that_takes_long_does_not_expire_while_it_sends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_upload, "RENEWED_EVERY_SECONDS", 0.01)
    send = store()._put

    def send_when_expired_and_renewed(key: str, source: bytes | Path, sha256: str) -> None:
        with transaction() as session:
            session.execute(update(StagedPush).values(expires_at=now() - timedelta(seconds=1)))
        while not unexpired():
            sleep(0.01)
        send(key, source, sha256)

    monkeypatch.setattr(store(), "_put", send_when_expired_and_renewed)
    pack, idx = bench.folder / "a.pack", bench.folder / "a.idx"
    pack.write_bytes(b"pack")
    idx.write_bytes(b"idx")
    written = measure_pack(pack)
    pack_upload.send(bench.repository_id, object_keys.new_id(), {object_keys.new_id(): written})
    staging.sweep()
    assert len(list(store().list(f"repos/{bench.repository_id}/packs/"))) == 2


def unexpired() -> int:
    """How many pushes on their way have not expired."""
    with read_transaction() as session:
        return len(session.scalars(select(StagedPush.id).where(StagedPush.expires_at > now())).all())


@pytest.mark.parametrize("state", ["doomed", "swept"])
def test_a_push_that_was_cleaned_up_is_not_renewed(bench: Bench, state: str) -> None:
    push_id = object_keys.new_id()
    staging.stage(bench.repository_id, push_id, [])
    with transaction() as session:
        session.execute(update(StagedPush).values(state="doomed", expires_at=now() - timedelta(seconds=1)))
    if state == "swept":
        staging.sweep()
    staging.renew(push_id)
    assert not unexpired()


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "doomed"])
def test_a_push_whose_packs_were_cleaned_up_cannot_go_on_with_others(bench: Bench, *, swept: bool) -> None:
    push_id = object_keys.new_id()
    staging.stage(bench.repository_id, push_id, [object_keys.new_id()])
    staging.stage(bench.repository_id, push_id, [object_keys.new_id()], again=True)
    with transaction() as session:
        session.get_one(StagedPush, push_id).state = "doomed"
    if swept:
        staging.sweep()
    with pytest.raises(StagingExpired):
        staging.stage(bench.repository_id, push_id, [object_keys.new_id()], again=True)


def test_a_committed_push_cannot_be_abandoned(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    with read_transaction() as session:
        push_id = session.scalars(select(Version.push_id)).one()
    staging.abandon(push_id)
    assert len(list(store().list(f"repos/{bench.repository_id}/packs/"))) == 1


def log_keys(bench: Bench) -> list[str]:
    return [entry.key for entry in store().list(f"repos/{bench.repository_id}/log/")]
