"""`/admin/people`: who is listed, and what an administrator does with an account."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from framework.accounts.core.account import Account, NotAdministrator
from framework.accounts.core.plans import PlanHeld, default_plan
from framework.accounts.lifecycle import administration
from framework.accounts.signin import reauthentication
from framework.accounts.signin.tokens import create_token
from framework.admin import lists
from framework.admin.lists import ListRequest, list_people
from framework.audit.reading import AuditQuery, read_entries
from framework.database.session import transaction
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.projects.tasks import count_storage
from framework.repositories.models import Repository
from tests.api.program import Program
from tests.cast import PASSWORD, SignIn, Visitor, new_account, on_each_deployment, posted_texts


def names(**asked: Any) -> list[str]:
    """Who is listed, in order."""
    return [person.name for person in list_people(ListRequest(**asked)).rows]


@on_each_deployment
def test_people_are_searched_filtered_and_sorted(ada: Account, alice: Account, bob: Account) -> None:
    new_account("zoe", confirmed=False)
    administration.suspend("bob")
    administration.give_plan("alice", "unlimited")
    assert names() == ["ada", "alice", "bob", "zoe"]
    assert names(order="newest") == ["zoe", "bob", "alice", "ada"]
    assert names(order="oldest", state="no such state") == ["ada", "alice", "bob", "zoe"]
    assert names(text="LIDDELL") == ["alice"]
    assert names(text="zoe@example") == ["zoe"]
    assert names(text="%") == []
    assert [names(state=state) for state in lists.PEOPLE_STATES] == [
        ["ada", "alice", "bob", "zoe"],
        ["ada"],
        ["bob"],
        ["zoe"],
        ["alice"],
        [],
    ]


@on_each_deployment
def test_whose_projects_take_most_comes_first(
    ada: Account, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner, sizes in ((alice, (1, 2)), (bob, (5, 0))):
        for number, size_bytes in enumerate(sizes):
            made = create_project(owner, name=f"project-{number}", description="", visibility="private")
            with transaction() as session:
                session.get_one(Repository, made.repository_id).stored_bytes = size_bytes
    assert names(order="largest") == ["bob", "alice", "ada"]
    assert (count_storage(), count_storage()) == (2, 0)
    monkeypatch.setattr(lists, "PAGE", 1)
    assert [names(order="largest", page=number) for number in (1, 2, 3)] == [["bob"], ["alice"], ["ada"]]


def test_each_page_shows_the_next_ones(ada: Account, monkeypatch: pytest.MonkeyPatch, signed_in: SignIn) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    for name in ("b1", "b2", "b3"):
        new_account(name)
    pages = [list_people(ListRequest(page=number)) for number in (1, 2, 3)]
    assert [[person.name for person in page.rows] for page in pages] == [["ada", "b1"], ["b2", "b3"], []]
    assert [page.more for page in pages] == [True, False, False]
    browser = signed_in(ada)
    following = re.search(r'rel="next" href="([^"]+)"', browser.get("/admin/people?q=example&order=newest").text)
    assert following
    assert "ada" in browser.get(unescape(following[1])).text


def test_the_list_tells_what_is_stored(ada: Account, alice: Account, secret: ProjectAccess) -> None:
    [_ada, listed] = list_people(ListRequest()).rows
    assert (listed.projects, listed.used_bytes, listed.plan) == (1, 0, "free")
    create_token(alice.id, "laptop", ["read"])
    assert listed.last_seen_at is None


@pytest.mark.parametrize(
    "path", ["/admin/people", "/admin/people/alice", "/admin/projects", "/admin/projects/1", "/admin/plans"]
)
def test_nobody_else_learns_of_the_pages(alice: Account, visitor: Visitor, signed_in: SignIn, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert signed_in(alice).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/admin/people/ada/suspend", "/admin/people/ada/resume", "/admin/people/ada/plan", "/admin/plans/free"]
)
def test_nobody_else_can_act(ada: Account, alice: Account, signed_in: SignIn, path: str) -> None:
    assert signed_in(alice).submit("/settings", to=path, reason="Because", plan="unlimited").status_code == 404


@on_each_deployment
def test_a_suspended_person_is_out_at_once_and_told_why(ada: Account, alice: Account, signed_in: SignIn) -> None:
    theirs, admin = signed_in(alice), signed_in(ada)
    program = Program.of(theirs.client.application, alice)
    page = "/admin/people/alice"
    assert admin.submit(page, to=f"{page}/suspend", reason="  ").status_code == 400
    assert theirs.get("/settings").status_code == 200
    assert admin.submit(page, to=f"{page}/suspend", reason="Copies of <films>.").location == page
    assert theirs.get("/settings").status_code == 302
    assert program.get("/user").status_code == 403
    assert theirs.submit("/login", username="alice", password=PASSWORD).status_code == 403
    [mail] = [text for text in posted_texts() if "Your account was suspended" in text]
    assert "The reason: Copies of <films>." in mail
    assert "Suspended" in admin.get(page).text
    assert admin.submit(page, to=f"{page}/resume").location == page
    assert program.get("/user").status_code == 200
    assert any("Your account can be used again" in text for text in posted_texts())


def test_the_password_is_asked_for(
    ada: Account, alice: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = signed_in(ada)
    monkeypatch.setattr(reauthentication, "HOLDS", timedelta(0))
    page = "/admin/people/alice"
    for act in ({"to": f"{page}/suspend", "reason": "x"}, {"to": f"{page}/plan", "plan": "unlimited"}):
        assert admin.submit(page, **act).status_code == 403
    assert admin.submit("/admin/plans", to="/admin/plans/free", stored="1 GiB").status_code == 403
    assert admin.submit(page, to=f"{page}/plan", plan="unlimited", current_password=PASSWORD).location == page
    assert list_people(ListRequest(text="alice")).rows[0].plan == "unlimited"


def test_administrators_do_not_suspend_themselves(ada: Account, signed_in: SignIn) -> None:
    new_account("eve", admin=True)
    admin = signed_in(ada)
    refused = admin.submit("/admin/people/ada", to="/admin/people/ada/suspend", reason="Tired")
    assert (refused.status_code, "This is your own account." in refused.text) == (409, True)
    assert admin.get("/admin").status_code == 200


def test_who_is_an_administrator_no_more_changes_nothing(ada: Account, alice: Account) -> None:
    new_account("eve", admin=True)
    administration.set_admin("ada", admin=False)
    for act in (administration.suspend, administration.resume):
        with pytest.raises(NotAdministrator):
            act("alice", by=ada)
    with pytest.raises(NotAdministrator):
        administration.give_plan("alice", "unlimited", by=ada)
    assert not list_people(ListRequest(state="suspended")).rows


def test_an_account_that_does_not_exist(ada: Account, signed_in: SignIn) -> None:
    assert signed_in(ada).get("/admin/people/nobody").status_code == 404


@on_each_deployment
def test_a_group_is_given_a_plan(ada: Account, alice: Account, signed_in: SignIn) -> None:
    create_group(alice, name="lab", title="The lab")
    admin, page = signed_in(ada), "/admin/people/lab"
    assert (names(), names(state="groups"), names(state="plan")) == (["ada", "alice"], ["lab"], [])
    assert "lab@" not in admin.get("/admin/people?state=groups").text
    assert admin.submit(page, to=f"{page}/plan", plan="unlimited").location == page
    assert "<strong>0 bytes</strong> of any amount used" in admin.get(page).text
    assert names(state="plan") == ["lab"]
    entry = read_entries(AuditQuery(kind="plan_given")).entries[0]
    assert (entry.actor, entry.person, entry.details) == ("ada", "lab", {"plan": "unlimited"})
    assert "Plan given: " in admin.get("/admin/audit?person=lab").text
    own = signed_in(alice).get("/lab/settings/usage").text
    assert "Unlimited plan" in own
    assert admin.submit(page, to=f"{page}/plan", plan="").location == page
    assert administration.read_plan_of("lab") == PlanHeld(default_plan("free"), given=False)


def test_a_group_has_no_ways_in(ada: Account, alice: Account, signed_in: SignIn) -> None:
    create_group(alice, name="lab", title="The lab")
    admin = signed_in(ada)
    page = admin.get("/admin/people/lab").text
    assert "@" not in page.partition("<main")[2].partition("</main")[0]
    reset = admin.submit("/admin/people/lab", to="/admin/people/lab/second-factor", reason="x")
    assert reset.status_code == 404
