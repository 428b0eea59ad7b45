"""A clone of a version that was cloned before: the same bytes without a git, and never those of something else."""

import shutil
import tempfile

import pytest

from framework.config import Config
from framework.gitcore.pkt_line import FATAL, FLUSH, PACK, band, err, pkt
from framework.githttp.fetch import fetching
from framework.githttp.fetch.clones import LONGEST_BYTES, MOST_PACKETS, CloneRequest, read_clone_request
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.eviction import copy_path
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot
from framework.storage.counting import requests
from tests.githttp.client import Person

REQUEST = CloneRequest(b"digest")
WHOLE = pkt(b"packfile\n") + band(PACK, b"PACK") + FLUSH


def snapshot_of(version: int = 1, generation: int = 0) -> Snapshot:
    """A version of a repository."""
    return Snapshot("0" * 32, 1, version, "hash", generation, "main", {}, frozenset())


def clone_body(wanted: str, *lines: bytes, agent: bytes = b"git/2.47") -> bytes:
    """What git posts for a clone."""
    head = pkt(b"command=fetch") + pkt(b"agent=" + agent) + pkt(b"object-format=sha1") + b"0001"
    asked = [b"ofs-delta", b"no-progress", *lines, b"want " + wanted.encode() + b"\n", b"done\n"]
    return head + b"".join(map(pkt, asked)) + FLUSH


def answer(project: ProjectAccess, body: bytes) -> bytes:
    """What the server answers to it."""
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        return b"".join(fetching.serve(project.repository_id, "version=2", file, {}))


def test_a_clone_is_made_once_a_version(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    work.commit("First", a__txt="1")
    work.push(project.full_name, "main")
    first = read_snapshot(project.repository_id).refs["refs/heads/main"]
    told = answer(project, clone_body(first))
    assert b"PACK" in told
    shutil.rmtree(copy_path(project.repository_id))
    with requests() as made:
        assert answer(project, clone_body(first, agent=b"JGit/7")) == told
    assert made.total == 0
    assert not copy_path(project.repository_id).exists()
    work.commit("Second", a__txt="2")
    work.push(project.full_name, "main")
    second = read_snapshot(project.repository_id).refs["refs/heads/main"]
    whole, shallow = answer(project, clone_body(second)), answer(project, clone_body(second, b"deepen 1"))
    assert b"shallow-info" in shallow
    assert len({told, whole, shallow}) == 3
    assert (answer(project, clone_body(second)), answer(project, clone_body(second, b"deepen 1"))) == (whole, shallow)


def test_it_is_of_one_version_and_one_generation_of_packs(settings: Config) -> None:
    assert list(REQUEST.keep_answer(snapshot_of(), {}, iter([WHOLE[:20], WHOLE[20:]]))) == [WHOLE[:20], WHOLE[20:]]
    assert REQUEST.find_answer(snapshot_of(), {}) == WHOLE
    assert REQUEST.find_answer(snapshot_of(version=2), {}) is None
    assert REQUEST.find_answer(snapshot_of(generation=1), {}) is None
    assert REQUEST.find_answer(snapshot_of(), {"name": "value"}) is None
    assert CloneRequest(b"other").find_answer(snapshot_of(), {}) is None


@pytest.mark.parametrize(
    "told",
    [
        b"",
        WHOLE[:-4],
        WHOLE[:-2],
        WHOLE[:-6],
        WHOLE + b"0",
        b"0003" + WHOLE,
        err("not our ref"),
        pkt(b"packfile\n") + band(FATAL, b"no memory") + FLUSH,
        band(PACK, bytes(50_000)) * (LONGEST_BYTES // 50_000 + 1) + FLUSH,
    ],
    ids=["empty", "no-end", "half-an-end", "cut", "more", "no-packet", "refusal", "failure", "long"],
)
def test_what_is_not_whole_or_long_is_passed_on_and_not_kept(settings: Config, told: bytes) -> None:
    assert b"".join(REQUEST.keep_answer(snapshot_of(), {}, iter([told]))) == told
    assert REQUEST.find_answer(snapshot_of(), {}) is None


PLAIN: list[bytes | None] = [b"command=fetch", None, b"want 1", b"done", None]


@pytest.mark.parametrize(
    "packets",
    [
        [b"command=ls-refs", None, b"done", None],
        [b"command=fetch", None, b"want 1", None],
        [*PLAIN[:3], b"have 2", *PLAIN[3:]],
        [*PLAIN[:2], *([b"want 1"] * MOST_PACKETS), *PLAIN[3:]],
    ],
    ids=["list", "not-done", "has-some", "long"],
)
def test_another_request_is_left_to_git(packets: list[bytes | None]) -> None:
    assert read_clone_request(packets) is None


def test_lines_that_are_cut_otherwise_are_another_request() -> None:
    assert read_clone_request(PLAIN)
    assert read_clone_request(PLAIN) != read_clone_request([b"command=fetch", None, b"want 1\ndone", b"done", None])
    assert read_clone_request(PLAIN) != read_clone_request([b"command=fetch", b"want 1", None, b"done", None])
