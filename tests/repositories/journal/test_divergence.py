"""A database restored from a backup: nobody writes to a project whose log knows more."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from framework.database.session import transaction
from framework.database.types import now
from framework.lru import LRUCache
from framework.repositories import object_keys
from framework.repositories.journal import divergence
from framework.repositories.journal.divergence import DatabaseBehind, has_diverged
from framework.repositories.models import StagedPush
from framework.repositories.write import staging
from framework.repositories.write.creation import change_about
from framework.storage.counting import requests
from framework.storage.current import ownership, store
from framework.storage.ownership.refusals import OwnedByAnother
from tests import moments
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench
from tests.servers.application.owners import Owners

pytestmark = on_each_deployment


@pytest.fixture
def restored(bench: Bench) -> Bench:
    """Two versions, of which the database lost the second; the disk is new."""
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"2"))
    moments.put_back(backup)
    return bench


def test_a_write_is_refused_and_leaves_nothing(restored: Bench) -> None:
    before = [entry.key for entry in store().list("repos/")]
    with pytest.raises(DatabaseBehind) as refusal:
        restored.write(restored.put("b", b"3"))
    assert (refusal.value.status, "recovered" in refusal.value.sentence) == (503, True)
    assert [entry.key for entry in store().list("repos/")] == before


def test_who_lost_the_bucket_is_not_sent_to_recover_what_the_new_owner_writes(owners: Owners, bench: Bench) -> None:
    """A process that looked at the bucket just before the take-over, and writes to the project for the first time."""
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"by the new owner"))
    moments.put_back(backup)
    with owners.other():
        ownership().take_over(force=True)
    ownership()._permitted_until = float("inf")
    with pytest.raises(OwnedByAnother):
        bench.write(bench.put("b", b"by the former one"))
    assert divergence.count_diverged() == 0


def test_it_can_still_be_read(restored: Bench) -> None:
    assert restored.read("a") == b"1"


def test_its_settings_cannot_be_changed(restored: Bench) -> None:
    with pytest.raises(DatabaseBehind):
        change_about(restored.repository_id, lambda _session: {"name": "other"}, actor="alice")


def test_who_has_written_before_stops_once_another_process_has_noticed(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    divergence.note_diverged(bench.repository_id)
    with pytest.raises(DatabaseBehind):
        bench.write(bench.put("a", b"2"))
    assert bench.read("a") == b"1"


def test_the_log_is_looked_at_once_a_process(bench: Bench) -> None:
    divergence._written.clear()
    for expected in (1, 0):
        with requests() as asked:
            bench.write(bench.put("a", str(expected).encode()))
        assert asked.of("list") == expected


def test_the_log_is_looked_at_once_more_after_many_other_writes(
    new_bench: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(divergence, "_written", LRUCache[str, int](2))
    first, second, third = (new_bench() for _ in range(3))
    assert len(divergence._written) == 2
    for bench, expected in ((second, 0), (first, 1), (second, 0), (third, 1)):
        with requests() as asked:
            bench.write(bench.put("a", b"1"))
        assert asked.of("list") == expected, "the one that was not written to for longest is forgotten"


def test_whoever_made_a_repository_knows_that_it_has_no_log(bench: Bench) -> None:
    with requests() as asked:
        bench.write(bench.put("a", b"1"))
    assert asked.operations == ["put"] * 2


def test_a_version_that_another_process_commits_meanwhile_is_no_alarm(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(bench.put("a", b"1"))
    look = store()._list

    def look_after_another(prefix: str, after: str) -> object:
        monkeypatch.setattr(store(), "_list", look)
        bench.write(bench.put("b", b"2"))
        return look(prefix, after)

    monkeypatch.setattr(store(), "_list", look_after_another)
    assert not has_diverged(bench.repository_id)


def test_an_old_database_does_not_sweep_what_became_a_version_since(bench: Bench) -> None:
    """The backup knows the push as staged; the journal knows it as version 1."""
    name, body = object_keys.new_id(), b"x"
    staging.stage(bench.repository_id, object_keys.new_id(), [name])
    with transaction() as session:
        session.execute(update(StagedPush).values(expires_at=now() - timedelta(hours=1)))
    backup = moments.remember()
    bench.write(bench.put("a", b"1"))
    store().put(object_keys.pack_key(bench.repository_id, name), body, sha256=hashlib.sha256(body).hexdigest())
    moments.put_back(backup)
    assert staging.sweep() == 0
    assert store().read(object_keys.pack_key(bench.repository_id, name)) == body
