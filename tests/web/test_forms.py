"""Every form carries a CSRF token, and what was typed comes back."""

import re

import pytest
from flask import Flask

from framework.accounts.account import Account
from framework.web.forms import EXPIRED
from tests.cast import Visitor, on_one_deployment

PROGRAMS = ("git.", "lfs.", "api.")
"""Blueprints that authenticate each request by itself and take no cookie, so nobody can forge them."""


@on_one_deployment
def test_it_gives_an_expired_form_back_as_it_was_typed(visitor: Visitor) -> None:
    fields = {"username": "anna", "email": "anna@example.org", "password": "correct horse", "csrf_token": "old"}
    answer = visitor.client.post("/signup", data=fields)
    assert answer.status_code == 400
    assert EXPIRED in answer.text
    assert 'value="anna"' in answer.text
    assert 'value="anna@example.org"' in answer.text
    assert "correct horse" not in answer.text


@on_one_deployment
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


@on_one_deployment
@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_it_puts_a_sentence_beside_an_empty_field(visitor: Visitor, field: str) -> None:
    fields = {"username": "anna", "email": "anna@example.org", "password": "correct horse"} | {field: ""}
    answer = visitor.submit("/signup", **fields)
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert f'aria-describedby="{field}-error' in answer.text
