"""Pushes during whose body something happens."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from framework.accounts.core.account import Account
from framework.config import Config
from framework.database.session import read_transaction
from framework.gitcore.pkt_line import Received
from framework.githttp.protocol.body import PushBody
from framework.githttp.protocol.commands import read_request
from framework.githttp.push.pushing import Push, receive
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.models import StagedPush
from framework.repositories.write.commit import commit, do_nothing
from framework.storage.current import store
from tests.cast import new_account
from tests.githttp.client import Person, Work
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, push_body

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
    return lambda: void(commit(change, precheck=do_nothing, in_transaction=do_nothing))


def void(_answer: object) -> None:
    """Forget it."""


def leftovers(project: ProjectAccess) -> tuple[int | None, int]:
    with read_transaction() as session:
        staged = session.scalar(select(func.count()).select_from(StagedPush))
    return staged, len(list(store().list(f"repos/{project.repository_id}/packs/")))
