"""Pages of long work: who may see it, what they say, and that they move by themselves."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from framework.accounts.core.account import Account
from framework.celery.jobs import SILENT_AFTER, announce, track_progress
from framework.celery.models import BackgroundJob
from framework.database.session import transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import trash_project
from framework.projects.models import Project
from tests.cast import SAME_REQUEST, SignIn, Visitor


def started(**about: int | None) -> str:
    """The id of a work that was announced."""
    with transaction() as session:
        return announce(session, "verification", **about)  # type: ignore[arg-type]


def set_to(work_id: str, **values: object) -> None:
    """Write these columns."""
    with transaction() as session:
        session.execute(update(BackgroundJob).where(BackgroundJob.id == work_id).values(**values))


def statuses(address: str, *visitors: Visitor) -> list[int]:
    """What each of them is answered."""
    return [visitor.get(address).status_code for visitor in visitors]


def test_who_may_see_the_project_sees_its_work(
    alice: Account, bob: Account, charlie: Account, shared: ProjectAccess, visitor: Visitor, signed_in: SignIn
) -> None:
    address = f"/work/{started(project_id=shared.id)}"
    people = (signed_in(alice), signed_in(bob), signed_in(charlie), visitor)
    assert statuses(address, *people) == [200, 200, 404, 404]


def test_everybody_sees_the_work_of_a_public_project(website: ProjectAccess, visitor: Visitor) -> None:
    assert "Verification of alice/website" in visitor.get(f"/work/{started(project_id=website.id)}").text


def test_who_started_it_sees_it(
    charlie: Account, bob: Account, secret: ProjectAccess, visitor: Visitor, signed_in: SignIn
) -> None:
    address = f"/work/{started(owner_id=charlie.id, project_id=secret.id)}"
    assert statuses(address, signed_in(charlie), signed_in(bob), visitor) == [200, 404, 404]


def test_work_of_nobody_and_no_project_is_for_administrators(
    alice: Account, ada: Account, visitor: Visitor, signed_in: SignIn
) -> None:
    assert statuses(f"/work/{started()}", signed_in(ada), signed_in(alice), visitor) == [200, 404, 404]


def test_work_of_a_project_in_the_trash_is_gone_for_others(
    alice: Account, bob: Account, shared: ProjectAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    address = f"/work/{started(project_id=shared.id)}"
    trash_project(alice, secret)
    assert statuses(address, signed_in(bob)) == [404]


def test_work_that_may_not_be_seen_is_answered_like_missing_work(secret: ProjectAccess, visitor: Visitor) -> None:
    hidden, missing = (
        visitor.get(f"/work/{work_id}", **SAME_REQUEST) for work_id in (started(project_id=secret.id), "0" * 32)
    )
    assert (hidden.status_code, hidden.data) == (missing.status_code, missing.data)
    assert dict(hidden.headers) == dict(missing.headers)


def test_its_work_goes_with_the_project(
    alice: Account, ada: Account, website: ProjectAccess, signed_in: SignIn
) -> None:
    address = f"/work/{started(project_id=website.id)}"
    with transaction() as session:
        session.execute(delete(Project).where(Project.id == website.id))
    assert statuses(address, signed_in(ada)) == [404]


def test_a_program_is_told_how_far_it_is(ada: Account, signed_in: SignIn) -> None:
    visitor = signed_in(ada)
    with track_progress("backup", total=4000, every_seconds=3600) as work:
        work.advance(1500, "Table events")
        work.tell()
        answer = visitor.get(f"/work/{work.id}", Accept="application/json")
    assert "Accept" in answer.headers["Vary"]
    assert answer.json == {
        "id": work.id,
        "kind": "backup",
        "title": "Backup",
        "state": "running",
        "words": "Running, 1,500 of 4,000",
        "done": 1500,
        "total": 4000,
        "message": "Table events",
        "has_ended": False,
    }


def test_the_page_has_a_bar_and_refreshes_itself_without_javascript(ada: Account, signed_in: SignIn) -> None:
    visitor = signed_in(ada)
    with track_progress("backup", total=4, every_seconds=3600) as work:
        work.advance(3, "Table <users>")
        work.tell()
        running = visitor.get(f"/work/{work.id}").text
    ended = visitor.get(f"/work/{work.id}").text
    assert '<progress aria-label="Backup" value="3" max="4">' in running
    assert "Table &lt;users&gt;" in running
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in running
    assert '<progress aria-label="Backup" value="1" max="1">' in ended
    assert "refresh" not in ended
    assert "data-ended" in ended


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "waiting"}, "Waiting for its turn"),
        ({"state": "running", "done": 2}, "Running, 2 done"),
        ({"state": "running", "updated_at": now() - SILENT_AFTER - timedelta(minutes=1)}, "No progress reported"),
        ({"state": "finished"}, "Finished"),
        ({"state": "failed", "done": 1, "total": 2}, "Ended early, 1 of 2"),
    ],
)
def test_it_says_each_state_in_words(ada: Account, signed_in: SignIn, values: dict[str, object], words: str) -> None:
    work_id = started()
    set_to(work_id, **values)
    assert words in signed_in(ada).get(f"/work/{work_id}").text


def test_the_list_shows_ones_own_and_administrators_all(
    alice: Account, bob: Account, ada: Account, visitor: Visitor, signed_in: SignIn
) -> None:
    hers, nobodys = started(owner_id=alice.id), started()
    pages = {name: signed_in(who).get("/work").text for name, who in (("alice", alice), ("bob", bob), ("ada", ada))}
    assert (hers in pages["alice"], nobodys in pages["alice"]) == (True, False)
    assert "No jobs running" in pages["bob"]
    assert (hers in pages["ada"], nobodys in pages["ada"]) == (True, True)
    assert visitor.get("/work").status_code == 302
