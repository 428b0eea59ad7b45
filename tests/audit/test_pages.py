"""The pages of the audit log: administrators see all of it, owners what concerns their project, others nothing."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.audit import reading
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import update_project
from framework.projects.members.people import add_person
from framework.projects.members.roles import change_role, leave
from tests.cast import SignIn, Visitor, new_account


def titles(page: str) -> list[str]:
    """What the entries on a page say has happened."""
    return [" ".join(re.sub("<[^>]+>", "", found).split()) for found in re.findall(r'list-title">(.+?)</div>', page)]


def test_administrators_find_entries_by_person_kind_and_day(
    ada: Account, alice: Account, bob: Account, signed_in: SignIn
) -> None:
    administration.suspend("bob", reason="Spam & more", by=ada)
    admin = signed_in(ada)
    page = unescape(admin.get("/admin/audit").text)
    assert titles(page)[:2] == ["Signed in", "Account suspended: bob"]
    assert "reason: Spam & more" in page
    assert "from 127.0.0.1" in page
    assert "Account suspended: bob" in titles(admin.get("/admin/audit?person=Bob").text)
    assert "Signed in" not in titles(admin.get("/admin/audit?person=bob").text)
    assert titles(admin.get("/admin/audit?kind=suspended").text) == ["Account suspended: bob"]
    today = datetime.now(UTC).date()
    assert titles(admin.get(f"/admin/audit?kind=suspended&day={today}").text) == ["Account suspended: bob"]
    assert titles(admin.get(f"/admin/audit?day={today - timedelta(days=2)}").text) == []
    assert titles(admin.get("/admin/audit?person=nobody-here").text) == []
    assert titles(admin.get("/admin/audit?kind=teleported&day=yesterday&before=x").text)
    assert "Account suspended" in admin.get("/admin/people/bob").text


def test_the_next_page_keeps_what_was_asked_for(
    ada: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 1)
    admin = signed_in(ada)
    signed_in(ada)
    link = re.search(r'rel="next" href="([^"]+)"', admin.get("/admin/audit?person=ada&kind=sign_in").text)
    assert link
    older = admin.get(unescape(link[1])).text
    assert titles(older) == ["Signed in"]
    assert 'rel="next"' not in older


def test_owners_see_their_projects_part(
    ada: Account, alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    new_account("carla")
    add_person(alice, secret, person="carla@example.org", role="writer")
    browser = signed_in(alice)
    browser.submit("/settings/tokens", name="laptop", scopes="read")
    browser.submit(f"{secret.path}/settings", name="secret", visibility="public", publish="y")
    page = browser.get(f"{secret.path}/settings/audit").text
    assert titles(page) == ["Visibility changed", "Person added: somebody by e-mail"]
    assert "from 127.0.0.1" in page
    assert "carla" not in page, "whom an owner knows by address only is not named"
    update_project(alice, secret, visibility="private")
    assert "from" not in titles(signed_in(ada).get(f"/admin/projects/{secret.id}").text)


def test_administrators_alone_learn_whom_an_address_names(
    ada: Account, alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob@example.org", role="reader")
    change_role(alice, secret, person_id=bob.id, role="writer")
    leave(bob, project_for(bob, "alice", "secret"))
    page = signed_in(alice).get(f"{secret.path}/settings/audit").text
    kinds = ["Person left", "Role changed", "Person added"]
    assert titles(page) == [f"{kind}: somebody by e-mail" for kind in kinds]
    assert "by somebody by e-mail" in page
    assert "bob" not in page
    assert titles(signed_in(ada).get(f"/admin/projects/{secret.id}").text)[:3] == [f"{kind}: bob" for kind in kinds]


def test_addresses_of_others_are_for_administrators(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    bobs = signed_in(bob)
    bobs.submit(f"{secret.path}/settings", name="secret", visibility="public", publish="y")
    assert "from 127.0.0.1" in bobs.get(f"{secret.path}/settings/audit").text
    assert "from 127.0.0.1" not in signed_in(alice).get(f"{secret.path}/settings/audit").text


def test_nobody_else_sees_anything(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, visitor: Visitor, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    page = f"{secret.path}/settings/audit"
    assert signed_in(bob).get(page).status_code == 403
    assert signed_in(charlie).get(page).status_code == 404
    assert visitor.get(page).status_code == 404
    for who in (signed_in(alice), visitor):
        assert who.get("/admin/audit").status_code == 404
