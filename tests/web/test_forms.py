"""Every form carries a CSRF token, and what was typed comes back."""

import re

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from framework.web.forms import EXPIRED
from tests.cast import Visitor, csrf_token, on_each_deployment
from tests.uploads.conftest import store_files

PROGRAMS = ("git.", "lfs.", "api.")
"""Blueprints that authenticate each request by itself and take no cookie, so nobody can forge them."""


def test_it_gives_an_expired_form_back_as_it_was_typed(visitor: Visitor) -> None:
    fields = {"username": "anna", "email": "anna@example.org", "password": "correct horse", "csrf_token": "old"}
    answer = visitor.client.post("/signup", data=fields)
    assert answer.status_code == 400
    assert EXPIRED in answer.text
    assert 'value="anna"' in answer.text
    assert 'value="anna@example.org"' in answer.text
    assert "correct horse" not in answer.text


def test_it_takes_no_post_without_a_token(app: Flask, alice: Account) -> None:
    visitor = Visitor(app)
    visitor.log_in(alice)
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    checked = [rule for rule in rules if not rule.endpoint.startswith(PROGRAMS)]
    assert checked
    for rule in checked:
        address = re.sub(r"<int:\w+>", "1", rule.rule)
        address = re.sub(r"<[^>]+>", "nothing", address)
        status = visitor.client.post(address, data={}).status_code
        assert status in {400, 404, 412}, f"{rule.rule} answers {status} to a forged form"


@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_it_puts_a_sentence_beside_an_empty_field(visitor: Visitor, field: str) -> None:
    fields = {"username": "anna", "email": "anna@example.org", "password": "correct horse"} | {field: ""}
    answer = visitor.submit("/signup", **fields)
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert f'aria-describedby="{field}-error' in answer.text


@on_each_deployment
def test_no_field_of_any_form_can_break_a_page(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    """A NUL is what browsers send and PostgreSQL does not take."""
    store_files(secret, alice, {"a.txt": b"1"})
    arguments = {
        "owner": "alice",
        "project": "secret",
        "place": "main/a.txt",
        "session_id": "9",
    }  # 1 is the owner's own
    rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith(PROGRAMS)]
    posted = [rule for rule in rules if "POST" in (rule.methods or ()) and rule.rule != "/logout"]
    pages = [re.sub(r"<(?:\w+:)?(\w+)>", lambda found: arguments.get(found[1], "1"), rule.rule) for rule in posted]
    stranger, owner = Visitor(app), Visitor(app)
    owner.log_in(alice)
    for visitor in (stranger, owner):
        shown = "".join(visitor.get(page).text for page in pages)
        names = set(re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', shown)) - {"csrf_token"}
        assert {"username", "message", "person"} <= names or visitor is stranger
        for page in pages:
            token = csrf_token(visitor.get("/new" if visitor is owner else "/login").text)
            answer = visitor.client.post(page, data={**dict.fromkeys(names, "a\0b"), "csrf_token": token})
            assert answer.status_code < 500, page


@pytest.mark.parametrize("body", ["NaN", "1", "[1]", '{"username": {"a": 1}}', "{", ""])
@pytest.mark.parametrize("page", ["/login", "/signup", "/forgot"])
def test_json_is_no_form(visitor: Visitor, page: str, body: str) -> None:
    answer = visitor.client.post(page, data=body, content_type="application/json")
    assert answer.status_code == 400
