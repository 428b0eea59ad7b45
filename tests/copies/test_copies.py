"""Copies: everything of the origin arrives, nothing is shared, and what the caller may not see stays unseen."""

import pytest

from framework.accounts.core.account import Account
from framework.copies import operations, origins
from framework.copies.operations import NewCopy, NotATemplate, OriginGone, copy_project, set_template
from framework.gitcore import git
from framework.lfs.reading import stream_whole
from framework.projects.branches.operations import delete_ref
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.lifecycle.operations import update_project
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.catalog.snapshot import read_packs, read_snapshot
from framework.repositories.write.operations import Delete
from framework.storage.current import store
from framework.uploads.changing import Changes, store_changes
from tests.cast import SignIn, on_each_deployment
from tests.uploads.conftest import store_files


def find(owner: Account, name: str) -> ProjectAccess:
    return project_for(owner, owner.name, name)


@pytest.fixture
def origin(website: ProjectAccess, alice: Account) -> ProjectAccess:
    """Alice's public website with two versions and a tag."""
    store_files(website, alice, {"a.txt": b"1", "big.bin": b"x" * (1 << 21)})
    store_files(website, alice, {"a.txt": b"2"})
    return find(alice, "website")


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


def test_the_right_to_read_is_asked_again_when_it_is_filled(
    origin: ProjectAccess, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 0)
    begun = copy_project(bob, origin, NewCopy("mine", visibility="public"))
    update_project(alice, origin, visibility="private")
    with pytest.raises(OriginGone):
        operations.fill_project(begun.project.id, bob.id, begun.work_id)
    assert read_snapshot(begun.project.repository_id).version == 0


def test_filling_twice_makes_one_version(origin: ProjectAccess, bob: Account) -> None:
    begun = copy_project(bob, origin, NewCopy("mine"))
    operations.fill_project(begun.project.id, bob.id, begun.work_id)
    assert read_snapshot(begun.project.repository_id).version == 1


def test_a_template_gives_its_newest_files_as_one_version(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    with pytest.raises(NotATemplate):
        copy_project(bob, origin, NewCopy("mine", kind="template"))
    set_template(alice, origin, wanted=True)
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


def test_a_copy_with_changes_of_its_own_is_left_alone(origin: ProjectAccess, alice: Account, bob: Account) -> None:
    made = copy_project(bob, origin, NewCopy("mine")).project
    store_files(origin, alice, {"b.txt": b"new"})
    mine = store_files(made, bob, {"c.txt": b"own"})
    with pytest.raises(origins.NotBehind):
        origins.bring_in(bob, made)
    assert read_snapshot(made.repository_id).find_branch("main") == mine


def test_the_pages(origin: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn) -> None:
    owner, browser = signed_in(alice), signed_in(bob)
    assert owner.submit("/alice/website/copy", to="/alice/website/settings/template").status_code == 302
    assert "Use this template" in browser.get("/alice/website/copy").text
    answer = browser.submit("/alice/website/use", name="begun", description="", visibility="private")
    assert answer.location == "/bob/begun"
    answer = browser.submit("/alice/website/copy", name="copied", description="", visibility="public", what="copy")
    assert answer.location == "/bob/copied"
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
