"""Clones of a project that no disk here holds: something is told soon, and the truth when it cannot be fetched."""

import io
import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import pytest

from framework.gitcore.pkt_line import FLUSH, pkt
from framework.githttp.fetch.keepalive import (
    MOST_PACKETS,
    FetchRequest,
    KeepAlive,
    Opening,
    Overtaken,
    read_fetch_request,
)
from framework.projects.core.access import ProjectAccess
from framework.repositories import object_keys
from framework.repositories.cache import copies, locks
from framework.repositories.cache.eviction import evict, lock_path
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.catalog.snapshot import read_snapshot, read_snapshot_and_packs
from framework.storage.current import store
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB, House

WAYS: dict[str, list[str]] = {
    "version 2": [],
    "version 2, shallow": ["--depth=1"],
    "version 2, bands in the pack alone": [],
    "version 0": [],
}


@pytest.fixture
def cold(house: House, alice: Person, project: ProjectAccess) -> ProjectAccess:
    """A project of which the disk holds the history only; a clone needs the large file, too."""
    work = alice.work()
    work.commit("First", a__txt="1", film=os.urandom(2 * MIB))
    work.git("tag", "-a", "v1", "-m", "Release")
    work.push(project.full_name, "main", "v1")
    assert evict(project.repository_id)
    with copies.lease_copy(project.repository_id, HISTORY):
        return project


@contextmanager
def cloning(alice: Person, project: ProjectAccess, way: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A clone that runs while something else happens."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(alice.folder), "GIT_TERMINAL_PROMPT": "0"}
    if way.endswith("alone"):
        environment["GIT_TEST_SIDEBAND_ALL"] = "0"
    version = ["-c", f"protocol.version={way[8]}"]
    command = ["git", *version, "clone", "--progress", *WAYS[way], alice.address(project.full_name), "copy"]
    with subprocess.Popen(command, cwd=alice.folder, env=environment, stderr=subprocess.PIPE) as process:
        yield process


def wait_until_told(process: "subprocess.Popen[bytes]", words: bytes) -> None:
    assert process.stderr
    said = b""
    while words not in said:
        byte = process.stderr.read(1)
        assert byte, said
        said += byte


@pytest.mark.parametrize("way", list(WAYS))
def test_a_clone_is_told_that_the_project_wakes(alice: Person, cold: ProjectAccess, way: str) -> None:
    with cloning(alice, cold, way) as process:
        with locks.lock_exclusive(lock_path(cold.repository_id, "update")):
            wait_until_told(process, b"remote: Waking this project")
        _out, said = process.communicate()
    assert process.returncode == 0, said
    copy = Work(alice, "copy")
    assert (copy.folder / "film").stat().st_size == 2 * MIB
    assert copy.git("fsck", "--strict").stderr == ""


@pytest.mark.parametrize("way", list(WAYS))
def test_a_clone_is_told_what_cannot_be_fetched(alice: Person, cold: ProjectAccess, way: str) -> None:
    _snapshot, packs = read_snapshot_and_packs(cold.repository_id)
    with cloning(alice, cold, way) as process:
        with locks.lock_exclusive(lock_path(cold.repository_id, "update")):
            wait_until_told(process, b"remote: Waking this project")
            for pack in packs:
                if pack.kind == BLOBS:
                    store().delete(object_keys.pack_key(cold.repository_id, pack.name))
        _out, said = process.communicate()
    assert process.returncode != 0
    assert b"A part of this project is missing in the object store" in said


@pytest.mark.parametrize("way", list(WAYS))
def test_a_clone_that_fails_at_once_is_told_why(alice: Person, cold: ProjectAccess, way: str) -> None:
    assert evict(cold.repository_id)
    for pack in read_snapshot_and_packs(cold.repository_id)[1]:
        if pack.kind == BLOBS:
            store().delete(object_keys.pack_key(cold.repository_id, pack.name))
    with cloning(alice, cold, way) as process:
        _out, said = process.communicate()
    assert process.returncode != 0
    assert b"A part of this project is missing in the object store" in said


@pytest.mark.parametrize("version", [0, 2])
def test_the_list_of_refs_begins_before_it_is_known(alice: Person, cold: ProjectAccess, version: int) -> None:
    assert evict(cold.repository_id)
    with locks.lock_exclusive(lock_path(cold.repository_id, "update")):
        connection, answer = ask_for_refs(alice, cold, version)
        begun = answer.read(4)
    whole = begun + answer.read()
    connection.close()
    again, warm = ask_for_refs(alice, cold, version)
    assert whole == warm.read()
    assert b"refs/tags/v1" in whole
    again.close()


def test_a_list_of_refs_that_cannot_be_told_is_a_503(alice: Person, cold: ProjectAccess) -> None:
    assert evict(cold.repository_id)
    _snapshot, packs = read_snapshot_and_packs(cold.repository_id)
    for pack in packs:
        store().delete(object_keys.idx_key(cold.repository_id, pack.name))
    connection, answer = ask_for_refs(alice, cold, 0)
    assert answer.status == 503
    assert b"missing in the object store" in answer.read()
    connection.close()


def test_an_answer_that_was_overtaken_is_cut(cold: ProjectAccess) -> None:
    waking = KeepAlive(cold.repository_id, FetchRequest(HISTORY, Opening(pkt(b"old HEAD\n"), has_bands=False)))
    waking.has_begun = True
    with pytest.raises(Overtaken):
        list(waking.rest(iter([pkt(b"new HEAD\n"), FLUSH])))
    assert b"".join(waking.rest(iter([b"000dold", b" HEAD\n00", b"00"]))) == FLUSH
    assert read_snapshot(cold.repository_id).version == 1


@pytest.mark.parametrize("packet", [pkt(b"ab"), b"0001"])
def test_a_request_of_very_many_packets_is_left_to_git(cold: ProjectAccess, packet: bytes) -> None:
    snapshot = read_snapshot(cold.repository_id)
    honest = pkt(b"command=fetch") + b"0001" + pkt(b"sideband-all\n")
    body = io.BytesIO(honest + packet * MOST_PACKETS + FLUSH)
    assert read_fetch_request("version=2", io.BytesIO(honest + FLUSH), snapshot).opening == Opening(b"", has_bands=True)
    assert read_fetch_request("version=2", body, snapshot) == FetchRequest(FULL, None)
    assert body.tell() == 0


def ask_for_refs(alice: Person, project: ProjectAccess, version: int) -> tuple[HTTPConnection, HTTPResponse]:
    secret = b64encode(f"{alice.name}:{alice.password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Git-Protocol": f"version={version}"}
    connection = HTTPConnection("localhost", urlsplit(alice.url).port or 0)
    address = f"/{project.full_name}.git/"
    if version == 0:
        connection.request("GET", f"{address}info/refs?service=git-upload-pack", headers=headers)
    else:
        lines = [pkt(b"command=ls-refs\n"), b"0001", pkt(b"peel\n"), pkt(b"symrefs\n")]
        lines += [pkt(b"ref-prefix HEAD\n"), pkt(b"ref-prefix refs/\n"), FLUSH]
        connection.request("POST", f"{address}git-upload-pack", b"".join(lines), headers)
    return connection, connection.getresponse()
