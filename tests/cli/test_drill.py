"""The rehearsal of a rebuild: what would not come back is told, and the store never learns of it."""

from collections.abc import Callable
from dataclasses import asdict

import pytest
from sqlalchemy import delete, update

from framework.admin.shown import jobs
from framework.celery import schedule
from framework.database.session import transaction
from framework.database.types import now
from framework.drill import drill, tasks
from framework.health.doctor import ALL
from framework.health.examination import examine
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Event, Project
from framework.repositories.catalog.deletion import remove_rows
from framework.repositories.journal import writer
from framework.repositories.journal.keys import list_entries
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.models import Ref, Repository
from framework.storage.current import store
from tests.cli.conftest import Flasks
from tests.repositories.conftest import Bench


@pytest.fixture
def files(website: ProjectAccess, files_of: Callable[[ProjectAccess], Bench]) -> Bench:
    """The website with two versions."""
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    return bench


def well() -> tuple[bool, str]:
    [found] = examine({"drill": ALL["drill"]})
    return found.well, found.words


def test_everything_comes_back_and_nothing_is_left_of_it(
    flask: Flasks, files: Bench, secret: ProjectAccess, files_of: Callable[[ProjectAccess], Bench]
) -> None:
    files_of(secret)
    before = [entry.key for entry in store().list("")]
    result = flask("storage", "drill").output
    assert result.startswith("1 repository with 2 versions compared in ")
    assert [entry.key for entry in store().list("")] == before, "a rehearsal writes nothing into the log"
    files.write(files.put("a", b"3"))
    assert files.read("a") == b"3"


def test_a_log_entry_that_is_missing_is_told(flask: Flasks, files: Bench) -> None:
    store().delete(list_entries(files.repository_id)[0].key)
    result = flask("storage", "drill", status=1).output
    assert "The journal has a gap" in result
    assert f"{files.repository_id} has 2 versions, and 1 came back" in result


def test_a_newest_entry_that_is_missing_is_told(files: Bench) -> None:
    store().delete(list_entries(files.repository_id)[-1].key)
    done = drill.rehearse()
    assert f"Repository {files.repository_id} did not come back at version 2." in done.faults


def test_other_branches_than_the_database_has_are_told(files: Bench) -> None:
    with transaction() as session:
        session.execute(update(Ref).values(sha="0" * 40))
    assert "other branches, packs, owner or name" in drill.rehearse().faults[0]


def test_a_repository_that_only_the_log_knows_is_told(files: Bench) -> None:
    with transaction() as session:
        session.execute(delete(Event))
        session.execute(delete(Project))
        remove_rows(session, files.repository_id)
    done = drill.rehearse()
    assert done.faults == [f"The log has a repository {files.repository_id}, which the database does not know."]


def test_a_version_that_waits_for_its_log_entry_is_no_fault(files: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_version: object) -> None:
        raise NotConfirmed

    monkeypatch.setattr(writer, "_write", fail)
    with pytest.raises(NotConfirmed):
        files.write(files.put("a", b"3"))
    done = drill.rehearse()
    assert (done.faults, done.repositories) == ([], 0)


def test_a_rebuild_that_breaks_off_is_a_failure(files: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "EXPECTED", "another.jsonl")
    with pytest.raises(drill.DrillFailed, match="did not come to its end"):
        drill.rehearse()


def test_the_doctor_tells_what_the_last_one_found(files: Bench) -> None:
    assert well() == (True, "has not run yet; it does every Saturday, and now with: flask storage drill")
    lease = schedule.start_now("drill")
    result = tasks.rehearse_rebuild()
    assert schedule.record("drill", lease, result)
    assert well()[0]
    assert well()[1].startswith("1 projects came back on ")
    lease = schedule.start_now("drill")
    schedule.record("drill", lease, asdict(drill.Drill(1, 2, 0.1, 1, ["It did not."])))
    assert well() == (False, f"failed on {now():%Y-%m-%d}: It did not.; again: flask storage drill")


def test_the_doctor_knows_of_one_that_was_run_by_hand(flask: Flasks, files: Bench) -> None:
    flask("storage", "drill")
    assert well()[0]
    assert well()[1].startswith("1 projects came back on ")
    store().delete(list_entries(files.repository_id)[0].key)
    flask("storage", "drill", status=1)
    assert not well()[0]


def test_one_by_hand_that_breaks_off_is_a_failure(flask: Flasks, files: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "EXPECTED", "another.jsonl")
    flask("storage", "drill", status=1)
    assert "DrillFailed: The rebuild did not come to its end" in well()[1]


def test_the_other_jobs_that_are_run_by_hand_are_noted(flask: Flasks, files: Bench) -> None:
    flask("backup")
    flask("storage", "collect")
    told = {job.name: job for job in jobs()}
    assert told["backup"].last_run_at is not None
    assert told["backup"].result
    assert told["collect"].last_run_at is not None
    assert told["collect"].result == "", "it found nothing"


def test_a_repository_of_another_owner_is_told(files: Bench) -> None:
    with transaction() as session:
        row = session.get_one(Repository, files.repository_id)
        row.about = {**row.about, "owner": {"name": "mallory", "email": "mallory@example.org"}}
    assert drill.rehearse().fault_count == 1
