"""Accounts, groups and invitations by the API of administrators."""

import time
from typing import Any

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.factors.checking import read_ways
from framework.admin import lists
from framework.audit.reading import AuditQuery, read_entries
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess
from tests.accounts.signing_in.steps import set_up_app
from tests.api.program import ROOT, Program
from tests.cast import SignIn, new_account, posted_texts


def names(reply: Any) -> list[str]:
    """Who is listed."""
    return [person["name"] for person in reply.json]


def test_people_are_listed_page_by_page(
    admins: Program, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 1)
    first = admins.get("/admin/people?order=oldest")
    assert names(first) == ["ada"]
    following = first.headers["Link"].partition(ROOT)[2].partition(">")[0]
    [alice] = admins.get(following).json
    assert (alice["email"], alice["plan"], alice["projects"]) == ("alice@example.org", "free", 1)
    assert names(admins.get("/admin/people?q=liddell")) == ["alice"]


@pytest.mark.parametrize("query", ["state=suspendet", "order=best", "page=0", "page=x"])
def test_a_filter_that_is_none_is_refused(admins: Program, query: str) -> None:
    for path in ("people", "projects"):
        assert admins.get(f"/admin/{path}?{query}").status_code == 400


def test_an_account_is_suspended_and_resumed(admins: Program, program: Program) -> None:
    told = admins.post("/admin/people/Alice/suspend", {"reason": " Copies of films. "}).json
    assert told["suspended_at"]
    assert names(admins.get("/admin/people?state=suspended")) == ["alice"]
    assert program.get("/user").status_code == 403
    assert any("The reason: Copies of films." in text for text in posted_texts())
    entry = read_entries(AuditQuery(kind="suspended")).entries[0]
    assert (entry.actor, entry.person, entry.details) == ("ada", "alice", {"reason": "Copies of films."})
    assert admins.call("POST", "/admin/people/alice/resume").json["suspended_at"] is None
    assert program.get("/user").status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"reason": " "}, {"reason": "x" * 1001}, {"reason": "a\0b"}, {"reason": "\ud800"}]
)
def test_a_reason_is_needed(admins: Program, alice: Account, body: dict[str, str]) -> None:
    for act in ("suspend", "second-factor/reset"):
        assert admins.post(f"/admin/people/alice/{act}", body).status_code == 400
    assert not admins.get("/admin/people/alice").json["suspended_at"]


def test_administrators_neither_suspend_nor_open_themselves(admins: Program, ada: Account, signed_in: SignIn) -> None:
    set_up_app(signed_in(ada), time.time())
    new_account("eve", admin=True)
    for act in ("suspend", "second-factor/reset"):
        assert admins.post(f"/admin/people/ada/{act}", {"reason": "Tired"}).status_code == 409
    assert read_ways(ada.id).second_factor


def test_a_second_factor_is_reset(admins: Program, alice: Account, signed_in: SignIn) -> None:
    reset = "/admin/people/alice/second-factor/reset"
    assert admins.post(reset, {"reason": "Lost"}).status_code == 409
    browser = signed_in(alice)
    set_up_app(browser, time.time())
    assert admins.get("/admin/people/alice").json["authenticator_app"]
    assert not admins.post(reset, {"reason": "Lost"}).json["authenticator_app"]
    assert browser.get("/settings").status_code == 302


def test_a_group_has_a_plan_and_is_suspended_but_nobody_signs_in_to_it(admins: Program, alice: Account) -> None:
    create_group(alice, name="lab", title="The lab")
    given = admins.call("PUT", "/admin/people/lab/plan", json={"plan": "unlimited"}).json
    assert (given["kind"], given["email"], given["plan"], given["plan_given"]) == ("group", None, "unlimited", True)
    assert names(admins.get("/admin/people?state=plan")) == ["lab"]
    assert admins.post("/admin/people/lab/suspend", {"reason": "Films"}).json["suspended_at"]
    assert admins.call("POST", "/admin/people/lab/resume").json["suspended_at"] is None
    assert admins.post("/admin/people/lab/second-factor/reset", {"reason": "Lost"}).status_code == 404
    back = admins.call("PUT", "/admin/people/lab/plan", json={"plan": None}).json
    assert (back["plan"], back["plan_given"]) == ("free", False)


def test_what_is_no_plan_and_who_is_nobody(admins: Program, alice: Account) -> None:
    for body in ({"plan": "golden"}, {}):
        assert admins.call("PUT", "/admin/people/alice/plan", json=body).status_code == 400
    assert admins.call("PUT", "/admin/people/nobody/plan", json={"plan": "free"}).status_code == 404
    assert admins.get("/admin/people/nobody").status_code == 404


def test_an_address_is_invited_to_sign_up(app: Flask, admins: Program, alice: Account) -> None:
    invitations = "/admin/people/invitations"
    assert admins.post(invitations, {"email": "new@example.org"}).json == {"email": "new@example.org"}
    [kept] = admins.get(invitations).json
    assert (kept["email"], kept["invited_by"]) == ("new@example.org", "ada")
    assert admins.post(invitations, {"email": "alice@example.org"}).status_code == 409
    for wrong in ("no address", "a\0b@example.org", "\ud800@example.org", " "):
        assert admins.post(invitations, {"email": wrong}).status_code == 400
    assert admins.call("DELETE", f"{invitations}/{kept['id']}").status_code == 204
    assert admins.get(invitations).json == []
