"""What takes a project's space, on its storage page, and the page that removes a file's old versions; for owners."""

import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.celery.models import BackgroundJob
from framework.celery.worker.runs import FINAL
from framework.database.session import transaction
from framework.database.types import now
from framework.formatting import format_size
from framework.projects import tasks
from framework.projects.branches.protection import Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess, RoleTooLow
from framework.projects.lifecycle.file_counts import COUNT_TASK
from framework.projects.lifecycle.old_versions import KIND, TASK, AskedTooLongAgo, ErasureFollows, NothingRemoved
from framework.projects.members.people import add_person
from framework.projects.members.roles import change_role
from framework.projects.notify.summaries import Happened, story
from framework.repositories.catalog.file_surveys import read_survey
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.models import FileSurvey
from framework.repositories.old_versions import survey
from framework.repositories.write.operations import Delete
from framework.rooms import STORAGE, queue_kind
from framework.storage.contract import StoreUnavailable
from framework.storage.current import store
from tests.cast import SignIn, Visitor, asked_for, asked_for_options
from tests.projects.views.counted import PAGE, PATH, bench, count, owner, page_of_file, run_removal
from tests.repositories.conftest import MIB, Bench

__all__ = ["bench", "owner"]


def test_it_says_nothing_before_it_is_asked_to_count(bench: Bench, alice: Account, signed_in: SignIn) -> None:
    page = signed_in(alice).get(PAGE).text
    assert "Nothing was counted yet." in page
    assert "Count now" in page


def test_it_tells_what_each_part_takes_and_costs(owner: Visitor, bench: Bench) -> None:
    page = owner.get(PAGE).text
    rows = re.findall(r'<tr><td>(?:<strong>)?([^<]+).*?<td class="end nowrap">(?:<strong>)?([^<]+)', page, re.DOTALL)
    sizes = dict(rows[:5])
    assert (sizes["Newest files"], sizes["Older versions of files"]) == ("1 MiB", "3 MiB")
    assert set(sizes) == {"Newest files", "Older versions of files", "History", "Indexes", "Everything"}
    assert sizes["Everything"] == format_size(read_storage_usage(bench.repository_id).size_bytes)
    assert "As of version 4, counted" in page
    assert "Count again" not in page


def test_it_names_the_files_that_take_most(owner: Visitor) -> None:
    page = " ".join(owner.get(PAGE).text.split())
    assert "All 4 versions take 4 MiB, of which the newest is 1 MiB. Removing all old versions frees 3 MiB." in page


def test_it_says_when_the_project_has_changed_since(owner: Visitor, bench: Bench) -> None:
    bench.write(bench.put("other", b"1"))
    page = owner.get(PAGE).text
    assert "it is at version 5 now" in page
    assert "Count again" in page
    assert "what is new is rewritten, too" in owner.get(page_of_file(owner)).text
    count(owner)
    assert "As of version 5, counted" in owner.get(PAGE).text


def test_one_count_of_a_project_waits_at_a_time(bench: Bench, alice: Account, signed_in: SignIn) -> None:
    person = signed_in(alice)
    first, second = (person.submit(PAGE, to=f"{PAGE}/count").location for _click in range(2))
    assert first == second
    [work] = asked_for(COUNT_TASK)
    assert tasks.count_files.run(*work)
    bench.write(bench.put("other", b"1"))
    assert person.submit(PAGE, to=f"{PAGE}/count").location != first


def test_what_is_counted_already_is_not_counted_again(owner: Visitor, bench: Bench) -> None:
    before = read_survey(bench.repository_id)
    count(owner)
    assert read_survey(bench.repository_id) == before


def test_what_reads_whole_projects_keeps_no_mail_waiting() -> None:
    assert queue_kind(COUNT_TASK) == queue_kind(TASK) == STORAGE


def test_the_preview_says_what_changes(owner: Visitor) -> None:
    page = " ".join(owner.get(page_of_file(owner)).text.split())
    assert "Removing 3 old versions frees 3 MiB." in page
    assert "4 commits get new ids" in page
    assert '1 branch or tag moves: <code class="break">main</code>' in page
    assert "Everyone who has a clone must clone again" in page
    assert "git pull --rebase" in page
    assert "This cannot be undone." in page
    assert '<code class="break">main</code> is protected from being rewritten.' in page


@pytest.mark.parametrize("typed", [PATH, "table.csv", f"  {PATH} "])
def test_an_owner_removes_old_versions(owner: Visitor, bench: Bench, visitor: Visitor, typed: str) -> None:
    old = read_snapshot(bench.repository_id).branches["main"]
    before = read_storage_usage(bench.repository_id).size_bytes
    answer = owner.submit(page_of_file(owner), confirmation=typed, protected="y")
    assert answer.status_code == 302
    assert "Waiting for its turn" in owner.get(answer.location).text
    assert run_removal()
    watched = owner.get(answer.location).text
    assert "Removing old versions of a file of alice/website" in watched
    freed = format_size(before - read_storage_usage(bench.repository_id).size_bytes)
    assert f"3 old versions of {PATH} were removed; 4 commits on 1 branch or tag got new ids." in watched
    assert f"{freed} less than before" in watched
    assert visitor.get(f"/alice/website/commit/{old}").status_code == 404
    assert visitor.get(f"/alice/website/raw/main/{PATH}").data == random.Random(3).randbytes(MIB)
    page = owner.get(PAGE).text
    assert "Its only version takes 1 MiB." in page
    assert "Older versions of files" not in page
    activity = owner.get("/alice/website/activity").text
    assert f"removed 3 old versions of {PATH} from the history" in activity
    version = read_snapshot(bench.repository_id).version
    assert run_removal(), "a task may run twice"
    assert read_snapshot(bench.repository_id).version == version, "and has its effect once"


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"confirmation": "", "protected": "y"}, 400, "Type the file&#39;s name."),
        ({"confirmation": "website", "protected": "y"}, 400, "This is not the file&#39;s name"),
        ({"confirmation": PATH}, 403, "main may not be rewritten"),
    ],
)
def test_it_asks_for_the_name_and_for_protected_branches(
    owner: Visitor, fields: dict[str, str], status: int, told: str
) -> None:
    answer = owner.submit(page_of_file(owner), **fields)
    assert answer.status_code == status
    assert told in answer.text
    assert asked_for(TASK) == []


def test_what_a_push_replaces_before_the_worker_comes_is_kept(owner: Visitor, bench: Bench) -> None:
    owner.submit(page_of_file(owner), confirmation=PATH, protected="y")
    bench.write(Delete(PATH), message="Gone")
    assert run_removal()
    count(owner)
    assert "Its only version takes 1 MiB" in " ".join(owner.get(PAGE).text.split())
    counted = read_survey(bench.repository_id)
    assert counted
    [file] = counted.files
    assert (file.versions, file.old_versions, file.newest_bytes) == (1, 1, None)


def test_a_removal_that_failed_is_told_and_not_repeated(
    owner: Visitor, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_snapshot(bench.repository_id)
    watch = owner.submit(page_of_file(owner), confirmation=PATH, protected="y").location

    def refuse(_key: str, _source: object, _sha256: str) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(store(), "_put", refuse)
    with pytest.raises(NothingRemoved) as failure:
        run_removal()
    assert isinstance(failure.value, FINAL)
    assert read_snapshot(bench.repository_id) == before
    told = owner.get(watch).text
    assert "The history was left as it was. The object store does not answer" in told
    assert "It does not start again by itself." in told


def test_what_fails_after_the_new_history_is_told_as_such_and_follows(
    owner: Visitor, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, put = read_snapshot(bench.repository_id).branches["main"], store()._put
    watch = owner.submit(page_of_file(owner), confirmation=PATH, protected="y").location

    def put_or_refuse(key: str, source: bytes | Path, sha256: str) -> None:
        if "/packs/" in key and read_snapshot(bench.repository_id).branches["main"] != old:
            raise StoreUnavailable
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", put_or_refuse)
        with pytest.raises(ErasureFollows) as failure:
            run_removal()
    assert not isinstance(failure.value, FINAL)
    told = owner.get(watch).text
    assert "The history is rewritten; erasing the old one follows by itself: The object store does not answer" in told
    assert run_removal()
    assert "3 old versions" in owner.get(watch).text


def test_a_count_that_fails_in_the_end_leaves_the_removal_done(
    owner: Visitor, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = owner.submit(page_of_file(owner), confirmation=PATH, protected="y").location
    monkeypatch.setattr(survey, "COUNT_SECONDS", -1)
    assert run_removal()
    told = owner.get(watch).text
    assert "3 old versions" in told
    assert "The files were not counted again" in told
    assert "Count again" in owner.get(PAGE).text


def test_where_nothing_is_old_any_more_the_files_are_counted(owner: Visitor, bench: Bench) -> None:
    for _time in range(2):
        owner.submit(page_of_file(owner), confirmation=PATH, protected="y")
    first, second = zip(asked_for(TASK), asked_for_options(TASK), strict=True)
    assert tasks.remove_old_versions.run(*first[0], **first[1])
    bench.write(bench.put("other", b"1"))
    assert not tasks.remove_old_versions.run(*second[0], **second[1])
    assert "As of version 7, counted" in owner.get(PAGE).text


def test_a_removal_does_not_begin_later_than_an_hour_after_it_was_asked_for(owner: Visitor, bench: Bench) -> None:
    before = read_snapshot(bench.repository_id)
    owner.submit(page_of_file(owner), confirmation=PATH, protected="y")
    with transaction() as session:
        session.execute(
            update(BackgroundJob).where(BackgroundJob.kind == KIND).values(created_at=now() - timedelta(minutes=61))
        )
    with pytest.raises(AskedTooLongAgo) as refusal:
        run_removal()
    assert isinstance(refusal.value, FINAL)
    assert read_snapshot(bench.repository_id) == before


def test_a_count_that_does_not_say_what_is_kept_counts_as_none(owner: Visitor, bench: Bench) -> None:
    with transaction() as session:
        row = session.get_one(FileSurvey, bench.repository_id)
        row.files = [{name: value for name, value in told.items() if name != "kept"} for told in row.files]
    page = owner.get(PAGE).text
    assert "Nothing was counted yet." in page
    assert "Count now" in page


def test_an_open_branch_needs_no_tick(owner: Visitor, alice: Account, website: ProjectAccess) -> None:
    set_branch_rule(alice, website, Rule("main", force_push=True))
    assert "protected from being rewritten" not in owner.get(page_of_file(owner)).text
    assert owner.submit(page_of_file(owner), confirmation=PATH).status_code == 302
    assert run_removal()


def test_who_is_no_owner_any_more_removes_nothing(
    owner: Visitor, bench: Bench, alice: Account, bob: Account, website: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, website, person="bob", role="owner")
    signed_in(bob).submit(page_of_file(owner), confirmation=PATH, protected="y")
    change_role(alice, website, person_id=bob.id, role="writer")
    before = read_snapshot(bench.repository_id)
    with pytest.raises(RoleTooLow, match="needs an owner"):
        run_removal()
    assert read_snapshot(bench.repository_id) == before


def test_nobody_else_may(
    owner: Visitor, alice: Account, bob: Account, website: ProjectAccess, visitor: Visitor, signed_in: SignIn
) -> None:
    add_person(alice, website, person="bob", role="writer")
    helper, address = signed_in(bob), page_of_file(owner)
    assert visitor.get(address).status_code == 302
    assert helper.get(address).status_code == 403
    assert helper.submit("/new", to=address, confirmation=PATH, protected="y").status_code == 403
    counted = len(asked_for(COUNT_TASK))
    assert helper.submit("/new", to=f"{PAGE}/count").status_code == 403
    assert len(asked_for(COUNT_TASK)) == counted
    assert asked_for(TASK) == []


def test_a_file_that_is_not_listed_has_no_page(owner: Visitor) -> None:
    answer = owner.get(f"{PAGE}/files/{'0' * 16}")
    assert answer.status_code == 404
    assert "not in the list of large files" in answer.text


def test_others_in_the_project_are_told(
    owner: Visitor, alice: Account, bob: Account, website: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, website, person="bob", role="reader")
    owner.submit(page_of_file(owner), confirmation=PATH, protected="y")
    run_removal()
    inbox = " ".join(signed_in(bob).get("/inbox").text.split())
    assert f"removed 3 old versions of {PATH} from the history of" in inbox
    told = story("alice/website", "http://x", [Happened("alice", "versions_removed", {"path": PATH})])
    assert told.title == f"old versions of {PATH} were removed"
    assert "please clone the project again" in told.actors[0].sentence
