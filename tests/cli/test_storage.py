"""`flask storage …`: one line a project, a sentence for whatever is wrong, and a status that is not 0."""

import re
from collections.abc import Callable

import pytest

from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.repositories import object_keys
from framework.repositories.cache import locks, usage
from framework.repositories.cache.eviction import copy_path, lock_path
from framework.repositories.catalog.snapshot import read_snapshot_and_packs
from framework.storage.current import store
from tests.cli.conftest import Flasks
from tests.repositories.conftest import Bench

FilesOf = Callable[[ProjectAccess], Bench]


@pytest.fixture
def files(website: ProjectAccess, files_of: FilesOf) -> Bench:
    """The website with one version."""
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    return bench


def test_status_tells_what_lies_where(flask: Flasks, files: Bench, secret: ProjectAccess) -> None:
    pattern = r"{} +alice/{}: version {}, {}, .+ stored, .+ here, last used \d{{4}}-\d\d-\d\d \d\d:\d\d UTC"
    files.read("a")
    lines = flask("storage", "status").output.splitlines()
    assert re.fullmatch(pattern.format("cold", "secret", 0, "0 packs"), lines[0])
    assert re.fullmatch(pattern.format("hot", "website", 1, "1 pack"), lines[1])
    assert flask("storage", "status", "Alice/Website").output.splitlines() == lines[1:]


def test_evict_drops_one_local_copy(flask: Flasks, files: Bench) -> None:
    files.read("a")
    assert flask("storage", "evict", "alice/website").output == "Dropped 1 local copy.\n"
    assert not copy_path(files.repository_id).exists()
    assert flask("storage", "status").output.startswith("cold")
    assert files.read("a") == b"1"


def test_evict_drops_all_but_those_in_use(
    flask: Flasks, files: Bench, secret: ProjectAccess, files_of: FilesOf
) -> None:
    other = files_of(secret)
    other.write(other.put("b", b"2"))
    files.read("a")
    other.read("b")
    with locks.lock_shared(lock_path(files.repository_id, "lease")):
        result = flask("storage", "evict", "--all", status=1)
    assert result.output == "Dropped 1 local copy.\nError: 1 local copy is in use; repeat this in a moment.\n"
    assert copy_path(files.repository_id).exists()
    assert flask("storage", "evict", "--all").output == "Dropped 1 local copy.\n"


@pytest.mark.parametrize("arguments", [(), ("alice/website", "--all")])
def test_evict_wants_to_know_what(flask: Flasks, arguments: tuple[str, ...]) -> None:
    assert "Name a project as OWNER/PROJECT, or say --all." in flask("storage", "evict", *arguments, status=2).output


@pytest.mark.parametrize("name", ["alice/nothing", "nobody/website", "website", "/", "a/b/c"])
@pytest.mark.parametrize("command", ["status", "archive", "evict", "verify"])
def test_a_project_that_is_not_there_is_told(flask: Flasks, files: Bench, command: str, name: str) -> None:
    output = flask("storage", command, name, status=1).output
    assert output == f"Error: There is no project {name}. Give it as OWNER/PROJECT, as in its address.\n"


def test_verify_says_a_line_for_each_project(flask: Flasks, files: Bench, secret: ProjectAccess) -> None:
    [empty, full] = flask("storage", "verify").output.splitlines()
    assert empty == "ok    alice/secret: version 0, 0 packs, 0 bytes"
    assert re.fullmatch(r"ok    alice/website: version 1, 1 pack, \d.*", full)


def test_verify_fails_where_something_is_missing_and_goes_on(
    flask: Flasks, files: Bench, secret: ProjectAccess, files_of: FilesOf
) -> None:
    other = files_of(secret)
    other.write(other.put("b", b"2"))
    [pack] = read_snapshot_and_packs(other.repository_id)[1]
    key = object_keys.pack_key(other.repository_id, pack.name)
    store().delete(key)
    lines = flask("storage", "verify", status=1).output.splitlines()
    assert lines[0] == f"FAILS alice/secret: {key} is missing in the object store."
    assert lines[1].startswith("ok    alice/website: ")
    assert flask("storage", "verify", "alice/website").exit_code == 0


def test_collect_says_what_it_deleted_and_what_it_left_alone(flask: Flasks, files: Bench) -> None:
    stray = "repos/" + "0" * 32 + "/packs/pack-" + "1" * 32 + ".pack"
    for key in (stray, object_keys.pack_key(files.repository_id, object_keys.new_id())):
        store().put(key, b"", sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    lines = flask("storage", "collect", "--older-than", "0").output.splitlines()
    assert lines == [
        (
            f"Left alone: {'0' * 32}: the database does not know this project, "
            "and the journal does not say that it was deleted."
        ),
        "Deleted 1 object of 0 bytes.",
    ]
    assert flask("storage", "collect").output.endswith("Deleted 0 objects of 0 bytes.\n")


@pytest.mark.parametrize("hours", ["-1", "soon"])
def test_collect_refuses_what_is_no_age(flask: Flasks, hours: str) -> None:
    assert "Invalid value for '--older-than'" in flask("storage", "collect", "--older-than", hours, status=2).output


def test_archive_packs_neatly_and_drops_the_local_copy(flask: Flasks, files: Bench) -> None:
    files.write(files.put("b", b"2"))
    lines = flask("storage", "archive", "alice/website").output.splitlines()
    assert re.fullmatch(r"2 packs of .+ became 1 of .+\.", lines[0])
    assert lines[1] == "Dropped the local copy."
    assert flask("storage", "status", "alice/website").output.startswith("cold alice/website: version 3, 1 pack")
    lines = flask("storage", "archive", "alice/website").output.splitlines()
    assert lines[0] == "Nothing had to be done: the project is neatly packed already."
    assert files.read("a") == b"1"
    assert flask("storage", "verify").output.startswith("ok ")


def test_archive_leaves_a_copy_that_is_in_use(flask: Flasks, files: Bench) -> None:
    files.read("a")
    with locks.lock_shared(lock_path(files.repository_id, "lease")):
        output = flask("storage", "archive", "alice/website", status=1).output
    assert output.endswith("Error: The local copy is in use; drop it later with `flask storage evict`.\n")
    assert copy_path(files.repository_id).exists()


def test_the_report_tells_of_everything_together(flask: Flasks, files: Bench) -> None:
    usage.write()
    files.read("a")
    usage.write()
    report = flask("storage", "report").output
    assert "1 projects, 1 of them hot on this machine, 1 versions." in report
    assert "S3 Infrequent Access" in report
    assert "A block volume twice the size" in report
    assert "2013" not in report
    assert re.search(r"Since \d{4}-\d\d-\d\d [\d.]+% of \d+ openings", report)


def test_the_indexes_of_small_packs_are_stored_before_a_rollback(
    flask: Flasks, files: Bench, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    refused = flask("storage", "write-indexes", status=1)
    assert "Set STORE_SMALL_INDEXES=on for every process, restart them, and repeat this." in refused.output
    with_settings(store_small_indexes=True)
    assert flask("storage", "write-indexes", "alice/secret").output == "Stored 0 indexes.\n"
    assert flask("storage", "write-indexes").output == "Stored 1 index.\n"
    assert flask("storage", "write-indexes").output == "Stored 0 indexes.\n"
    assert flask("storage", "verify").output.count("ok ") == 2


def test_indexes_that_cannot_be_made_are_told_and_hinder_no_others(
    flask: Flasks, files: Bench, secret: ProjectAccess, files_of: FilesOf, with_settings: Callable[..., Config]
) -> None:
    others = files_of(secret)
    others.write(others.put("a", b"1"))
    _snapshot, [pack] = read_snapshot_and_packs(files.repository_id)
    store().delete(object_keys.pack_key(files.repository_id, pack.name))
    with_settings(store_small_indexes=True)
    lines = flask("storage", "write-indexes", status=1).output.splitlines()
    assert lines == [
        "FAILS alice/website: A part of this project is missing in the object store; the operator has to look at it.",
        "Stored 1 index.",
    ]
