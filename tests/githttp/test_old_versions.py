"""Old versions of a file are taken out of real histories, and real git finds the new ones whole."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from framework.formatting import quote_query
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle import file_counts
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.file_surveys import read_survey
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance.verification import verify
from tests.cast import on_each_deployment_in_full
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House
from tests.githttp.rewritten import TABLE_BYTES, files, grown, history, noise, remove, told

__all__ = ["grown", "remove"]

DEEP = 1100
"""More than calls may be nested."""

pytestmark = on_each_deployment_in_full


def without(found: dict[str, str], path: str, kept: set[str]) -> dict[str, str]:
    return {name: facts for name, facts in found.items() if name != path or facts.split()[2] in kept}


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
    assert freed > TABLE_BYTES - 10_000
    survey = read_survey(project.repository_id)
    assert survey
    assert survey.size_bytes == read_storage_usage(project.repository_id).size_bytes
    assert "unreached" not in survey.parts


def test_it_says_before_what_it_frees(
    grown: Work, house: House, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    """The copy of the first version and the versions of `moved` are other files' too, and stay."""
    file_counts.count_files(project.id, house.people["alice"].id, uuid4().hex)
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
    assert TABLE_BYTES < table.freed_bytes < TABLE_BYTES + 10_000
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


@pytest.mark.long
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


@pytest.mark.long
def test_a_long_chain_of_tags_is_followed(alice: Person, project: ProjectAccess, remove: Callable[..., bool]) -> None:
    work = alice.work()
    for number in range(3):
        work.commit(f"Version {number}", table=noise(number, 1000))
    tag, kind = work.sha("HEAD~1"), "commit"
    for number in range(DEEP):
        tag = work.object("tag", f"object {tag}\ntype {kind}\ntag t\ntagger A <a@b> 1 +0000\n\n{number}\n".encode())
        kind = "tag"
    work.git("update-ref", "refs/tags/long", tag)
    work.push(project.full_name, "main", "long")
    assert remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.sha("long") != tag
    assert fresh.sha("long^{commit}") == fresh.sha("main~1")
