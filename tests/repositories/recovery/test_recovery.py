"""Every acknowledged version comes back from the journal, whatever the database lost."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.repositories import object_keys
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.snapshot import RepositoryMissing, read_snapshot
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.journal.keys import list_entries
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LargeBlob, Pack, Repository, StagedPush, Version
from framework.repositories.recovery.planning import Recovered
from framework.repositories.recovery.recovery import DatabaseNotEmpty, rebuild, resume
from framework.repositories.write import staging
from framework.repositories.write.creation import change_about
from framework.repositories.write.staging import sweep
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench
from tests.storage.altered import alter

pytestmark = on_each_deployment

MIB = 1 << 20
LARGE = os.urandom(MIB)


def adopt(_session: Session, _repository_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """No rooms above."""
    return dict(told)


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Three versions, the second with a large blob."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("large", LARGE))
    bench.write(bench.put("a", b"3"))
    return bench


def test_an_empty_database_gets_everything_back(written: Bench) -> None:
    before, versions = _state(written), _versions(written)
    moments.put_back(moments.NOTHING)
    assert list(rebuild(adopt)) == [Recovered(written.repository_id, {"name": "field-notes"}, 3, created=True)]
    assert _state(written) == before
    assert _versions(written)[:3] == versions
    assert written.read("large") == LARGE


def test_it_goes_on_in_a_new_epoch(written: Bench) -> None:
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    written.write(written.put("b", b"4"))
    assert [key.place for key in list_entries(written.repository_id)] == [(1, 1), (1, 2), (1, 3), (2, 4), (2, 5)]
    assert verify(written.repository_id).faults == ()


def test_a_database_that_knows_a_repository_is_not_rebuilt(written: Bench) -> None:
    with pytest.raises(DatabaseNotEmpty, match="use `flask storage resume`"):
        rebuild(adopt)


def test_an_old_database_gets_what_it_lacks(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"), bench.put("gone", b""))
    backup = moments.remember()
    bench.write(bench.put("large", LARGE))
    bench.write(bench.put("a", b"3"))
    before, versions = _state(bench), _versions(bench)
    moments.put_back(backup)
    assert list(resume(adopt)) == [Recovered(bench.repository_id, {"name": "field-notes"}, 2)]
    assert _state(bench) == before
    assert _versions(bench)[:3] == versions
    bench.write(bench.put("a", b"4"))
    assert verify(bench.repository_id).faults == ()


def test_a_database_that_lacks_nothing_only_starts_an_epoch(written: Bench) -> None:
    before = _state(written)
    assert list(resume(adopt)) == [Recovered(written.repository_id, {"name": "field-notes"}, 0)]
    assert _state(written) == before
    assert read_snapshot(written.repository_id).epoch == 2


def test_a_repository_without_a_version_is_left_as_it_is(bench: Bench) -> None:
    assert list(resume(adopt)) == []
    assert read_snapshot(bench.repository_id).epoch == 1


def test_one_that_was_written_to_first_after_the_backup_comes_back(bench: Bench) -> None:
    backup = moments.remember()
    bench.write(bench.put("a", b"1"))
    moments.put_back(backup)
    assert [done.versions for done in resume(adopt)] == [1]
    assert bench.read("a") == b"1"


def test_what_was_told_of_the_project_last_is_handed_on(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    change_about(bench.repository_id, lambda _session: {"name": "renamed"}, actor="alice")
    moments.put_back(backup)
    assert [done.project for done in resume(adopt)] == [{"name": "renamed"}]
    with read_transaction() as session:
        assert session.get_one(Repository, bench.repository_id).about == {"name": "renamed"}


def test_a_copy_that_is_newer_than_the_log_is_no_alarm_afterwards(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 2 was committed and never confirmed: a disk may know it, and nobody else does."""
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"unconfirmed"))
    store().delete(list_entries(bench.repository_id)[-1].key)
    with monkeypatch.context() as kept_disk:
        kept_disk.setattr(moments, "start_anew", lambda: None)
        moments.put_back(backup)
    list(resume(adopt))
    assert bench.read("a") == b"1"


def test_a_staged_push_whose_packs_became_a_version_keeps_them(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"2"))
    with read_transaction() as session:
        names = session.scalars(select(Pack.name)).all()
    moments.put_back(backup)
    staging.stage(bench.repository_id, object_keys.new_id(), [*names, object_keys.new_id()])
    list(resume(adopt))
    sweep()
    with read_transaction() as session:
        assert session.scalars(select(StagedPush)).all() == []
    assert verify(bench.repository_id).faults == ()


def test_a_damaged_newest_version_costs_that_version_only(written: Bench) -> None:
    listed = list_entries(written.repository_id)
    alter(listed[2].key, b"{}")
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert (done.versions, len(done.faults)) == (2, 1)
    assert "version 3, is damaged" in done.faults[0]
    assert written.read("a") == b"1"
    written.write(written.put("a", b"again"))
    assert written.read("a") == b"again"


def test_a_missing_entry_in_the_middle_is_told_and_costs_no_file(written: Bench) -> None:
    store().delete(list_entries(written.repository_id)[1].key)
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert (done.versions, done.faults) == (
        2,
        ("The journal has a gap: the entry before version 3 is missing or damaged.",),
    )
    with read_transaction() as session:
        assert list(session.scalars(select(LargeBlob.size_bytes))) == [MIB], "the size was read from the pack itself"
    with open_copy(written.repository_id) as copy:
        sizes = {entry.name: entry.size_bytes for entry in list_folder(copy, find(copy, resolve(copy, "main"), ""))}
    assert sizes == {"a": 1, "large": MIB}


def test_a_log_of_which_nothing_can_be_read_is_told(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    key = list_entries(bench.repository_id)[0].key
    alter(key, b"{}")
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert (done.versions, done.created, len(done.faults)) == (0, False, 1)
    with pytest.raises(RepositoryMissing):
        read_snapshot(bench.repository_id)


@pytest.mark.parametrize("known", [True, False], ids=["old database", "empty database"])
def test_what_was_deleted_for_good_does_not_return(bench: Bench, *, known: bool) -> None:
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    change_about(bench.repository_id, lambda _session: {"deleted_at": "2026-01-01T00:00:00+00:00"}, actor="alice")
    moments.put_back(backup if known else moments.NOTHING)
    assert [done.deleted for done in (resume if known else rebuild)(adopt)] == [True]
    with pytest.raises(RepositoryMissing):
        read_snapshot(bench.repository_id)


def test_many_repositories_come_back_each_with_its_own(new_bench: Callable[[], Bench]) -> None:
    benches = [new_bench() for _ in range(3)]
    for number, bench in enumerate(benches):
        bench.write(bench.put("a", str(number).encode()))
    backup = moments.remember()
    for number, bench in enumerate(benches[:2]):
        bench.write(bench.put("b", str(number).encode()))
    moments.put_back(backup)
    assert sorted(done.versions for done in resume(adopt)) == [0, 1, 1]
    assert [bench.read("b") for bench in benches[:2]] == [b"0", b"1"]
    assert benches[2].read("a") == b"2"


def test_a_resume_that_died_half_way_is_repeated(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"2"))
    moments.put_back(backup)

    def die(_session: Session, _repository_id: str, _told: Mapping[str, Any]) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(resume(die))
    assert read_snapshot(bench.repository_id).version == 1
    list(resume(adopt))
    assert bench.read("a") == b"2"


def test_an_entry_that_was_damaged_and_is_right_again_is_kept(written: Bench) -> None:
    newest = list_entries(written.repository_id)[-1]
    body = store().read(newest.key)
    alter(newest.key, b"{}")
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    alter(newest.key, body)
    [done] = resume(adopt)
    [ref] = done.kept
    assert written.read("a", ref.removeprefix("refs/heads/")) == b"3"


def _state(bench: Bench) -> tuple[object, ...]:
    """The commits, refs and packs that SQL and the store have together."""
    with open_copy(bench.repository_id) as copy:
        commits = [commit.sha for commit in read_log(copy, resolve(copy, "main"))]
        snapshot = copy.snapshot
    with read_transaction() as session:
        packs = sorted(session.scalars(select(Pack.name).where(Pack.superseded_version.is_(None))))
        blobs = sorted(tuple(row) for row in session.execute(select(LargeBlob.sha, LargeBlob.size_bytes)))
        stored = session.get_one(Repository, bench.repository_id).stored_bytes
    return commits, dict(snapshot.refs), snapshot.default_branch, packs, blobs, stored


def _versions(bench: Bench) -> list[tuple[object, ...]]:
    query = select(Version).where(Version.repository_id == bench.repository_id)
    with transaction() as session:
        rows = session.scalars(query.order_by(Version.epoch, Version.version)).all()
        return [
            ((row.epoch, row.version), row.entry_hash, row.previous_hash, row.push_id, row.actor, row.pack_generation)
            for row in rows
        ]
