"""Real git pushes to the real server: what lands, and what others see of it."""

import os
import threading
from collections.abc import Callable
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.gitcore.pkt_line import FLUSH
from framework.projects.branches.protection import Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.projects.notify.activity import read_activity
from framework.projects.notify.inbox import read_inbox
from framework.repositories.cache.copies import lease_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.models import LargeBlob, Pack, Version
from framework.storage.counting import requests
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB, House
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, post, push_body


def refs(project: ProjectAccess) -> dict[str, str]:
    return dict(read_snapshot(project.repository_id).refs)


def test_the_first_and_the_second_push(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    work.commit("First", a__txt="1")
    said = work.push(project.full_name, "--progress", "main").stderr
    assert "[new branch]" in said
    assert f"remote:   {alice.url}/{project.full_name}" in said
    assert "in the object store" in said
    second = work.commit("Second", a__txt="2")
    assert "main -> main" in work.push(project.full_name, "main").stderr
    assert refs(project) == {"refs/heads/main": second}
    copy = alice.clone(project.full_name, "copy")
    assert copy.sha("HEAD") == second
    assert (copy.folder / "a.txt").read_text() == "2"
    assert copy.git("fsck", "--strict").stderr == ""


def test_a_first_push_is_read_without_the_store(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    work.commit("First", a__txt="1")
    work.push(project.full_name, "main")
    with requests() as asked, lease_copy(project.repository_id):
        assert asked.total == 0


def test_the_project_page_shows_what_was_pushed(house: House, alice: Person) -> None:
    public = create_project(house.people["alice"], name="shown", description="", visibility="public")
    with urlopen(f"{alice.url}/alice/shown") as page:
        assert "git push -u origin main" not in page.read().decode()  # for those who may
    work = alice.work()
    work.commit("First light", readme__txt="Hello from git")
    work.push(public.full_name, "main")
    with urlopen(f"{alice.url}/alice/shown") as page:
        text = page.read().decode()
    assert "readme.txt" in text
    assert "First light" in text
    with urlopen(f"{alice.url}/alice/shown/raw/main/readme.txt") as raw:
        assert raw.read() == b"Hello from git"


def test_the_first_branch_becomes_the_default_one(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    work.commit("First", a__txt="1")
    work.push(project.full_name, "main:trunk")
    assert read_snapshot(project.repository_id).default_branch == "trunk"
    work.push(project.full_name, "main:other")
    assert read_snapshot(project.repository_id).default_branch == "trunk"
    assert alice.clone(project.full_name, "copy").git("branch", "--show-current").stdout == "trunk\n"


def test_a_side_branch_may_be_forced_and_deleted(work: Work, project: ProjectAccess) -> None:
    first = work.sha("HEAD")
    work.commit("Second", a__txt="2")
    work.push(project.full_name, "main:side")
    assert "non-fast-forward" in work.push(project.full_name, f"{first}:side", check=False).stderr
    work.push(project.full_name, "--force", f"{first}:side")
    assert refs(project)["refs/heads/side"] == first
    work.push(project.full_name, ":side")
    assert set(refs(project)) == {"refs/heads/main"}


def test_the_default_branch_is_neither_forced_nor_deleted(work: Work, project: ProjectAccess) -> None:
    before = refs(project)
    work.git("commit", "--amend", "-qm", "Rewritten")
    forced = work.push(project.full_name, "--force", "main", check=False)
    deleted = work.push(project.full_name, ":main", check=False)
    assert "main is a protected branch: its history cannot be rewritten" in forced.stderr
    assert "main is a protected branch: the default branch cannot be deleted" in deleted.stderr
    assert (forced.returncode, deleted.returncode, refs(project)) == (1, 1, before)


def test_rules_open_the_default_branch_and_protect_others(house: House, work: Work, project: ProjectAccess) -> None:
    first = work.sha("HEAD")
    work.push(project.full_name, "main:release/1")
    set_branch_rule(house.people["alice"], project, Rule("main", force_push=True))
    set_branch_rule(house.people["alice"], project, Rule("release/*"))
    work.git("commit", "--amend", "-qm", "Rewritten")
    said = work.push(project.full_name, "--force", "main", "main:release/1", check=False).stderr
    assert "release/1 is a protected branch: its history cannot be rewritten. An owner can allow it" in said
    assert (
        "release/1 is a protected branch: it cannot" in work.push(project.full_name, ":release/1", check=False).stderr
    )
    assert refs(project) == {"refs/heads/main": work.sha("HEAD"), "refs/heads/release/1": first}
    work.git("reset", "-q", "--hard", first)
    later = work.commit("Later", a__txt="2")
    work.push(project.full_name, "main:release/1")
    assert refs(project)["refs/heads/release/1"] == later


def test_tags_land_with_their_branch_in_one_version(house: House, work: Work, project: ProjectAccess) -> None:
    work.commit("Second", a__txt="2")
    work.git("tag", "light")
    work.git("tag", "-a", "v1", "-m", "The first release")
    work.push(project.full_name, "main", "light", "v1")
    assert set(refs(project)) == {"refs/heads/main", "refs/tags/light", "refs/tags/v1"}
    assert read_snapshot(project.repository_id).version == 2
    set_branch_rule(house.people["alice"], project, Rule("refs/tags/light", deletion=True))
    work.push(project.full_name, "--delete", "light")
    assert set(refs(project)) == {"refs/heads/main", "refs/tags/v1"}


def test_a_tag_is_neither_moved_nor_deleted_unless_an_owner_says_so(
    house: House, work: Work, project: ProjectAccess
) -> None:
    work.push(project.full_name, "main:refs/tags/v1")
    before, later = refs(project), work.commit("Second", a__txt="2")
    for change in ("+main:refs/tags/v1", ":refs/tags/v1"):
        assert "v1 is a protected tag" in work.push(project.full_name, change, check=False).stderr
    assert refs(project) == before
    set_branch_rule(house.people["alice"], project, Rule("refs/tags/v*", force_push=True))
    work.push(project.full_name, "+main:refs/tags/v1")
    assert refs(project)["refs/tags/v1"] == later


def test_atomic_is_all_or_none(work: Work, project: ProjectAccess) -> None:
    before = refs(project)
    work.git("commit", "--amend", "-qm", "Rewritten")
    said = work.push(project.full_name, "--atomic", "--force", "main", "main:side", check=False).stderr
    assert "atomic push failed" in said
    assert refs(project) == before
    work.push(project.full_name, "--force", "main", "main:side", check=False)
    assert refs(project) == {**before, "refs/heads/side": work.sha("main")}
    work.push(project.full_name, "--atomic", "main:one", "main:two")
    assert {"refs/heads/one", "refs/heads/two"} <= set(refs(project))


def test_push_options_are_accepted(work: Work, project: ProjectAccess) -> None:
    second = work.commit("Second", a__txt="2")
    work.push(project.full_name, "--push-option=ci.skip", "--push-option=b", "main")
    assert refs(project)["refs/heads/main"] == second


def test_who_pushed_second_fetches_first(work: Work, project: ProjectAccess, alice: Person) -> None:
    other = alice.clone(project.full_name, "other")
    works = (work, other)
    for number, each in enumerate(works):
        each.commit(f"Change {number}", **{f"new{number}": "x"})
    said: dict[str, str] = {}
    pushes = [
        threading.Thread(
            target=lambda each=each: said.update({each.name: each.push(project.full_name, "main", check=False).stderr})
        )
        for each in works
    ]
    for push in pushes:
        push.start()
    for push in pushes:
        push.join()
    losers = [each for each in works if "fetch first" in said[each.name]]
    assert len(losers) == 1
    losers[0].git("pull", "-q", "--rebase", alice.address(project.full_name), "main")
    losers[0].push(project.full_name, "main")
    assert refs(project)["refs/heads/main"] == losers[0].sha("HEAD")
    assert read_snapshot(project.repository_id).version == 3


def test_a_stale_push_is_told_to_fetch_first(work: Work, project: ProjectAccess, alice: Person) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    work.push(project.full_name, "main")
    work.git("reset", "-q", "--hard", first)
    late = work.commit("Late", a__txt="3")
    commands = [(first, late, "refs/heads/main"), (NOTHING, late, "refs/heads/side")]
    status, said = post(alice, project.full_name, push_body(commands, pack_of(work, *everything(work, late))))
    assert status == 200
    assert b"ng refs/heads/main fetch first\n" in said
    assert b"ok refs/heads/side\n" in said
    assert refs(project) == {"refs/heads/main": second, "refs/heads/side": late}


@pytest.mark.long
def test_large_files_go_into_a_pack_of_their_own(alice: Person, project: ProjectAccess) -> None:
    large = os.urandom(60 * MIB)
    work = alice.work()
    work.commit("With a film", film=large, a__txt="1")
    work.push(project.full_name, "main")
    work.commit("Another", a__txt="2")
    work.push(project.full_name, "main")
    copy = alice.clone(project.full_name, "copy")
    assert (copy.folder / "film").read_bytes() == large
    assert copy.git("fsck", "--strict").stderr == ""
    with read_transaction() as session:
        packs = session.scalars(select(Pack).where(Pack.repository_id == project.repository_id)).all()
        blobs = session.scalars(select(LargeBlob).where(LargeBlob.repository_id == project.repository_id)).all()
    assert sorted((pack.kind, pack.pack_bytes > MIB) for pack in packs) == [
        ("blobs", True),
        ("history", False),
        ("history", False),
    ]
    assert [blob.size_bytes for blob in blobs] == [60 * MIB]


def test_a_push_of_what_is_there_needs_no_pack(work: Work, project: ProjectAccess) -> None:
    work.push(project.full_name, "main:copy")
    assert len(set(refs(project).values())) == 1
    with read_transaction() as session:
        versions = session.scalars(select(Version).where(Version.repository_id == project.repository_id)).all()
    assert [version.confirmed_at is None for version in versions] == [False, False]


def test_the_activity_and_the_others_inbox_tell_of_it(house: House, alice: Person, project: ProjectAccess) -> None:
    add_person(house.people["alice"], project, person="bob", role="reader")
    work = alice.work()
    work.commit("First", a__txt="1")
    second = work.commit("Second", a__txt="2")
    work.push(project.full_name, "main")
    event = read_activity(project.id)[0]
    assert (event.kind, event.actor) == ("push", "alice")
    told = {"branch": "main", "sha": second, "title": "Second", "commits": 2, "titles": ["Second", "First"]}
    assert event.details == told
    [item] = [item for item in read_inbox(house.people["bob"]) if item.event.details == told]
    assert item.unread
    assert not [item for item in read_inbox(house.people["alice"]) if item.event.details == told]


def test_git_asks_with_a_flush_packet_before_it_sends_much(alice: Person, project: ProjectAccess) -> None:
    assert post(alice, project.full_name, FLUSH) == (200, b"")
    work = alice.work()
    tip = work.commit("First", noise=os.urandom(2 * MIB))
    work.git("-c", "http.postBuffer=65536", "push", alice.address(project.full_name), "main")  # chunked
    assert refs(project) == {"refs/heads/main": tip}


def test_a_real_history_with_old_modes_passes(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    empty = work.object("tree", b"")
    blob = work.object("blob", b"1")
    inner = work.object("tree", b"100644 a\0" + bytes.fromhex(blob))
    outer = work.object("tree", b"040000 folder\0" + bytes.fromhex(inner))
    assert empty
    tip = work.commit_of(outer)
    work.push(project.full_name, f"{tip}:refs/heads/main")
    assert refs(project) == {"refs/heads/main": tip}


def test_pushing_to_a_name_of_ones_own_makes_a_private_project(
    alice: Person, person: Callable[..., Person], house: House
) -> None:
    work = alice.work()
    work.commit("First", a__txt="1")
    work.push("alice/brand-new", "main")
    assert (alice.clone("alice/brand-new", "copy").folder / "a.txt").read_text() == "1"
    nobody = person("").git("ls-remote", person("").address("alice/brand-new"), check=False)
    assert "could not read Username" in nobody.stderr


def test_notes_are_kept_and_other_refs_are_told_of_once(alice: Person, project: ProjectAccess, work: Work) -> None:
    work.git("notes", "add", "-m", "Reviewed by Bob", "main")
    for number in range(3):
        work.git("update-ref", f"refs/pull/{number}/head", "main")
    said = work.push(project.full_name, "--mirror", check=False).stderr
    assert said.count("remote: error:") == 1
    assert "remote: error: Only branches, tags and notes are kept here" in said
    assert set(refs(project)) == {"refs/heads/main", "refs/notes/commits"}
    copy = alice.clone(project.full_name, "copy")
    copy.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    assert "Reviewed by Bob" in copy.git("log", "-1", "--notes").stdout
