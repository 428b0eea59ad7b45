"""Writing to a branch: one commit for each write, whatever happens beside it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.errors import Forbidden, HoldfastError
from framework.formatting import MIB
from framework.gitcore.path_policy import BadPath
from framework.gitcore.ref_names import BadRef
from framework.repositories.cache.copy import ObjectAbsent, open_copy
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.changes import Change
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.journal import divergence
from framework.repositories.models import Pack, Repository, StagedPush, Version
from framework.repositories.write.operations import (
    BranchAbsent,
    BranchExists,
    BranchMoved,
    Delete,
    Move,
    Operation,
)
from framework.repositories.write.tree_editor import PathClash
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full


def test_it_stores_many_files_in_one_commit(bench: Bench) -> None:
    contents = {"a.txt": b"a\n", "b/c/d.bin": os.urandom(1000), "b/e": b"", "large": os.urandom(2 * MIB)}
    written = bench.write(*(bench.put(path, content) for path, content in contents.items()), message="Four files")
    assert written.changed
    assert {path: bench.read(path) for path in contents} == contents
    with open_copy(bench.repository_id) as copy:
        (commit,) = read_log(copy, resolve(copy, "main"))
    assert (commit.sha, commit.title, commit.parents) == (written.sha, "Four files", ())
    assert (commit.author_name, commit.author_email) == ("Alice Example", "alice@example.org")


def test_a_second_write_keeps_the_rest_and_the_older_version(bench: Bench) -> None:
    first = bench.write(bench.put("a", b"1"), bench.put("b/c", b"2"))
    bench.write(bench.put("a", b"changed"))
    assert (bench.read("a"), bench.read("b/c"), bench.read("a", first.sha)) == (b"changed", b"2", b"1")


def test_what_is_there_already_makes_no_version(bench: Bench) -> None:
    written = bench.write(bench.put("a", b"1"))
    with requests() as asked:
        again = bench.write(bench.put("a", b"1"))
    assert (again.sha, again.changed, asked.total) == (written.sha, False, 0)


def test_it_deletes_and_moves(bench: Bench) -> None:
    bench.write(*(bench.put(path, path.encode()) for path in ["a", "b/c", "b/d", "e/f"]))
    bench.write(Delete("e"), Move("b/c", "x/y"), bench.put("b/g", b"new"), Move("b", "moved"), Delete("a"))
    with open_copy(bench.repository_id) as copy:
        sha = resolve(copy, "main")
        names = {entry.name for entry in list_folder(copy, find(copy, sha, ""))}
    assert names == {"x", "moved"}
    assert (bench.read("x/y"), bench.read("moved/d"), bench.read("moved/g")) == (b"b/c", b"b/d", b"new")


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (lambda bench: bench.put("../x", b""), BadPath),
        (lambda bench: Move("a", ".git/config"), BadPath),
        (lambda bench: bench.put("a/x", b""), PathClash),
        (lambda bench: bench.put("folder", b""), PathClash),
        (lambda bench: Move("folder", "folder/inside"), PathClash),
        (lambda bench: Delete("missing"), PathAbsent),
        (lambda bench: Delete("a/missing"), PathAbsent),
        (lambda bench: Move("missing", "b"), PathAbsent),
    ],
)
def test_a_refused_write_has_no_effect(
    bench: Bench, operation: Callable[[Bench], Operation], error: type[HoldfastError]
) -> None:
    bench.write(bench.put("a", b"1"), bench.put("folder/b", b"2"))
    before = _state(bench)
    with pytest.raises(error):
        bench.write(bench.put("good", os.urandom(2 * MIB)), operation(bench))
    assert _state(bench) == before


@pytest.mark.parametrize(("branch", "error"), [("other", BranchAbsent), ("--exec=x", BadRef), ("a..b", BadRef)])
def test_a_branch_that_is_not_there_is_refused(bench: Bench, branch: str, error: type[HoldfastError]) -> None:
    bench.write(bench.put("a", b"1"))
    with pytest.raises(error):
        bench.write(bench.put("a", b"2"), branch=branch)


def test_who_may_not_write_leaves_nothing_behind(bench: Bench) -> None:
    def refuse(_session: Session, change: Change) -> None:
        raise Forbidden(f"no {change.new_bytes} bytes from you")

    bench.write(bench.put("a", b"1"))
    before = _state(bench)
    with pytest.raises(Forbidden):
        bench.write(bench.put("b", b"2"), precheck=refuse)
    assert _state(bench) == before


def test_what_belongs_to_the_caller_is_written_with_the_version_or_not_at_all(bench: Bench) -> None:
    def fail(_session: Session, _written: object) -> None:
        raise Forbidden("at the last moment")

    bench.write(bench.put("a", b"1"))
    before = _state(bench)
    with pytest.raises(Forbidden):
        bench.write(bench.put("a", b"2"), in_transaction=fail)
    assert _state(bench) == before


def test_writers_of_different_paths_all_land(bench: Bench) -> None:
    bench.write(bench.put("start", b""))
    puts = [bench.put(f"{number}.txt", str(number).encode()) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(bench.write, puts))
    with open_copy(bench.repository_id) as copy:
        history = [commit.sha for commit in read_log(copy, resolve(copy, "main"))]
    assert sorted(history[:-1]) == sorted(one.sha for one in written)
    assert [bench.read(f"{number}.txt") for number in range(8)] == [str(number).encode() for number in range(8)]
    with read_transaction() as session:
        assert session.get_one(Repository, bench.repository_id).version == 9
        assert not session.scalars(select(StagedPush).where(StagedPush.state == "staged")).all()


def test_a_write_that_names_its_parent_lands_there_or_nowhere(bench: Bench) -> None:
    first = bench.write(bench.put("a", b"0"))
    second = bench.write(bench.put("b", b"1"), parent=first.sha)
    before = _state(bench)
    with pytest.raises(BranchMoved):
        bench.write(bench.put("c", b"2"), parent=first.sha)
    assert _state(bench) == before
    with open_copy(bench.repository_id) as copy:
        assert read_log(copy, resolve(copy, "main"))[0].parents == (first.sha,)
        assert resolve(copy, "main") == second.sha


def test_a_branch_begins_at_a_commit(bench: Bench) -> None:
    first = bench.write(bench.put("a", b"0"))
    bench.write(bench.put("a", b"1"))
    written = bench.write(bench.put("b", b"2"), branch="draft", start=first.sha)
    assert (bench.read("a", "draft"), bench.read("b", "draft"), bench.read("a")) == (b"0", b"2", b"1")
    with open_copy(bench.repository_id) as copy:
        assert copy.commit(written.sha).parents == (first.sha.encode(),)
    with pytest.raises(BranchExists):
        bench.write(bench.put("b", b"3"), branch="draft", start=first.sha)


def test_a_branch_begins_without_a_commit_of_its_own_when_nothing_is_changed(bench: Bench) -> None:
    first = bench.write(bench.put("a", b"0"))
    with requests() as asked:
        written = bench.write(bench.put("a", b"0"), branch="draft", start=first.sha)
    assert (written.sha, written.changed, asked.operations) == (first.sha, True, ["put"])
    with open_copy(bench.repository_id) as copy:
        assert resolve(copy, "draft") == first.sha
    with read_transaction() as session:
        assert not session.scalars(select(StagedPush)).all()


def test_a_branch_cannot_begin_at_what_is_not_there(bench: Bench) -> None:
    bench.write(bench.put("a", b"0"))
    before = _state(bench)
    with pytest.raises(ObjectAbsent):
        bench.write(bench.put("b", b"1"), branch="draft", start="1" * 40)
    assert _state(bench) == before


def test_the_requests_are_as_budgeted(bench: Bench) -> None:
    with requests() as creating, transaction() as session:
        session.add(Repository(id="0" * 32, about={}))
    assert creating.total == 0
    divergence._written.clear()
    with requests() as first:
        bench.write(bench.put("first", b""))
    assert sorted(first.operations) == ["list", "put", "put"], "a process's first write looks at the journal"
    with requests() as small:
        bench.write(*(bench.put(str(number), os.urandom(100)) for number in range(40)))
    assert small.operations == ["put"] * 2
    with requests() as large:
        bench.write(bench.put("x", os.urandom(2 * MIB)), bench.put("y", os.urandom(2 * MIB)), bench.put("z", b"z"))
    assert large.operations == ["put"] * 4
    with requests() as warm:
        bench.read("0")
    assert warm.total == 0


def test_every_version_passes_fsck_when_it_is_hydrated_onto_an_empty_disk(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"), bench.put("large", os.urandom(2 * MIB)))
    bench.write(Move("a", "b/c/d"), bench.put("large", b"small now"))
    _forget(bench)
    with open_copy(bench.repository_id, FULL) as copy:
        done = subprocess.run(
            ["git", "-C", str(copy.path), "fsck", "--full", "--strict"], capture_output=True, text=True, check=True
        )
    assert (done.stdout, done.stderr) == ("", "")


def test_each_version_has_one_parent_and_is_confirmed(bench: Bench) -> None:
    for number in range(3):
        bench.write(bench.put("a", str(number).encode()))
    with read_transaction() as session:
        versions = session.scalars(select(Version).order_by(Version.version)).all()
    assert [version.version for version in versions] == [1, 2, 3]
    assert [version.previous_hash for version in versions] == [None, *(one.entry_hash for one in versions[:-1])]
    assert all(version.confirmed_at and version.entry is None for version in versions)


def _forget(bench: Bench) -> None:
    shutil.rmtree(copy_path(bench.repository_id))


def _state(bench: Bench) -> tuple[object, ...]:
    """Everything that a refused write may not change: SQL's version, packs and staged rows, and the store's keys."""
    with read_transaction() as session:
        version = session.get_one(Repository, bench.repository_id).version
        packs = sorted(session.scalars(select(Pack.name)).all())
        staged = session.scalars(select(StagedPush.id)).all()
    return version, packs, list(staged), sorted(entry.key for entry in store().list("repos/"))
