"""Creating, changing, deleting and restoring projects, by the pages."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, update

from framework.accounts.core.account import Account
from framework.config import Config
from framework.database import session as database_session
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.core.description import recorded_members
from framework.projects.core.validation import InvalidProjectName, project_name
from framework.projects.lifecycle.operations import create_project, update_project
from framework.projects.models import Event
from framework.projects.notify import activity
from framework.projects.notify.activity import activity_in, read_activity, record
from framework.projects.notify.inbox import read_inbox
from framework.repositories.models import Repository
from tests.cast import SignIn, Visitor, on_each_deployment_in_full, on_one_deployment

pytestmark = on_each_deployment_in_full

GOOD: dict[str, Any] = {"name": "notes", "description": "What I saw", "visibility": "private"}


def test_it_creates_a_project(alice: Account, signed_in: SignIn) -> None:
    answer = signed_in(alice).submit("/new", **GOOD)
    assert answer.location == "/alice/notes"
    project = project_for(alice, "alice", "notes")
    assert (project.description, project.visibility, project.role) == ("What I saw", "private", "owner")


def test_it_asks_who_is_not_signed_in(visitor: Visitor) -> None:
    assert visitor.get("/new").location == "/login?next=/new"


@on_one_deployment
@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "a b",
        "a/b",
        "../x",
        "a\\b",
        "x.git",
        "X.GIT",
        "x" * 101,
        "x" * 300,
        "a\x00b",
        "日本語",
        "\U0001f41b",
        "settings",
    ],
)
def test_it_refuses_a_bad_name_and_keeps_the_rest(alice: Account, signed_in: SignIn, name: str) -> None:
    answer = signed_in(alice).submit("/new", **(GOOD | {"name": name}))
    assert answer.status_code == 400
    assert 'id="name-error"' in answer.text
    assert 'value="What I saw"' in answer.text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("field notes", "underscores. Try “field-notes”."),
        ("Crème (2026).git", "underscores. Try “Creme-2026”."),
        ("日本語", "underscores."),
    ],
)
def test_it_offers_a_name_that_could_be(name: str, told: str) -> None:
    with pytest.raises(InvalidProjectName, match=re.escape(told)):
        project_name(name)


@on_one_deployment
@pytest.mark.parametrize("name", ["a", "A.b-c_d", ".hidden", "-", "...", "x" * 100, "login"])
def test_it_takes_a_good_name(alice: Account, signed_in: SignIn, name: str) -> None:
    assert signed_in(alice).submit("/new", **(GOOD | {"name": name})).location == f"/alice/{name}"


@on_one_deployment
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "x" * 501),
        ("description", "two\nlines"),
        ("description", "a\x00"),
        ("visibility", ""),
        ("visibility", "secret"),
    ],
)
def test_it_refuses_what_it_does_not_understand(alice: Account, signed_in: SignIn, field: str, value: str) -> None:
    answer = signed_in(alice).submit("/new", **(GOOD | {field: value}))
    assert answer.status_code == 400
    assert 'value="notes"' in answer.text
    assert "field-error" in answer.text


def test_it_refuses_a_name_that_the_owner_uses(alice: Account, bob: Account, signed_in: SignIn) -> None:
    create_project(alice, **GOOD)
    answer = signed_in(alice).submit("/new", **(GOOD | {"name": "NOTES"}))
    assert answer.status_code == 409
    assert "There is a project named notes already" in answer.text
    assert signed_in(bob).submit("/new", **GOOD).status_code == 302


def test_it_changes_the_settings(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    fields = {"name": "open", "description": "For all", "visibility": "public", "publish": "y"}
    answer = signed_in(alice).submit("/alice/secret/settings", **fields)
    assert answer.location == "/alice/open/settings"
    assert project_for(None, "alice", "open").description == "For all"


def test_a_new_project_is_private_unless_somebody_chooses_otherwise(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    for page in ("/new", "/import"):
        assert 'value="private" checked' in browser.get(page).text
        assert 'value="public" checked' not in browser.get(page).text


def test_making_a_project_public_says_what_becomes_visible_and_asks(
    alice: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    upload: dict[str, Any] = {"files": (BytesIO(b"1"), "a.txt"), "message": "First", "branch": "main", "path": ""}
    assert browser.submit("/alice/secret/upload/main", **upload).status_code == 303
    fields = {"name": "secret", "description": "", "visibility": "public", "topics": ""}
    asked = browser.submit("/alice/secret/settings", **fields)
    assert asked.status_code == 400
    assert "on 1 branch and 0 tags" in asked.text
    assert 'value="public" checked' in asked.text
    assert project_for(alice, "alice", "secret").visibility == "private"
    assert browser.submit("/alice/secret/settings", **fields, publish="y").status_code == 302
    assert project_for(alice, "alice", "secret").visibility == "public"
    assert browser.submit("/alice/secret/settings", **fields).status_code == 302  # it is public already


@pytest.mark.parametrize(
    ("change", "status"), [({"name": "website"}, 409), ({"name": "a b"}, 400), ({"name": ""}, 400)]
)
def test_it_gives_bad_settings_back(
    alice: Account,
    secret: ProjectAccess,
    website: ProjectAccess,
    signed_in: SignIn,
    change: dict[str, str],
    status: int,
) -> None:
    fields = {"name": "secret", "description": "Typed", "visibility": "private"} | change
    answer = signed_in(alice).submit("/alice/secret/settings", **fields)
    assert answer.status_code == status
    assert 'id="name-error"' in answer.text
    assert 'value="Typed"' in answer.text


def test_another_description_leaves_alone_what_was_changed_meanwhile(alice: Account, website: ProjectAccess) -> None:
    update_project(alice, website, name="site", visibility="private", topics="rivers")
    assert update_project(alice, website, description="New") == "website"  # whose page was asked for before
    now_there = project_for(alice, "alice", "site")
    assert (now_there.visibility, now_there.topics, now_there.description) == ("private", ("rivers",), "New")


def test_it_lets_only_owners_change_the_settings(bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    assert signed_in(bob).get("/alice/secret/settings").status_code == 403


def test_it_tells_the_log_what_the_project_is(alice: Account, shared: ProjectAccess) -> None:
    with read_transaction() as session:
        about = session.get_one(Repository, shared.repository_id).about
    assert about["owner"] == {"name": "alice", "email": "alice@example.org"}
    assert recorded_members(about) == [{"name": "bob", "email": "bob@example.org", "role": "writer"}]
    assert (about["name"], about["visibility"], about["trashed_at"]) == ("secret", "private", None)


def test_it_puts_a_project_into_the_trash_and_restores_it(
    alice: Account, website: ProjectAccess, signed_in: SignIn
) -> None:
    visitor = signed_in(alice)
    page = visitor.get("/alice/website/settings").text
    assert "Put into the trash" in page
    gone = visitor.submit("/alice/website/settings", to="/alice/website/settings/trash")
    assert gone.location == "/trash"
    assert visitor.get("/alice/website/settings").status_code == 404
    assert "alice/website" in visitor.get("/trash").text
    back = visitor.submit("/trash", to=f"/trash/{website.id}/restore")
    assert back.location == "/alice/website"
    assert visitor.get("/alice/website/settings").status_code == 200


def test_it_keeps_the_name_of_a_project_in_the_trash(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    visitor.submit("/alice/website/settings", to="/alice/website/settings/trash")
    answer = visitor.submit("/new", **(GOOD | {"name": "website"}))
    assert answer.status_code == 409
    assert "in the trash; restore it there" in answer.text


def test_it_lets_nobody_else_restore_a_project(
    alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn
) -> None:
    signed_in(alice).submit("/alice/secret/settings", to="/alice/secret/settings/trash")
    helper = signed_in(bob)
    assert "secret" not in helper.get("/trash").text
    assert helper.submit("/settings", to=f"/trash/{shared.id}/restore").status_code == 404
    assert helper.submit("/settings", to="/trash/999999/restore").status_code == 404


def test_it_lists_only_what_the_viewer_may_see(
    website: ProjectAccess, shared: ProjectAccess, bob: Account, charlie: Account, visitor: Visitor, signed_in: SignIn
) -> None:
    for page in ("/explore", "/alice"):
        assert "website" in visitor.get(page).text
        assert "secret" not in visitor.get(page).text
    assert "secret" in signed_in(bob).get("/alice").text
    assert "secret" in signed_in(bob).get("/").text
    assert "secret" not in signed_in(charlie).get("/alice").text
    assert "website" not in signed_in(charlie).get("/").text


@on_one_deployment
@pytest.mark.parametrize("number", ["1", "2", "0", "-1", "x", "9" * 30, "²"])
def test_it_pages_lists(alice: Account, visitor: Visitor, number: str) -> None:
    for index in range(22):
        create_project(alice, name=f"p{index:02}", description="", visibility="public")
    page = visitor.get(f"/explore?page={number}").text
    assert page.count('class="list-title"') == (2 if number == "2" else 20)
    assert ("?page=2" in page) is (number != "2")


@on_one_deployment
@pytest.mark.parametrize("address", ["/nobody", "/a b", "/%00", "/favicon.ico", "/.git", "/" + "x" * 300])
def test_it_knows_no_page_of_nobody(visitor: Visitor, address: str) -> None:
    assert visitor.get(address).status_code == 404


def test_it_keeps_account_of_what_happens(alice: Account, bob: Account, shared: ProjectAccess) -> None:
    kinds = [event.kind for event in read_activity(shared.id)]
    assert kinds == ["person_added", "created"]
    assert [event.actor for event in activity_in([shared.id], 5)] == ["alice", "alice"]


def test_old_events_are_forgotten_a_few_at_a_time_with_their_notices(
    settings: Config, alice: Account, bob: Account, shared: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = now() - timedelta(days=settings.event_days, hours=1)
    with transaction() as session:
        session.execute(delete(Event).where(Event.kind == "created"))
        for _number in range(12):
            record(session, shared.id, actor=alice, kind="push", details={"branch": "main"})
        session.execute(update(Event).where(Event.kind == "push").values(created_at=long_ago))
    monkeypatch.setattr(database_session, "OLDEST_ROWS", 5)
    commits: list[object] = []
    note = commits.append
    event.listen(Engine, "commit", note)
    try:
        assert activity.forget_old() == 12
    finally:
        event.remove(Engine, "commit", note)
    assert len(commits) == 4, "one that is young is among the oldest each time, and the last finds no other"
    assert [each.kind for each in read_activity(shared.id)] == ["person_added"]
    assert len(read_inbox(bob)) == 1


def test_it_shows_what_happened_on_the_dashboard(bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    page = " ".join(signed_in(bob).get("/").text.split())
    assert '<b>Alice Liddell</b> <span class="muted">alice</span> added bob as writer to' in page
