"""Purging: the owner asks, a worker does it, and what no branch leads to is gone for good."""

from pathlib import Path

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.celery.models import BackgroundJob, OutboxRow
from framework.database.session import read_transaction
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.purging import TASK
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.maintenance.verification import verify
from framework.repositories.write.commit import commit, do_nothing
from tests.cast import SignIn, Visitor, on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

PAGE = "/alice/website/settings/purge"


@pytest.fixture
def leaked(website: ProjectAccess, tmp_path: Path) -> str:
    """A commit with a secret that was pushed away; its name."""
    bench = Bench(website.repository_id, tmp_path)
    kept = bench.write(bench.put("a", b"1")).sha
    lost = bench.write(bench.put("secret", b"the password is swordfish")).sha
    move = RefUpdate("refs/heads/main", lost, kept)
    change = Change(repository_id=website.repository_id, actor="alice", updates=(move,))
    commit(change, precheck=do_nothing, in_transaction=do_nothing)
    return lost


def asked() -> list[list[object]]:
    with read_transaction() as session:
        return [row.args for row in session.scalars(select(OutboxRow).where(OutboxRow.task == TASK))]


def test_an_owner_purges_a_secret(
    alice: Account, website: ProjectAccess, leaked: str, signed_in: SignIn, visitor: Visitor
) -> None:
    assert visitor.get(f"/alice/website/commit/{leaked}").status_code == 200
    owner = signed_in(alice)
    answer = owner.submit(PAGE, confirmation="website")
    [[project_id, account_id, work_id]] = asked()
    assert answer.location == f"/work/{work_id}"
    assert "Waiting for its turn" in owner.get(answer.location).text
    assert tasks.purge_project.run(project_id, account_id, work_id)
    watched = owner.get(answer.location).text
    assert "Erasing removed content of alice/website" in watched
    assert "2 packs of " in watched
    assert visitor.get(f"/alice/website/commit/{leaked}").status_code == 404
    assert visitor.get("/alice/website/raw/main/a").data == b"1"
    assert "permanently erased removed content" in owner.get("/alice/website/activity").text
    assert verify(website.repository_id).faults == ()
    before = read_snapshot(website.repository_id).version
    assert tasks.purge_project.run(project_id, account_id, work_id), "a task may run twice"
    assert read_snapshot(website.repository_id).version == before, "and has its effect once"


@pytest.mark.parametrize(
    ("confirmation", "told"),
    [
        ("", "Type the project&#39;s name."),
        ("webpage", "This is not the project&#39;s name"),
        ("alice", "This is not"),
    ],
)
def test_it_asks_for_the_name(alice: Account, leaked: str, signed_in: SignIn, confirmation: str, told: str) -> None:
    answer = signed_in(alice).submit(PAGE, confirmation=confirmation)
    assert answer.status_code == 400
    assert told in answer.text
    assert asked() == []


def test_only_an_owner_may(
    shared: ProjectAccess, website: ProjectAccess, bob: Account, visitor: Visitor, signed_in: SignIn
) -> None:
    helper = signed_in(bob)
    assert helper.get("/alice/secret/settings/purge").status_code == 403
    assert helper.get(PAGE).status_code == 403
    assert visitor.get("/alice/secret/settings/purge").status_code == 404
    assert helper.submit("/settings", to=PAGE, confirmation="website").status_code == 403
    assert asked() == []
    with read_transaction() as session:
        assert session.scalars(select(BackgroundJob)).all() == []


def test_the_settings_lead_there(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    owner = signed_in(alice)
    assert f'href="{PAGE}"' in owner.get("/alice/website/settings").text
    page = owner.get(PAGE).text
    assert "Erase now" in page
    assert "This cannot be undone" in page
