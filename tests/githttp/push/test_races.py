"""What happens between the look at a push and its commit: each is noticed at the commit point."""

import hashlib
import io
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, func, make_url, select

from framework.accounts.core.account import Account
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.database import engine
from framework.database.session import read_transaction, transaction
from framework.gitcore.lfs_pointer import Pointer
from framework.gitcore.pkt_line import Received
from framework.githttp.protocol.body import PushBody
from framework.githttp.protocol.commands import read_request
from framework.githttp.push.pushing import DATABASE_AWAY, Push, receive
from framework.lfs.receiving import store_files
from framework.projects.branches.protection import Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.projects.models import Member
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import find
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Repository, StagedPush
from framework.repositories.write.commit import commit, is_no_op
from framework.storage.contract import StoreUnavailable
from framework.storage.current import store
from tests.cast import new_account, on_each_deployment, on_one_deployment
from tests.githttp.client import Person, Work
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, push_body
from tests.storage.meanwhile import before_the_next_put

pytestmark = on_each_deployment

Act = Callable[[], None]


class LateBody(io.BytesIO):
    """A body before whose last bytes something else happens, once."""

    def __init__(self, data: bytes, act: Act) -> None:
        super().__init__(data)
        self._act: Act | None = act

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(min(size or 1, 200) if size != -1 else -1)
        if self._act and self.tell() == len(self.getvalue()):
            act, self._act = self._act, None
            act()
        return chunk


@pytest.fixture
def alice(settings: Config) -> Account:
    return new_account("alice")


@pytest.fixture
def bob(settings: Config) -> Account:
    return new_account("bob")


@pytest.fixture
def project(alice: Account, bob: Account) -> ProjectAccess:
    made = create_project(alice, name="notes", description="", visibility="private")
    add_person(alice, made, person="bob", role="writer")
    return project_for(bob, "alice", "notes", "writer")


@pytest.fixture
def work(tmp_path: Path, project: ProjectAccess, bob: Account) -> Work:
    """Bob's working copy, with a commit that the project has on `main`."""
    folder = tmp_path / "bob"
    folder.mkdir()
    made = Person("bob", folder, "").work()
    first = made.commit("First", a__txt="1")
    assert b"ok refs/heads/main" in push(project, bob, made, (NOTHING, first, "refs/heads/main"))
    return made


def push(
    project: ProjectAccess, account: Account, work: Work, *commands: tuple[str, str, str], act: Act = lambda: None
) -> bytes:
    """Push these refs with everything that they lead to; `act` happens when the body has almost arrived."""
    tips = {name for _old, name, _ref in commands} - {NOTHING}
    names = {name for tip in tips for name in everything(work, tip)}
    data = push_body(commands, pack_of(work, *names) if tips else b"")
    body = PushBody(LateBody(data, act), "", 1 << 30)
    received = Received(body.chunks())
    return b"".join(receive(Push(project, account, read_request(received), body, received)))


def move(project: ProjectAccess, name: str, old: str | None, new: str | None) -> Act:
    change = Change(repository_id=project.repository_id, actor="alice", updates=(RefUpdate(name, old, new),))
    return lambda: void(commit(change, precheck=is_no_op, in_transaction=is_no_op))


def void(_answer: object) -> None:
    """Forget it."""


def leftovers(project: ProjectAccess) -> tuple[int | None, int]:
    with read_transaction() as session:
        staged = session.scalar(select(func.count()).select_from(StagedPush))
    return staged, len(list(store().list(f"repos/{project.repository_id}/packs/")))


def test_a_branch_that_moved_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    push(project, bob, work, (NOTHING, first, "refs/heads/side"))
    second = work.commit("Second", a__txt="2")
    commands = [(first, second, "refs/heads/main"), (first, second, "refs/heads/side")]
    said = push(project, bob, work, *commands, act=move(project, "refs/heads/side", first, None))
    assert b"ok refs/heads/main" in said
    assert b"ng refs/heads/side fetch first" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": second}


def test_atomic_with_a_branch_that_moved_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    before = leftovers(project)
    second = work.commit("Second", a__txt="2")
    body = push_body(
        [(first, second, "refs/heads/main"), (NOTHING, second, "refs/heads/side")],
        pack_of(work, *everything(work, second)),
        "report-status atomic",
    )
    late = PushBody(LateBody(body, move(project, "refs/heads/side", None, first)), "", 1 << 30)
    received = Received(late.chunks())
    said = b"".join(receive(Push(project, bob, read_request(received), late, received)))
    assert b"ng refs/heads/side fetch first" in said
    assert b"ng refs/heads/main atomic push failed" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": first, "refs/heads/side": first}
    assert leftovers(project) == before


def test_a_role_that_was_taken_away_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    def dismiss() -> None:
        with transaction() as session:
            session.execute(delete(Member).where(Member.user_id == bob.id))

    before, first = leftovers(project), work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    said = push(project, bob, work, (first, second, "refs/heads/main"), act=dismiss)
    assert b"ng refs/heads/main There is no such project, or you may not see it." in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": first}
    assert leftovers(project) == before


def test_a_branch_that_became_the_default_one_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    push(project, bob, work, (NOTHING, second, "refs/heads/side"))

    def choose() -> None:
        with transaction() as session:
            session.get_one(Repository, project.repository_id).default_branch = "side"

    said = push(project, bob, work, (second, first, "refs/heads/side"), act=choose)
    assert b"ng refs/heads/side side is a protected branch: it became one a moment ago" in said
    assert read_snapshot(project.repository_id).refs["refs/heads/side"] == second


@pytest.mark.parametrize("deletes", [True, False])
def test_a_branch_that_was_protected_meanwhile(
    project: ProjectAccess, alice: Account, bob: Account, work: Work, deletes: bool
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    push(project, bob, work, (NOTHING, second, "refs/heads/side"))
    before = leftovers(project)
    commands = [(second, NOTHING if deletes else first, "refs/heads/side"), (NOTHING, first, "refs/heads/new")]
    said = push(
        project,
        bob,
        work,
        *commands,
        act=lambda: void(set_branch_rule(alice, project, Rule("s*", deletion=not deletes))),
    )
    assert b"ng refs/heads/side side is a protected branch: it" in said
    assert b"ok refs/heads/new" in said
    assert read_snapshot(project.repository_id).refs["refs/heads/side"] == second
    assert leftovers(project)[0] == before[0]


def test_packs_that_were_consolidated_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    def consolidate() -> None:
        with transaction() as session:
            session.get_one(Repository, project.repository_id).pack_generation += 1
        move(project, "refs/heads/other", None, work.sha("HEAD~1"))()

    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    assert b"ok refs/heads/main" in push(project, bob, work, (first, second, "refs/heads/main"), act=consolidate)
    assert read_snapshot(project.repository_id).refs["refs/heads/main"] == second
    with open_copy(project.repository_id) as copy:
        assert copy.commit(second).message == b"Second\n"


@on_one_deployment
def test_a_database_that_is_busy_is_told_in_a_sentence(
    settings: Config, project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    monkeypatch.setattr(engine, "SQLITE_BUSY_TIMEOUT_SECONDS", 0.1)
    engine.dispose()
    file = make_url(settings.database_url).database or ""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        said = push(
            project, bob, work, (first, second, "refs/heads/main"), act=lambda: void(other.execute("BEGIN IMMEDIATE"))
        )
    assert DATABASE_AWAY.encode() in said
    assert b"ok refs" not in said
    assert b"ng refs" not in said, "whether it is there has to be asked again"
    assert read_snapshot(project.repository_id).refs["refs/heads/main"] == first
    assert b"ok refs/heads/main" in push(project, bob, work, (first, second, "refs/heads/main"))


def test_a_store_that_refuses_leaves_nothing(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    put = store()._put

    def refuse(key: str, source: bytes | Path, sha256: str) -> None:
        if key.endswith(".pack"):
            raise StoreUnavailable
        put(key, source, sha256)

    before = leftovers(project)
    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", refuse)
        said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"ng refs/heads/main" in said
    assert leftovers(project) == before
    assert b"ok refs/heads/main" in push(project, bob, work, (first, second, "refs/heads/main"))


def test_a_log_that_is_not_confirmed_is_neither_ok_nor_refused(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    put = store()._put

    def refuse(key: str, source: bytes | Path, sha256: str) -> None:
        if "/log/" in key:
            raise StoreUnavailable
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", refuse)
        said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"refs/heads/main" not in said
    assert b"stored, but not yet confirmed" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": second}


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


def test_a_push_that_inflates_to_more_than_one_may(
    project: ProjectAccess, bob: Account, work: Work, with_settings: Callable[..., Config]
) -> None:
    with_settings(max_push_bytes=1 << 20)
    before, first = leftovers(project), work.sha("HEAD")
    second = work.commit("Zeros", **{f"f{size}": bytes(size) for size in (33 << 20, 34 << 20)})
    said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"The objects of this push have 67 MiB when they are inflated; those of one push may have 64 MiB" in said
    assert leftovers(project) == before
