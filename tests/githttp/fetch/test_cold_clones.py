"""Clones of neatly packed projects that are cold: the store's packs are passed on, and nothing else ever is."""

import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from framework import config
from framework.gitcore.pkt_line import pkt
from framework.githttp.fetch import fetching
from framework.githttp.fetch.keepalive import Opening
from framework.projects.branches.protection import Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess
from framework.repositories import object_keys
from framework.repositories.cache import ranges
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.marker import FULL, read_marker
from framework.repositories.cache.threads import wait_for_all
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.catalog.snapshot import read_snapshot, read_snapshot_and_packs
from framework.repositories.maintenance.verification import verify
from framework.repositories.serve.cold_stream import find_cold_pack
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.githttp.client import Person, Work
from tests.githttp.conftest import LARGE, House, pack_neatly
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full

BY_GIT = "remote: Enumerating objects"


@pytest.fixture
def cold(project: ProjectAccess, consolidated: Work) -> Work:
    """Alice's working copy of a neatly packed project, which is cold."""
    assert evict(project.repository_id)
    return consolidated


def clone(person: Person, project: ProjectAccess, *options: str) -> tuple[Work, str]:
    """A clone, and what git said meanwhile."""
    name = object_keys.new_id()
    said = person.git("clone", "--progress", *options, person.address(project.full_name), name)
    return Work(person, name), said.stderr


def is_full(project: ProjectAccess) -> bool:
    marker = read_marker(copy_path(project.repository_id))
    return marker is not None and marker.kind == FULL


@pytest.mark.parametrize("bands", ["1", "0"], ids=["sideband-all", "bands in the pack alone"])
def test_a_clone_gets_all_of_it_as_it_arrives(alice: Person, project: ProjectAccess, cold: Work, bands: str) -> None:
    name = object_keys.new_id()
    address = alice.address(project.full_name)
    said = alice.git("clone", "--progress", address, name, more={"GIT_TEST_SIDEBAND_ALL": bands}).stderr
    copy = Work(alice, name)
    assert BY_GIT not in said
    assert "Receiving objects: 100%" in said
    assert (copy.folder / "large").read_bytes() == LARGE[3:]
    assert copy.sha("v1") == cold.sha("v1")
    assert copy.sha("origin/side") == cold.sha("HEAD~1")
    assert copy.git("fsck", "--full", "--strict").stderr == ""


def test_a_branch_may_have_any_letter_in_its_name(alice: Person, project: ProjectAccess) -> None:
    """Some end a line elsewhere, and are letters as any other to Git."""
    work = alice.work()
    for number in range(4):
        work.commit(f"Version {number}", a__txt=str(number) * 1000)
        work.push(project.full_name, "HEAD:main", "HEAD:refs/heads/a\u2028b\x85c")
    pack_neatly(project)
    assert evict(project.repository_id)
    copy, said = clone(alice, project)
    assert BY_GIT not in said
    assert copy.sha("origin/a\u2028b\x85c") == work.sha("HEAD")


def test_what_was_passed_on_stays_as_the_local_copy(alice: Person, project: ProjectAccess, cold: Work) -> None:
    clone(alice, project)
    while not is_full(project):  # the client has its last byte before
        time.sleep(0.01)
    with lease_copy(project.repository_id, FULL) as (path, _snapshot):
        git = ["git", "-C", str(path), "fsck", "--full", "--strict", "--no-dangling"]
        assert subprocess.run(git, check=True, capture_output=True, text=True).stdout == ""
    assert find_cold_pack(project.repository_id, wants(project)) is None
    assert BY_GIT in clone(alice, project)[1]


def test_every_byte_is_asked_for_once_and_makes_one_pack(
    project: ProjectAccess, cold: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "PART_BYTES", 300_000)
    _snapshot, packs = read_snapshot_and_packs(project.repository_id)
    with requests() as asked:
        whole = find_cold_pack(project.repository_id, wants(project))
        assert whole
        with whole.receive() as chunks:
            (tmp_path / "whole.pack").write_bytes(b"".join(chunks))
        wait_for_all()
    assert asked.of("range") == sum(-(-pack.pack_bytes // 300_000) for pack in packs)
    assert asked.of("get") == 1 + len(packs) + 3, "the ends, indexes and side files"
    assert asked.total == asked.of("range") + asked.of("get")
    subprocess.run(["git", "index-pack", "--strict", "whole.pack"], cwd=tmp_path, check=True, capture_output=True)
    assert is_full(project)


def test_clones_at_the_same_time_ask_for_every_byte_once(project: ProjectAccess, cold: Work) -> None:
    _snapshot, packs = read_snapshot_and_packs(project.repository_id)
    with requests() as asked:
        first, second = (find_cold_pack(project.repository_id, wants(project)) for _clone in range(2))
        assert first
        assert second
        with first.receive() as chunks, second.receive() as others:
            beginning = next(chunks)
            assert b"".join(others) == beginning + b"".join(chunks)
        wait_for_all()
    assert asked.of("range") == len(packs)
    assert is_full(project)


@pytest.mark.parametrize("kind", [HISTORY, BLOBS])
def test_damaged_bytes_are_refused_and_not_kept(alice: Person, project: ProjectAccess, cold: Work, kind: str) -> None:
    flip_a_bit(project, kind)
    done = alice.git("clone", alice.address(project.full_name), "refused", check=False)
    assert done.returncode != 0
    assert not (alice.folder / "refused").exists()
    assert not is_full(project)


@pytest.mark.parametrize("kind", [HISTORY, BLOBS])
def test_a_pack_that_was_found_damaged_is_told_of_and_passed_on_no_more(
    alice: Person, project: ProjectAccess, cold: Work, kind: str
) -> None:
    flip_a_bit(project, kind)
    whole = find_cold_pack(project.repository_id, wants(project))
    assert whole
    with whole.receive() as chunks:
        assert list(chunks)
    wait_for_all()
    assert not is_full(project)
    [fault] = [pack.fault for pack in read_snapshot_and_packs(project.repository_id)[1] if pack.fault]
    assert "another length or SHA-256" in fault
    done = alice.git("clone", alice.address(project.full_name), "refused", check=False)
    assert "could not be read from the object store" in done.stderr


def test_what_was_damaged_on_its_way_alone_is_not_held_against_the_store(
    alice: Person, project: ProjectAccess, cold: Work
) -> None:
    whole = find_cold_pack(project.repository_id, wants(project))
    assert whole
    with whole.receive() as chunks:
        assert list(chunks)
        [file] = [file for file in scratch_files() if file.stem == f"pack-{whole.packs[0].name}"]
        body = bytearray(file.read_bytes())
        body[len(body) // 2] ^= 1
        file.write_bytes(bytes(body))
    wait_for_all()
    assert not is_full(project)
    assert not any(pack.fault for pack in read_snapshot_and_packs(project.repository_id)[1])
    assert BY_GIT not in clone(alice, project)[1]


def test_a_pack_that_is_missing_is_told(alice: Person, project: ProjectAccess, cold: Work) -> None:
    [pack] = [pack for pack in read_snapshot_and_packs(project.repository_id)[1] if pack.kind == BLOBS]
    store().delete(object_keys.pack_key(project.repository_id, pack.name))
    done = alice.git("clone", alice.address(project.full_name), "refused", check=False)
    assert done.returncode != 0
    assert "A part of this project is missing in the object store" in done.stderr


def test_commits_that_were_pushed_away_are_sent_to_nobody(alice: Person, project: ProjectAccess, cold: Work) -> None:
    lost = cold.commit("Secret", secret="a secret")
    cold.push(project.full_name, "HEAD:refs/heads/lost")
    cold.push(project.full_name, ":refs/heads/lost")
    pack_neatly(project)
    assert evict(project.repository_id)
    assert find_cold_pack(project.repository_id, wants(project)) is None
    copy, said = clone(alice, project)
    assert BY_GIT in said
    assert copy.git("cat-file", "-e", lost, check=False).returncode != 0
    assert copy.sha("HEAD") == cold.sha("HEAD~1")


@pytest.mark.parametrize(
    "options",
    [
        ["--depth=1"],
        pytest.param(["--filter=blob:none"], marks=pytest.mark.long),
        ["--single-branch"],
        pytest.param(["--no-tags"], marks=pytest.mark.long),
        pytest.param(["-c", "protocol.version=0"], marks=pytest.mark.long),
    ],
)
def test_who_wants_less_gets_less(alice: Person, project: ProjectAccess, cold: Work, options: list[str]) -> None:
    copy, said = clone(alice, project, *options)
    assert BY_GIT in said
    assert copy.sha("HEAD") == cold.sha("HEAD")
    assert (copy.folder / "large").read_bytes() == LARGE[3:]


def test_what_came_since_is_sent_too(alice: Person, project: ProjectAccess, cold: Work) -> None:
    later = cold.commit("Later", b="later")
    cold.push(project.full_name, "HEAD:main")
    assert evict(project.repository_id)
    copy, said = clone(alice, project)
    assert BY_GIT in said
    assert copy.sha("HEAD") == later


def test_a_tag_that_was_deleted_since_is_not_sent(
    house: House, alice: Person, project: ProjectAccess, cold: Work
) -> None:
    set_branch_rule(house.people["alice"], project, Rule("refs/tags/*", deletion=True))
    cold.push(project.full_name, ":refs/tags/v1")
    assert evict(project.repository_id)
    assert find_cold_pack(project.repository_id, wants(project)) is None
    copy, said = clone(alice, project)
    assert BY_GIT in said
    assert copy.git("cat-file", "-e", cold.sha("refs/tags/v1"), check=False).returncode != 0


def test_a_clone_that_breaks_off_leaves_nothing(project: ProjectAccess, cold: Work, house: House) -> None:
    whole = find_cold_pack(project.repository_id, wants(project))
    assert whole
    answer = fetching.stream_cold_clone(whole, Opening(pkt(b"packfile\n"), has_bands=True))
    assert [next(answer)[4:8] for _ in range(2)] == [b"pack", b"\x01PAC"]
    assert next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert list((house.settings.data / "scratch").glob("passing-*")) == []
    assert not is_full(project)
    assert verify(project.repository_id).faults == ()


def test_a_database_that_is_away_when_all_was_sent_is_told_in_the_log(
    project: ProjectAccess, cold: Work, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = find_cold_pack(project.repository_id, wants(project))
    assert whole
    with whole.receive() as chunks:
        assert list(chunks)
        away = replace(config.current(), database_url="sqlite:////nowhere/at/all.sqlite3")
        monkeypatch.setattr(config, "_current", away)
    wait_for_all()
    assert f"what was passed on of {project.repository_id} is not kept" in caplog.text


def test_a_disk_without_room_leaves_it_to_who_knows_what_to_say(
    project: ProjectAccess, cold: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": 1000}))
    assert find_cold_pack(project.repository_id, wants(project)) is None


def flip_a_bit(project: ProjectAccess, kind: str) -> None:
    [pack] = [pack for pack in read_snapshot_and_packs(project.repository_id)[1] if pack.kind == kind]
    key = object_keys.pack_key(project.repository_id, pack.name)
    body = bytearray(store().read(key))
    body[len(body) // 2] ^= 1
    alter(key, bytes(body))


def scratch_files() -> list[Path]:
    return list((config.current().data / "scratch").glob("passing-*/*"))


def wants(project: ProjectAccess) -> set[str]:
    return set(read_snapshot(project.repository_id).refs.values())
