"""Pushes onto a project from which somebody purges something meanwhile."""

import hashlib
import random
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.celery.jobs import track_progress
from framework.gitcore.lfs.pointer import Pointer
from framework.gitcore.pkt_line import Received
from framework.githttp.protocol.body import PushBody
from framework.githttp.protocol.commands import read_request
from framework.githttp.push.pushing import Push, receive
from framework.lfs.receiving import store_files
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import find
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from tests.cast import on_each_deployment
from tests.githttp.client import Work
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, push_body
from tests.githttp.push.late import Act, LateBody, alice, bob, leftovers, move, project, push, work
from tests.storage.meanwhile import before_the_next_put

__all__ = ["alice", "bob", "project", "work"]

pytestmark = on_each_deployment


def purge(project: ProjectAccess) -> Act:
    def act() -> None:
        with track_progress("purge") as looked_at:
            consolidate(RepackRequest(project.repository_id, purge=True), looked_at)

    return act


def test_a_push_on_top_of_commits_that_were_purged_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    secret = work.commit("Secret", secret="secret")
    push(project, bob, work, (NOTHING, secret, "refs/heads/side"))
    move(project, "refs/heads/side", secret, None)()
    work.commit("On top", b="b")
    top, names = work.sha("HEAD"), set(everything(work, "HEAD")) - set(everything(work, secret))
    body = push_body([(NOTHING, top, "refs/heads/top")], pack_of(work, *names))
    late = PushBody(LateBody(body, purge(project)), "", 1 << 30)
    received = Received(late.chunks())
    before = leftovers(project)
    said = b"".join(receive(Push(project, bob, read_request(received), late, received)))
    assert b"ng refs/heads/top The push lacks objects" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": first}
    assert leftovers(project)[0] == before[0], "nothing is staged"
    assert verify(project.repository_id).faults == ()
    assert b"ok refs/heads/top" in push(project, bob, work, (NOTHING, top, "refs/heads/top"))
    assert verify(project.repository_id).faults == ()


def push_and_lose(project: ProjectAccess, account: Account, work: Work, tip: str) -> None:
    """Have the project hold a commit that no branch leads to any more, here or there."""
    push(project, account, work, (NOTHING, tip, "refs/heads/side"))
    move(project, "refs/heads/side", tip, None)()
    work.git("reset", "-q", "--hard", "HEAD~1")


def test_a_push_of_a_large_file_that_was_purged_meanwhile(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project has the file when the push is looked at, so that it is left out; then it is gone."""
    large = random.Random(3).randbytes(2 << 20)
    lost = work.commit("To be lost", large=large)
    push_and_lose(project, bob, work, lost)
    again = work.commit("Again", large_again=large)
    before_the_next_put(monkeypatch, purge(project))
    assert b"ok refs/heads/again" in push(project, bob, work, (NOTHING, again, "refs/heads/again"))
    assert verify(project.repository_id).faults == ()
    with open_copy(project.repository_id) as copy:
        sha = find(copy, again, "large_again").sha
        assert b"".join(copy.blob(sha).chunks) == large


def test_a_pointer_whose_object_was_purged_meanwhile(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Git LFS had told the client that the object is there, so that it was not sent again."""
    film = tmp_path / "film"
    film.write_bytes(b"a film")
    oid = hashlib.sha256(b"a film").hexdigest()
    pointer = Pointer(oid, 6).text
    store_files(project.repository_id, {oid: film})
    lost = work.commit("To be lost", film=pointer)
    push_and_lose(project, bob, work, lost)
    again = work.commit("Again", film_again=pointer)
    before_the_next_put(monkeypatch, purge(project))
    said = push(project, bob, work, (NOTHING, again, "refs/heads/again"))
    assert b"ng refs/heads/again This needs a Git LFS object that the project does not have" in said
    store_files(project.repository_id, {oid: film})
    assert b"ok refs/heads/again" in push(project, bob, work, (NOTHING, again, "refs/heads/again"))
    assert verify(project.repository_id).faults == ()
