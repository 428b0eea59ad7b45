"""Copies: everything of the origin arrives, nothing is shared, and what the caller may not see stays unseen."""

from typing import Any

import pytest

from framework.accounts.core.account import Account
from framework.copies import filling, operations, origins
from framework.copies.operations import NewCopy, NotATemplate, OriginGone, copy_project, set_template
from framework.gitcore import git
from framework.lfs.reading import stream_whole
from framework.projects.branches.operations import choose_default_branch, delete_ref
from framework.projects.branches.protection import Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.lifecycle.operations import update_project
from framework.projects.members.people import add_person
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.catalog.snapshot import read_packs, read_snapshot
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.operations import Delete
from framework.storage.current import store
from framework.uploads.changing import Changes, store_changes
from tests.cast import SignIn, on_each_deployment
from tests.copies.conftest import find
from tests.courses.conftest import new_group
from tests.uploads.conftest import store_files


@on_each_deployment
def test_a_copy_has_every_version_and_objects_of_its_own(origin: ProjectAccess, bob: Account) -> None:
    made = copy_project(bob, origin, NewCopy("mine", visibility="public")).project
    theirs, mine = read_snapshot(origin.repository_id), read_snapshot(made.repository_id)
    assert dict(mine.refs) == dict(theirs.refs)
    assert not {pack.name for pack in read_packs(made.repository_id)} & {
        pack.name for pack in read_packs(origin.repository_id)
    }
    prefix = f"repos/{made.repository_id}/"
    stored = {one.key: one.size_bytes for one in store().list(prefix)}
    for pack in read_packs(made.repository_id):  # what SQL names is there, as long as recorded
        assert stored[f"{prefix}packs/pack-{pack.name}.pack"] == pack.pack_bytes
    with lease_copy(made.repository_id, "full") as (path, _snapshot):
        git.run(path, "fsck", "--strict", "--full")


def test_the_journal_knows_a_copy(origin: ProjectAccess, bob: Account) -> None:
    made = copy_project(bob, origin, NewCopy("mine")).project
    snapshot = read_snapshot(made.repository_id)
    assert snapshot.version == 1
    assert any("/log/" in one.key for one in store().list(f"repos/{made.repository_id}/"))


def test_what_no_branch_leads_to_is_not_copied(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    tip = read_snapshot(origin.repository_id).refs["refs/heads/main"]
    gone, kept = (
        store_changes(origin, alice, Changes([Delete("a.txt")], name, f"For {name}", start=tip)).sha
        for name in ("leaked", "kept")
    )
    delete_ref(alice, origin, "refs/heads/leaked")
    whole = copy_project(bob, origin, NewCopy("whole")).project
    part = copy_project(bob, origin, NewCopy("part", kind="branch")).project
    assert [there(whole, sha) for sha in (gone, kept)] == [False, True]
    assert [there(part, sha) for sha in (gone, kept)] == [False, False]


def there(project: ProjectAccess, sha: str) -> bool:
    """Whether the project has this object."""
    with open_copy(project.repository_id, "full") as copy:
        return copy.has(sha)


def test_a_private_projects_copy_is_private(origin: ProjectAccess, alice: Account) -> None:
    update_project(alice, origin, visibility="private")
    made = copy_project(alice, find(alice, "website"), NewCopy("mine", visibility="public")).project
    assert made.visibility == "private"


def test_a_stranger_copies_nothing_private(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    update_project(alice, origin, visibility="private")
    with pytest.raises(ProjectNotFound):  # since the page was opened
        copy_project(bob, origin, NewCopy("mine"))
    with pytest.raises(ProjectNotFound):
        find(bob, "mine")


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_the_right_to_read_is_asked_again_when_it_is_filled(
    origin: ProjectAccess, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 0)
    begun = copy_project(bob, origin, NewCopy("mine", visibility="public"))
    if moment == "before":
        update_project(alice, origin, visibility="private")
    else:
        monkeypatch.setattr(filling, "copy_large_files", lambda *_: update_project(alice, origin, visibility="private"))
    with pytest.raises(OriginGone):
        operations.fill_project(begun.project.id, bob.id, begun.work_id)
    assert read_snapshot(begun.project.repository_id).version == 0


def test_filling_twice_makes_one_version(origin: ProjectAccess, bob: Account) -> None:
    begun = copy_project(bob, origin, NewCopy("mine"))
    operations.fill_project(begun.project.id, bob.id, begun.work_id)
    assert read_snapshot(begun.project.repository_id).version == 1


def test_a_template_gives_its_newest_files_as_one_version(
    origin: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn
) -> None:
    with pytest.raises(NotATemplate):
        copy_project(bob, origin, NewCopy("mine", kind="template"))
    set_template(alice, origin, wanted=True)
    link = f'href="{origin.path}/use"'
    assert [link in signed_in(one).get("/new").text for one in (alice, bob)] == [True, False]
    made = copy_project(bob, origin, NewCopy("mine", kind="template")).project
    with lease_copy(made.repository_id, "full") as (path, snapshot), lease_copy(origin.repository_id) as (theirs, old):
        tip = snapshot.refs["refs/heads/main"]
        assert git.run(path, "rev-list", "--count", tip).strip() == b"1"
        assert git.run(path, "log", "--format=%an", tip).strip() == b"bob"
        tree = f"{tip}^{{tree}}", f"{old.refs['refs/heads/main']}^{{tree}}"
        assert git.run(path, "rev-parse", tree[0]) == git.run(theirs, "rev-parse", tree[1])


def test_the_origin_is_named_to_those_who_may_see_it(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    made = copy_project(bob, origin, NewCopy("mine")).project
    found = origins.find_origin(bob, made)
    assert found
    assert found.full_name == "alice/website"
    update_project(alice, origin, visibility="private")
    assert origins.find_origin(bob, made) is None


def test_new_versions_come_from_the_origin(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    made = copy_project(bob, origin, NewCopy("mine")).project
    sha = store_files(origin, alice, {"b.txt": b"new"})
    comparison = origins.compare(bob, made)
    assert (comparison.ahead, comparison.behind, comparison.files) == (0, 1, ("b.txt",))
    before = read_snapshot(made.repository_id).packs
    origins.bring_in(bob, made)
    after = read_snapshot(made.repository_id)
    assert after.find_branch("main") == sha
    new = [pack for pack in read_packs(made.repository_id) if pack.name not in before]
    assert sum(pack.object_count for pack in new) == 3  # the commit, its folder and the file


def test_new_versions_are_merged_unless_they_clash(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    made = copy_project(bob, origin, NewCopy("mine")).project
    theirs = store_files(origin, alice, {"b.txt": b"new"})
    mine = store_files(made, bob, {"c.txt": b"own"})
    origins.bring_in(bob, made)
    with lease_copy(made.repository_id, "full") as (path, snapshot):
        tip = snapshot.refs["refs/heads/main"]
        assert git.run(path, "log", "-1", "--format=%P %an", tip).decode().split() == [mine, theirs, "bob"]
        assert set(git.run(path, "ls-tree", "--name-only", tip).split()) == {b"a.txt", b"b.txt", b"big.bin", b"c.txt"}
        git.run(path, "fsck", "--strict", "--full")
    store_files(origin, alice, {"a.txt": b"theirs"})
    mine = store_files(made, bob, {"a.txt": b"mine"})
    with pytest.raises(origins.NotBehind):
        origins.bring_in(bob, made)
    assert read_snapshot(made.repository_id).find_branch("main") == mine


def test_nothing_private_comes_into_a_public_copy(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    add_person(alice, origin, person="bob", role="reader")
    made = copy_project(bob, origin, NewCopy("mine", visibility="public")).project
    update_project(alice, origin, visibility="private")
    store_files(find(alice, "website"), alice, {"private.txt": b"secret"})
    before = read_snapshot(made.repository_id).refs
    with pytest.raises(origins.NotBehind, match="private"):
        origins.bring_in(bob, find(bob, "mine"))
    assert read_snapshot(made.repository_id).refs == before


def test_nothing_pushed_meanwhile_makes_room_for_the_origins_versions(
    origin: ProjectAccess, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = copy_project(bob, origin, NewCopy("mine")).project
    set_branch_rule(bob, made, Rule("main", force_push=True))
    store_files(origin, alice, {"b.txt": b"new"})
    mine: list[str] = []

    def copy_while_somebody_saves(*_arguments: Any) -> None:
        mine.append(store_files(made, bob, {"c.txt": b"own"}))

    monkeypatch.setattr(origins, "copy_large_files", copy_while_somebody_saves)
    with pytest.raises(origins.NotBehind, match="same moment"):
        origins.bring_in(bob, made)
    assert read_snapshot(made.repository_id).find_branch("main") == mine[0]


@pytest.mark.parametrize("is_reader", [True, False])
def test_an_original_that_turns_private_meanwhile_gives_nothing(
    origin: ProjectAccess, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch, is_reader: bool
) -> None:
    if is_reader:
        add_person(alice, origin, person="bob", role="reader")
    made = copy_project(bob, origin, NewCopy("mine", visibility="public")).project
    store_files(origin, alice, {"b.txt": b"new"})
    before = read_snapshot(made.repository_id).refs

    def copy_while_it_turns_private(*_arguments: Any) -> None:
        update_project(alice, origin, visibility="private")

    monkeypatch.setattr(origins, "copy_large_files", copy_while_it_turns_private)
    with pytest.raises(origins.NotBehind if is_reader else origins.NoOrigin):
        origins.bring_in(bob, made)
    assert read_snapshot(made.repository_id).refs == before


def test_filling_takes_no_branch_from_who_was_faster(
    origin: ProjectAccess, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 0)
    tip = read_snapshot(origin.repository_id).refs["refs/heads/main"]
    store_changes(origin, alice, Changes([Delete("a.txt")], "devel", "Theirs", start=tip))
    begun = copy_project(bob, find(alice, "website"), NewCopy("mine"))
    own = store_files(begun.project, bob, {"own.txt": b"own"})
    mine = store_changes(begun.project, bob, Changes([Delete("own.txt")], "devel", "Mine", start=own)).sha
    told = operations.fill_project(begun.project.id, bob.id, begun.work_id)
    refs = read_snapshot(begun.project.repository_id).refs
    assert refs["refs/heads/devel"] == mine
    assert "Left out" in told


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_a_copy_turns_private_with_its_origin_until_it_is_filled(
    origin: ProjectAccess, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 0)
    add_person(alice, origin, person="bob", role="reader")
    begun = copy_project(bob, origin, NewCopy("mine", visibility="public"))

    def fill_while_it_turns_private(*args: Any, **more: Any) -> list[str]:
        filled = filling.fill(*args, **more)
        update_project(alice, origin, visibility="private")
        return filled

    if moment == "before":
        update_project(alice, origin, visibility="private")
    else:
        monkeypatch.setattr(operations, "fill", fill_while_it_turns_private)
    operations.fill_project(begun.project.id, bob.id, begun.work_id)
    assert find(bob, "mine").visibility == "private"
    assert read_snapshot(begun.project.repository_id).refs


def test_a_member_copies_into_their_group(
    origin: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn
) -> None:
    new_group("lab", "Lab", {alice: "owner", bob: "member"})
    tip = read_snapshot(origin.repository_id).refs["refs/heads/main"]
    updates = (RefUpdate("refs/heads/devel", None, tip),)
    commit(Change(origin.repository_id, "alice", updates=updates), precheck=do_nothing, in_transaction=do_nothing)
    choose_default_branch(alice, origin, "devel")
    fields = {"name": "shared", "description": "", "visibility": "private", "what": "copy", "owner": "lab"}
    assert signed_in(bob).submit("/alice/website/copy", **fields).location == "/lab/shared"
    made = project_for(bob, "lab", "shared")
    assert (made.role, made.default_branch) == ("writer", "devel")
    answer = signed_in(bob).submit("/alice/website/copy", **fields | {"owner": "alice", "name": "other"})
    assert answer.status_code == 400


def test_the_pages(origin: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn) -> None:
    owner, browser = signed_in(alice), signed_in(bob)
    assert 'href="/alice/website/use"' not in browser.get("/alice/website").text
    assert owner.submit("/alice/website/settings", to="/alice/website/settings/template").status_code == 302
    assert "Stop being a template" in owner.get("/alice/website/settings").text
    assert "Use this template" in browser.get("/alice/website/copy").text
    assert 'href="/alice/website/use"' in browser.get("/alice/website").text
    assert browser.submit("/alice/website/use", name="begun", description="", visibility="private").status_code == 303
    answer = browser.submit("/alice/website/copy", name="copied", description="", visibility="public", what="copy")
    assert answer.location == "/bob/copied"
    told = ["Compare with its original" in browser.get(f"/bob/{name}").text for name in ("copied", "begun")]
    assert told == [True, False]
    assert "Both have the same versions" in browser.get("/bob/copied/origin").text
    store_files(origin, alice, {"b.txt": b"new"})
    assert browser.submit("/bob/copied/origin", to="/bob/copied/origin/bring-in").status_code == 302
    assert "b.txt" in browser.get("/bob/copied").text


@pytest.mark.parametrize("kind", ["copy", "template"])
def test_large_files_are_stored_again(origin: ProjectAccess, alice: Account, bob: Account, kind: str) -> None:
    store_files(origin, alice, {".gitattributes": b"*.mov filter=lfs diff=lfs merge=lfs -text\n"})
    store_files(origin, alice, {"film.mov": b"film" * 9000})
    set_template(alice, origin, wanted=True)
    made = copy_project(bob, origin, NewCopy("mine", kind=kind)).project
    (old,), (new,) = (read_all_named(one.repository_id, until=99) for one in (origin, made))
    assert (new.oid, new.size_bytes) == (old.oid, old.size_bytes)
    assert new.name != old.name
    assert b"".join(stream_whole(made.repository_id, new)) == b"film" * 9000
