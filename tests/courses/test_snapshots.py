"""The version at the deadline is kept, whatever a participant pushes, and whom work in a copy is news to."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from framework.accounts.core.account import Account
from framework.courses.handing_in import extend, hand_in
from framework.courses.starting import start
from framework.database.session import read_transaction
from framework.database.types import now
from framework.projects.branches.operations import delete_ref
from framework.projects.branches.protection import KeptForGood, RefProtected, Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import project_for
from framework.projects.lifecycle.old_versions import ask_for_removal
from framework.projects.models import Event, Notice
from framework.projects.notify import preferences
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.file_surveys import FileVersions
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.write.commit import commit, do_nothing
from tests.cast import on_each_deployment
from tests.courses.conftest import School
from tests.githttp.client import Person
from tests.servers.application.gunicorn import LiveServer
from tests.uploads.conftest import store_files


@on_each_deployment
def test_a_snapshot_is_the_version_at_the_deadline_even_after_downtime(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    sha = store_files(copy, school.sam, {"answer.txt": b"in time"})
    school.pass_deadline(number)
    store_files(copy, school.sam, {"answer.txt": b"too late"})  # before the job has run
    assert (school.take_snapshots(), school.take_snapshots()) == (1, 0)
    assert school.hand_in_of(number, school.sam).snapshot_sha == sha


def test_nothing_that_a_participant_does_removes_a_snapshot(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    sha = store_files(copy, school.sam, {"answer.txt": b"in time"})
    school.pass_deadline(number)
    school.take_snapshots()
    snapshot = read_snapshot(copy.repository_id)
    (tag,) = snapshot.tags
    assert snapshot.tags[tag] == sha
    with pytest.raises(Exception, match="protected"):
        delete_ref(school.sam, copy, f"refs/tags/{tag}")
    assert read_snapshot(copy.repository_id).tags == {tag: sha}


@pytest.mark.parametrize("names", [["deadline-{day}/x"], ["deadline-{day}", "deadline-{day}-2", "deadline-{day}-3"]])
def test_no_name_that_a_participant_takes_keeps_a_snapshot_away(school: School, names: list[str]) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    day = (school.hand_in_of(number, school.sam).due_at - timedelta(hours=3)).astimezone(UTC).date()
    first = read_snapshot(copy.repository_id).find_branch("main")
    assert first
    for name in names:
        updates = (RefUpdate(f"refs/tags/{name.format(day=day)}", None, first),)
        commit(Change(copy.repository_id, "sam", updates=updates), precheck=do_nothing, in_transaction=do_nothing)
    sha = store_files(copy, school.sam, {"answer.txt": b"in time"})
    school.pass_deadline(number)
    assert school.take_snapshots() == 1
    assert sha in read_snapshot(copy.repository_id).tags.values()
    assert school.hand_in_of(number, school.sam).snapshot_sha == sha


def test_what_is_handed_in_late_is_kept_by_a_tag(school: School) -> None:
    number, course = school.set_assignment(), school.course(school.sam)
    copy = start(school.sam, course, number)
    school.pass_deadline(number)
    school.take_snapshots()
    late = store_files(copy, school.sam, {"answer.txt": b"late"})
    for _click in range(2):
        hand_in(school.sam, course, number)
    (tag,) = (tag for tag, sha in read_snapshot(copy.repository_id).tags.items() if sha == late)
    assert tag == f"late-{now().astimezone(UTC):%Y-%m-%d}"
    with pytest.raises(RefProtected):
        delete_ref(school.sam, copy, f"refs/tags/{tag}")


def test_an_extension_moves_one_snapshot(school: School) -> None:
    number = school.set_assignment()
    copies = {one: start(one, school.course(one), number) for one in (school.sam, school.tom)}
    first = {one: store_files(copy, one, {"a.txt": b"1"}) for one, copy in copies.items()}
    school.pass_deadline(number)
    extend(school.teacher, school.course(school.teacher), number, "sam", now() + timedelta(hours=1))
    assert school.take_snapshots() == 1
    second = store_files(copies[school.sam], school.sam, {"a.txt": b"2"})
    school.pass_deadline(number)
    assert school.take_snapshots() == 1
    assert school.hand_in_of(number, school.sam).snapshot_sha == second
    assert school.hand_in_of(number, school.tom).snapshot_sha == first[school.tom]


def test_work_in_copies_is_no_news_to_who_teaches(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)

    def news(account: Account) -> int:
        with read_transaction() as session:
            mine = (Notice.user_id == account.id, Event.project_id == copy.id)
            return session.scalar(select(func.count()).select_from(Notice).join(Event).where(*mine)) or 0

    store_files(copy, school.sam, {"a.txt": b"1"})
    assert news(school.teacher) == 0
    store_files(copy, school.sam, {"a.txt": b"2"}, message="Is this right, @ada?")
    assert news(school.teacher) == 1  # addressed
    preferences.choose(school.teacher.id, copy.id, "daily")
    store_files(copy, school.sam, {"a.txt": b"3"})
    assert news(school.teacher) == 2
    store_files(project_for(school.teacher, "statistics", copy.name), school.teacher, {"b.txt": b"Well done"})
    assert news(school.sam) >= 1


def test_no_rule_opens_the_tags_that_keep_what_was_handed_in(
    school: School, served: LiveServer, tmp_path: Path
) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    sha = store_files(copy, school.sam, {"answer.txt": b"in time"})
    school.pass_deadline(number)
    school.take_snapshots()
    (tag,) = read_snapshot(copy.repository_id).tags
    teaching = project_for(school.teacher, "statistics", copy.name)
    set_branch_rule(school.teacher, teaching, Rule("refs/tags/*", force_push=True, deletion=True))
    with pytest.raises(KeptForGood):
        delete_ref(school.teacher, teaching, f"refs/tags/{tag}")
    work = Person("ada", tmp_path, served.url).clone(copy.full_name, "work")
    work.commit("Another answer", answer__txt="better")
    for change in (f"+main:refs/tags/{tag}", f":refs/tags/{tag}"):
        assert "it keeps what was handed in" in work.push(copy.full_name, change, check=False).stderr
    file = FileVersions("answer.txt", 2, 99, 9, 1, 90, 2, (f"refs/tags/{tag}",), 1, ())
    with pytest.raises(KeptForGood):
        ask_for_removal(school.teacher, teaching, file, confirmation="answer.txt", rewrites_protected=True)
    for change in ("main:refs/tags/deadline-mine", ":refs/tags/deadline-mine"):
        work.push(copy.full_name, change)
    assert read_snapshot(copy.repository_id).tags == {tag: sha}
