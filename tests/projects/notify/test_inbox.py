"""The inbox and the choices of mail: pages, marks, links that stop mail, and addresses that bounced."""

import re

import pytest
from sqlalchemy import delete

from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.email import stopped
from framework.projects.core.access import ProjectAccess
from framework.projects.members.roles import remove_person
from framework.projects.models import Event
from framework.projects.notify.activity import record
from framework.projects.notify.inbox import PAGE, read_topbar_status
from framework.projects.notify.preferences import choices_of, unsubscribe_link
from tests.cast import SignIn, Visitor
from tests.projects.notify.test_digests import uploaded


def unread_in(page: str) -> str:
    """What the top of the page says of the inbox."""
    found = re.search(r'aria-label="Inbox, (\d+) unread"', page)
    assert found
    return found[1]


def test_it_counts_what_is_new_and_marks_it_as_read(
    alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn
) -> None:
    uploaded(shared, alice, "Field <data>")
    uploaded(shared, bob, "Bob's own")
    browser = signed_in(bob)
    page = browser.get("/inbox").text
    assert unread_in(page) == "2", "the upload, and that bob was added"
    assert "Field &lt;data&gt;" in page
    assert "Bob&#39;s own" not in page
    notice = re.findall(r"/inbox/(\d+)/read", page)[0]
    browser.submit("/inbox", to=f"/inbox/{notice}/read")
    assert unread_in(browser.get("/").text) == "1"
    browser.submit("/inbox", to="/inbox/read")
    assert unread_in(browser.get("/").text) == "0"


def test_nobody_marks_the_notices_of_others(
    alice: Account, bob: Account, charlie: Account, shared: ProjectAccess, signed_in: SignIn
) -> None:
    uploaded(shared, alice)
    notice = re.findall(r"/inbox/(\d+)/read", signed_in(bob).get("/inbox").text)[0]
    signed_in(charlie).submit("/settings", to=f"/inbox/{notice}/read")
    assert read_topbar_status(bob).unread == 2


def test_who_has_left_a_private_project_sees_nothing_of_it(
    alice: Account, bob: Account, secret: ProjectAccess, shared: ProjectAccess, signed_in: SignIn
) -> None:
    uploaded(shared, alice, "Internal")
    remove_person(alice, secret, person_id=bob.id)
    page = signed_in(bob).get("/inbox").text
    assert "Internal" not in page
    assert unread_in(page) == "0"


@pytest.mark.parametrize(("count", "more"), [(PAGE, False), (PAGE + 1, True)])
def test_another_page_follows_where_something_is_on_it(
    alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn, count: int, more: bool
) -> None:
    with transaction() as session:
        session.execute(delete(Event))
        for _number in range(count):
            record(session, shared.id, actor=alice, kind="push", details={"branch": "main"})
    browser = signed_in(bob)
    for page in (f"/{shared.full_name}/activity", "/inbox"):
        assert ('rel="next"' in browser.get(page).text) is more
        assert ('rel="next"' in browser.get(f"{page}?page=2").text) is False


@pytest.mark.parametrize("address", ["/inbox", "/settings/mail"])
def test_a_visitor_signs_in_first(visitor: Visitor, address: str) -> None:
    assert visitor.get(address).location == f"/login?next={address}"


def test_people_choose_how_often_everywhere_and_in_a_project(
    bob: Account, shared: ProjectAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(bob)
    page = "/settings/mail"
    assert choices_of(bob)[0] == "daily"
    assert browser.submit(page, frequency="hourly").location == page
    assert browser.submit(page, frequency="at_once", project=str(shared.id)).location == page
    everywhere, [project] = choices_of(bob)
    assert (everywhere, project.full_name, project.frequency) == ("hourly", "alice/secret", "at_once")
    browser.submit(page, frequency="", project=str(shared.id))
    assert choices_of(bob)[1][0].frequency == ""


@pytest.mark.parametrize("fields", [{"frequency": "weekly"}, {"frequency": ""}, {}, {"frequency": "x", "project": "1"}])
def test_it_refuses_what_is_no_choice(bob: Account, signed_in: SignIn, fields: dict[str, str]) -> None:
    assert signed_in(bob).submit("/settings/mail", **fields).status_code == 400
    assert choices_of(bob)[0] == "daily"


@pytest.mark.parametrize("project", ["x", "", "-1", "99", "9" * 20, "²"])
def test_it_refuses_a_project_that_is_none_of_theirs(bob: Account, signed_in: SignIn, project: str) -> None:
    answer = signed_in(bob).submit("/settings/mail", frequency="off", project=project)
    assert answer.status_code == 404
    assert "You take part in no such project." in answer.text
    assert choices_of(bob)[0] == "daily"


def test_the_link_of_a_project_that_is_gone_stops_nothing(bob: Account, visitor: Visitor) -> None:
    link = unsubscribe_link(bob.id, 99).removeprefix("http://localhost")
    assert visitor.client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert choices_of(bob)[0] == "daily"


def test_one_click_of_a_mail_program_stops_mail_without_cookie_or_form(
    bob: Account, shared: ProjectAccess, visitor: Visitor
) -> None:
    link = unsubscribe_link(bob.id, shared.id).removeprefix("http://localhost")
    assert "Stop mail?" in visitor.get(link).text
    assert choices_of(bob)[1][0].frequency == "", "opening it changes nothing"
    answer = visitor.client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "no more mail about alice/secret" in answer.text
    assert (choices_of(bob)[0], choices_of(bob)[1][0].frequency) == ("daily", "off")
    assert visitor.client.post(link).status_code == 200, "twice is fine"


def test_a_link_tells_who_was_removed_no_name(
    alice: Account, bob: Account, shared: ProjectAccess, visitor: Visitor
) -> None:
    link = unsubscribe_link(bob.id, shared.id).removeprefix("http://localhost")
    remove_person(alice, shared, person_id=bob.id)
    for page in (visitor.get(link).text, visitor.client.post(link).text):
        assert "no more mail about a project that is not open to you any more" in page
        assert "secret" not in page


def test_a_digests_link_stops_all(bob: Account, shared: ProjectAccess, visitor: Visitor, signed_in: SignIn) -> None:
    signed_in(bob).submit("/settings/mail", frequency="at_once", project=str(shared.id))
    visitor.client.post(unsubscribe_link(bob.id, 0).removeprefix("http://localhost"))
    everywhere, [project] = choices_of(bob)
    assert (everywhere, project.frequency) == ("off", "")


@pytest.mark.parametrize("token", ["x", "WzEsMF0.forged", "WzEsMF0"])
def test_a_link_that_is_not_ours_stops_nothing(bob: Account, visitor: Visitor, token: str) -> None:
    assert visitor.get(f"/unsubscribe/{token}").status_code == 404
    assert visitor.client.post(f"/unsubscribe/{token}").status_code == 404
    assert choices_of(bob)[0] == "daily"


def test_who_gets_no_mail_any_more_is_told_on_every_page(bob: Account, signed_in: SignIn) -> None:
    browser = signed_in(bob)
    stopped.stop("bob@example.org", "550 <Nobody> here")
    assert "Mail to bob@example.org came back" in browser.get("/").text
    page = browser.get("/settings/mail").text
    assert "550 &lt;Nobody&gt; here" in page
    assert browser.submit("/settings/mail", to="/settings/mail/resume").location == "/settings/mail"
    assert "came back" not in browser.get("/").text
