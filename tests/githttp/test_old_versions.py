"""Old versions of a file are taken out of real histories, and real git finds the new ones whole."""

import random
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.formatting import quote_query
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle import old_versions
from framework.projects.lifecycle.old_versions import ProtectionInForce
from framework.projects.members.people import add_person
from framework.projects.models import Event
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.file_surveys import read_survey
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance.verification import verify
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House
from tests.storage.meanwhile import before_the_next_put

pytestmark = on_each_deployment_in_full

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"


def noise(seed: int, size_bytes: int = 2 << 20) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


@pytest.fixture
def remove(house: House, project: ProjectAccess) -> Callable[..., bool]:
    """Removes the old versions of a file of the project, as Alice's worker does."""

    def act(path: str, *, work_id: str = "", rewrites_protected: bool = True) -> bool:
        alice, named = house.people["alice"].id, work_id or uuid4().hex
        return old_versions.remove(project.id, alice, named, path, rewrites_protected=rewrites_protected)

    return act


def history(work: Work, tip: str) -> list[str]:
    """The commits of a tip, newest first, merges where they belong: names change, the order does not."""
    return work.git("rev-list", "--topo-order", tip).stdout.split()


def told(work: Work, commit_sha: str) -> str:
    """What a commit says beside its tree and parents."""
    return work.git("show", "-s", "--format=%an %ae %ad%n%cn %ce %cd%n%B", "--date=raw", commit_sha).stdout


def files(work: Work, commit_sha: str) -> dict[str, str]:
    """The files of a commit: mode and name of each, by path."""
    listed = work.git("ls-tree", "-r", "-z", commit_sha).stdout.split("\0")
    return {path: facts for facts, _tab, path in (line.partition("\t") for line in listed) if path}


def without(found: dict[str, str], path: str, kept: set[str]) -> dict[str, str]:
    return {name: facts for name, facts in found.items() if name != path or facts.split()[2] in kept}


@pytest.fixture
def grown(alice: Person, project: ProjectAccess) -> Work:
    """A table in five versions: on two branches that were merged, with tags of each kind, beside files that stay."""
    work = alice.work()
    work.commit("Before the table", readme="1")
    work.commit("Table 1", table=noise(1), copy=noise(1))
    work.commit("Table 2\n\nWith a body.", table=noise(2))
    work.git("tag", "light")
    work.commit("Table 3", table=noise(3))
    work.git("tag", "-a", "signed", "-m", f"The third\n{SIGNATURE}")
    work.git("checkout", "-q", "-b", "side", "HEAD~1")
    work.commit("On the side", other="2")
    work.git("checkout", "-q", "main")
    work.git("merge", "-q", "--no-edit", "side")
    work.commit("Table 4", table=noise(4))
    work.git("mv", "table", "moved")
    work.git("commit", "-q", "-m", "Moved away")
    work.git("mv", "moved", "table")
    work.git("commit", "-q", "-m", "Moved back")
    work.commit("Table 5", table=noise(5))
    work.push(project.full_name, "main", "side", "light", "signed")
    return work


def test_a_history_is_as_it_was_but_for_the_old_versions(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    kept = {grown.sha(f"{name}:table") for name in ("main", "side", "light", "signed")}
    before = {name: history(grown, name) for name in ("main", "side", "light", "signed")}
    assert remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    fresh.git("fetch", "-q", "origin", "side:side")
    assert fresh.git("fsck", "--strict", "--full").stderr.count("error") == 0
    for name, old in before.items():
        new = history(fresh, name)
        assert [told(fresh, sha) for sha in new] == [told(grown, sha) for sha in old]
        assert [files(fresh, sha) for sha in new] == [without(files(grown, sha), "table", kept) for sha in old]
    assert history(fresh, "main")[-1] == before["main"][-1], "the commit before the first change keeps its name"
    assert (fresh.folder / "table").read_bytes() == noise(5)
    assert (fresh.folder / "copy").read_bytes() == noise(1)
    assert "The third" in fresh.git("cat-file", "tag", "signed").stdout
    assert "PGP" not in fresh.git("cat-file", "tag", "signed").stdout
    assert fresh.git("cat-file", "-t", "light").stdout == "commit\n"
    assert verify(project.repository_id).faults == ()


def test_what_was_removed_is_freed_and_sent_to_nobody(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    tip, old = grown.sha("main"), grown.sha("main~1:table")
    before = read_storage_usage(project.repository_id)
    remove("moved")
    remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    for name in (tip, old):
        assert fresh.git("cat-file", "-e", name, check=False).returncode
        assert fresh.git("fetch", "-q", "origin", name, check=False).returncode
    freed = before.size_bytes - read_storage_usage(project.repository_id).size_bytes
    assert freed > (2 << 20) - 10_000
    survey = read_survey(project.repository_id)
    assert survey
    assert survey.size_bytes == read_storage_usage(project.repository_id).size_bytes
    assert "unreached" not in survey.parts


def test_it_says_before_what_it_frees(
    grown: Work, house: House, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    """The copy of the first version and the versions of `moved` are other files' too, and stay."""
    old_versions.count_files(project.id, house.people["alice"].id, uuid4().hex)
    survey = read_survey(project.repository_id)
    assert survey
    table = next(file for file in survey.files if file.path == "table")
    assert (table.versions, table.old_versions) == (5, 2)
    assert table.freed_bytes == 0, "the fourth version was called `moved`, too, and the first is `copy`"
    assert table.ref_count == 4
    remove("moved")
    survey = read_survey(project.repository_id)
    assert survey
    table = next(file for file in survey.files if file.path == "table")
    assert 2 << 20 < table.freed_bytes < (2 << 20) + 10_000
    assert "moved" not in {file.path for file in survey.files}
    before = read_storage_usage(project.repository_id)
    remove("table")
    after = read_storage_usage(project.repository_id)
    assert before.blobs.pack_bytes - after.blobs.pack_bytes == table.freed_bytes


def test_odd_commits_and_trees_stay_byte_for_byte(
    alice: Person, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    work = alice.work()
    first = work.commit("One", table=noise(1, 1000))
    blob, table = work.object("blob", b"x"), work.sha("HEAD:table")
    tree = work.object("tree", b"100664 odd\0" + bytes.fromhex(blob) + b"100644 table\0" + bytes.fromhex(table))
    headers = f"tree {tree}\nparent {first}\nauthor A <a@b> 1 +0545\ncommitter B <> 99999999999 -1200\n"
    odd = b"encoding latin-1\ngpgsig -----BEGIN\n line\n \n end\nHG:extra x\n\ncaf\xe9 \r\n\n\nno end"
    work.git("reset", "-q", "--hard", work.object("commit", headers.encode() + odd))
    last = work.commit("Two", table=noise(2, 1000))
    work.push(project.full_name, "main")
    remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    new_first, new_odd, new_tree = (fresh.sha(name) for name in ("HEAD~2", "HEAD~1", "HEAD~1^{tree}"))
    told = headers.replace(tree, new_tree).replace(first, new_first).encode()
    with open_copy(project.repository_id) as copy:
        raw, raw_tree = copy.read_object(new_odd)[1], copy.read_object(new_tree)[1]
    assert raw == told + b"encoding latin-1\nHG:extra x\n\ncaf\xe9 \r\n\n\nno end"
    assert raw_tree == b"100664 odd\0" + bytes.fromhex(blob)
    assert fresh.sha("HEAD^{tree}") == work.sha(f"{last}^{{tree}}")


def test_a_push_that_comes_meanwhile_is_taken_in(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    grown.commit("Table 6", table=noise(6))

    def push() -> None:
        grown.push(project.full_name, "main", "HEAD~1:refs/heads/another")

    before_the_next_put(monkeypatch, push)
    remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.git("log", "-1", "--format=%s").stdout == "Table 6\n"
    assert (fresh.folder / "table").read_bytes() == noise(6)
    kept = {fresh.sha(f"{name}:table") for name in ("main", "origin/side", "origin/another", "light", "signed")}
    found = {files(fresh, sha).get("table", "").split(" ")[-1] for sha in history(fresh, "--all")} - {""}
    assert found == kept
    assert verify(project.repository_id).faults == ()


def test_a_branch_to_an_old_version_that_comes_meanwhile_keeps_it(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = grown.sha("main~1")

    def push() -> None:
        grown.push(project.full_name, f"{old}:refs/heads/old")

    before_the_next_put(monkeypatch, push)
    remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.sha("origin/old:table") == grown.sha("main~1:table")
    assert fresh.git("merge-base", "--is-ancestor", "origin/old", "origin/main").returncode == 0


class Killed(BaseException):
    """As a signal ends a worker."""


def test_a_crash_between_the_new_history_and_the_purge_leaves_a_whole_project(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    work_id, tip, put = uuid4().hex, grown.sha("main"), store()._put

    def put_or_die(key: str, source: bytes | Path, sha256: str) -> None:
        if "/packs/" in key and read_snapshot(project.repository_id).branches["main"] != tip:
            raise Killed
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", put_or_die)
        with pytest.raises(Killed):
            remove("table", work_id=work_id)
    assert verify(project.repository_id).faults == ()
    between = alice.clone(project.full_name, "between")
    assert between.git("log", "-1", "--format=%s").stdout == "Table 5\n"
    assert between.git("fetch", "-q", "origin", tip).returncode == 0, "it can be read until it is erased"
    assert remove("table", work_id=work_id)
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.sha("main") == between.sha("main"), "no other history is made"
    assert fresh.git("fetch", "-q", "origin", tip, check=False).returncode
    assert kinds_of_events(project) == ["versions_removed", "purged"]


def kinds_of_events(project: ProjectAccess) -> list[str]:
    query = select(Event.kind).where(Event.project_id == project.id, Event.kind.in_(["purged", "versions_removed"]))
    with read_transaction() as session:
        return list(session.scalars(query.order_by(Event.id)))


def test_a_clone_goes_on_by_the_commands_that_the_page_names(
    grown: Work, person: Callable[..., Person], house: House, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    add_person(house.people["alice"], project, person="bob", role="writer")
    bob = person("bob").clone(project.full_name, "mine")
    bob.commit("Not pushed yet", notes="mine")
    remove("table")
    bob.git("fetch", "--tags", "--force", "origin")
    bob.git("pull", "-q", "--rebase")
    assert bob.git("log", "-2", "--format=%s").stdout == "Not pushed yet\nTable 5\n"
    assert bob.git("rev-list", "--count", "origin/main..main").stdout == "1\n"
    bob.git("push", "-q", "origin", "main")


def test_protected_branches_and_tags_are_rewritten_only_where_that_is_allowed(
    grown: Work, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    before = read_snapshot(project.repository_id)
    with pytest.raises(ProtectionInForce, match="main, light, signed may not be rewritten"):
        remove("table", rewrites_protected=False)
    assert read_snapshot(project.repository_id) == before
    assert kinds_of_events(project) == []


def test_without_old_versions_nothing_happens(grown: Work, project: ProjectAccess, remove: Callable[..., bool]) -> None:
    before = read_snapshot(project.repository_id)
    assert not remove("readme")
    assert not remove("absent/file")
    assert read_snapshot(project.repository_id) == before


def test_files_in_folders_and_under_any_name(
    alice: Person, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    """A folder that held nothing else goes with the file; a file whose name no text can hold goes, too."""
    work = alice.work()
    name = b"line\nbreak \xff \xc3\xa9".decode(errors="surrogateescape")
    (work.folder / "deep" / "er").mkdir(parents=True)
    for number in range(3):
        for path in ("deep/er/table", name):
            (work.folder / path).write_bytes(noise(number, 1000) + path.encode(errors="surrogateescape"))
        work.commit(f"Version {number}")
    work.push(project.full_name, "main")
    assert remove("deep/er/table")
    assert remove(quote_query(name))
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.git("ls-tree", "-r", "HEAD~1").stdout == ""
    assert fresh.git("rev-parse", "HEAD~1^{tree}").stdout == "4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
    assert len(fresh.git("ls-tree", "-r", "HEAD").stdout.splitlines()) == 2
    assert fresh.git("fsck", "--strict", "--full").stderr.count("error") == 0


def test_tags_of_tags_of_trees_and_of_large_files_are_counted(
    alice: Person, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    work = alice.work()
    for number in range(5):
        work.commit(f"Version {number}", table=noise(number))
    work.git("tag", "-a", "-m", "one", "one", "HEAD~4")
    work.git("tag", "-a", "-m", "again", "again", "one")
    work.git("tag", "tree", "HEAD~3^{tree}")
    work.git("tag", "blob", "HEAD~2:table")
    work.push(project.full_name, "main", "one", "again", "tree", "blob")
    blobs = [work.sha(f"HEAD~{number}:table") for number in range(5)]
    assert remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    there = [not fresh.git("cat-file", "-e", sha, check=False).returncode for sha in blobs]
    assert there == [True, False, True, True, True]
    assert fresh.sha("again") == work.sha("again"), "nothing before the first change is another one"
    assert fresh.sha("blob") == blobs[2]
    survey = read_survey(project.repository_id)
    assert survey
    assert survey.size_bytes == read_storage_usage(project.repository_id).size_bytes
    [table] = survey.files
    assert table.old_versions == 0
