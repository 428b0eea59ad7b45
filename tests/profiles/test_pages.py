"""Profile pages: what is said, projects, groups, people and activity, each as far as the viewer may see."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.database.session import transaction
from framework.database.types import now
from framework.groups import operations, people
from framework.profiles.editing import save_profile_text
from framework.projects.core.access import ProjectAccess
from framework.projects.core.queries import PAGE
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.projects.models import Event
from framework.projects.notify import activity
from framework.projects.notify.activity import record
from tests.cast import SignIn, Visitor, new_account, on_each_deployment
from tests.profiles.images import new_picture
from tests.statements import noted_statements


def do(account: Account, project: ProjectAccess, title: str, *, days_ago: float = 0) -> None:
    """Have somebody change something, some days ago."""
    with transaction() as session:
        details = {"branch": "main", "sha": "a" * 40, "title": title, "files": ["a"], "file_count": 1}
        record(session, project.id, actor=account, kind="upload", details=details)
        session.execute(
            update(Event)
            .where(Event.details["title"].as_string() == title)
            .values(created_at=now() - timedelta(days_ago))
        )


def test_the_page_tells_what_somebody_says_as_safe_html(alice: Account, visitor: Visitor) -> None:
    text = "I am a **botanist**. <script>alert(1)</script> [here](notes/a.md) ![x](b.png) [there](https://kew.example)"
    save_profile_text(alice, None, about=text, links=["kew.example/people/"])
    page = visitor.get("/alice").text
    assert "<strong>botanist</strong>" in page
    assert 'rel="me nofollow ugc noopener" href="https://kew.example/people/">kew.example/people</a>' in page
    assert 'href="https://kew.example"' in page
    for word in ("alert(1)</script>", "notes/a.md", "b.png"):
        assert word not in page, word


def test_projects_are_found_by_a_word_and_sorted_by_name(alice: Account, visitor: Visitor) -> None:
    for name in ("zebra", "apple", "melon"):
        create_project(alice, name=name, description=f"About {name}s", visibility="public")
    create_project(alice, name="apricot", description="", visibility="private")

    def order(query: str) -> list[str]:
        page = visitor.get(f"/alice{query}").text
        names = [name for name in ("zebra", "apple", "melon", "apricot") if f'href="/alice/{name}"' in page]
        return sorted(names, key=lambda name: page.index(f'href="/alice/{name}"'))

    assert order("") == ["melon", "apple", "zebra"]
    assert order("?sort=name") == ["apple", "melon", "zebra"]
    assert order("?q=APPLES") == ["apple"]
    assert order("?q=apricot") == []


def test_pages_of_a_sorted_list_stay_sorted(alice: Account, visitor: Visitor) -> None:
    for number in range(PAGE + 1):
        create_project(alice, name=f"p-{number:02}", description="", visibility="public")
    assert 'href="/alice?sort=name&amp;page=2"' in visitor.get("/alice?sort=name").text
    last = visitor.get("/alice?sort=name&page=2").text
    assert f'href="/alice/p-{PAGE}"' in last
    assert 'href="/alice/p-00"' not in last


@on_each_deployment
def test_activity_is_what_the_viewer_may_see_day_by_day(
    alice: Account, bob: Account, charlie: Account, signed_in: SignIn, visitor: Visitor
) -> None:
    public = create_project(alice, name="website", description="", visibility="public")
    secret = create_project(alice, name="quicksand", description="", visibility="private")
    add_person(alice, secret, person="bob", role="reader")
    do(alice, public, "Open things", days_ago=2)
    do(alice, secret, "Hidden things", days_ago=3)
    do(bob, public, "Not hers")
    seen = signed_in(bob).get("/alice/activity").text
    assert "Open things" in seen
    assert "Hidden things" in seen
    assert "Not hers" not in seen
    assert f"{now() - timedelta(2):%-d %B %Y}" in seen
    for stranger in (visitor, signed_in(charlie)):
        page = stranger.get("/alice/activity").text
        assert "Open things" in page
        assert "Hidden things" not in page
        assert "quicksand" not in page


@on_each_deployment
def test_pages_of_activity_miss_nothing_and_tell_nothing_of_what_is_private(
    alice: Account, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PAGE", 2)
    monkeypatch.setattr("framework.profiles.views.PAGE", 2)
    projects = [create_project(alice, name=name, description="", visibility="public") for name in ("one", "two")]
    secret = create_project(alice, name="quicksand", description="", visibility="private")
    for number in range(5):
        do(alice, projects[number % 2], f"Change {number}", days_ago=number + 1)
    for number in range(6):
        do(alice, secret, f"Hidden {number}", days_ago=number + 8)
    found, address, steps = [], "/alice/activity", 0
    while address:
        page = visitor.get(address).text
        assert "Hidden" not in page
        found += [f"Change {number}" for number in range(5) if f"Change {number}<" in page]
        address = page.partition('rel="next" href="')[2].partition('"')[0]
        steps += 1
    assert found == [f"Change {number}" for number in range(5)]
    assert steps == 4  # five changes, and the two projects' beginnings: no further page for what is hidden
    assert visitor.get("/alice/activity?before=9").status_code == 200
    assert visitor.get(f"/alice/activity?before={'9' * 19}").status_code == 200


def test_the_activity_of_a_group_is_that_of_its_projects(alice: Account, bob: Account, visitor: Visitor) -> None:
    lab = operations.create_group(alice, name="lab")
    people.add_person(alice, lab, person="bob", role="member")
    ours = create_project(alice, name="dig", description="", visibility="public", owner="lab")
    other = create_project(bob, name="other", description="", visibility="public")
    do(bob, ours, "Dug")
    do(bob, other, "Elsewhere")
    page = visitor.get("/lab/activity").text
    assert "Dug" in page
    assert "Elsewhere" not in page


def test_people_of_a_group_are_shown_as_its_setting_says(
    alice: Account, bob: Account, charlie: Account, signed_in: SignIn, visitor: Visitor
) -> None:
    lab = operations.create_group(alice, name="lab", title="Field Laboratory")
    people.add_person(alice, lab, person="bob", role="member")
    people.add_person(alice, lab, person="charlie", role="participant")
    dora, emil = new_account("dora"), new_account("emil")
    people.add_person(alice, lab, person="dora@example.org", role="member")
    people.add_person(alice, lab, person=emil.name, role="member")
    suspend("emil")

    def names(page: str) -> set[str]:
        return {name for name in ("alice", "bob", "charlie", "dora", "emil") if f'href="/{name}"' in page}

    stranger = visitor.get("/lab").text
    assert names(stranger) == set()
    assert names(signed_in(charlie).get("/lab").text) == {"charlie"}  # at the top of the page
    assert names(signed_in(bob).get("/lab").text) == {"alice", "bob"}
    assert "Field Laboratory" not in visitor.get("/bob").text
    assert "Field Laboratory" in signed_in(alice).get("/bob").text
    assert visitor.get("/lab/people").status_code == 302
    assert signed_in(charlie).get("/lab/people").status_code == 404
    save_profile_text(alice, lab, people_public=True)
    assert names(visitor.get("/lab").text) == names(visitor.get("/lab/people").text) == {"alice", "bob"}
    assert "leave" not in visitor.get("/lab/people").text
    assert visitor.get("/lab/people?q=dora").text.count("/dora") == 0
    assert "Field Laboratory" in visitor.get("/bob").text
    for account in (charlie, dora):
        assert "Field Laboratory" not in visitor.get(f"/{account.name}").text


def test_of_a_suspended_person_no_more_than_the_projects_is_shown(alice: Account, visitor: Visitor) -> None:
    create_project(alice, name="website", description="", visibility="public")
    save_profile_text(alice, None, about="Buy **pills**", links=["pills.example"])
    new_picture(alice)
    suspend("alice")
    page = visitor.get("/alice").text
    assert "/alice/website" in page
    for word in ("pills", "/pictures/"):
        assert word not in page, word


def test_a_longer_list_costs_no_more_statements(alice: Account, visitor: Visitor) -> None:
    def count(page: str) -> int:
        with noted_statements() as found:
            assert visitor.get(page).status_code == 200
        return len(found)

    lab = operations.create_group(alice, name="lab")
    save_profile_text(alice, lab, people_public=True)
    project = create_project(alice, name="dig", description="", visibility="public", owner="lab")
    pages = ("/lab", "/lab/activity", "/alice", "/alice/activity")
    few = [count(page) for page in pages]
    for number in range(6):
        somebody = new_account(f"person-{number}", full_name=f"Person {number}")
        new_picture(somebody)
        people.add_person(alice, lab, person=somebody.name, role="member")
        do(somebody, project, f"Change {number}")
        create_project(alice, name=f"more-{number}", description="", visibility="public", owner="lab")
        save_profile_text(alice, operations.create_group(alice, name=f"lab-{number}"), people_public=True)
    assert [count(page) for page in pages] == few
