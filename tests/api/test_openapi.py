"""The description is valid, and speaks of every call."""

import json
import re

from flask import Flask
from openapi_spec_validator import validate

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.api.calls import CALLS
from framework.api.resources.uploads import UPLOAD_CALLS
from tests.api.program import Program


def test_the_description_is_valid(stranger: Program) -> None:
    answer = stranger.app.test_client().get("/api/v1/openapi.json")
    assert answer.mimetype == "application/json"
    document = json.loads(answer.data)
    assert document["openapi"].startswith("3.1")
    validate(document)
    assert document == stranger.document


def test_every_call_is_described(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("api.", "tus."))]
    views = {rule.endpoint: app.view_functions[rule.endpoint] for rule in rules}
    assert [endpoint for endpoint, view in views.items() if view not in {**CALLS, **UPLOAD_CALLS}] == [
        "tus.dispatch_override",
        "api.describe",
    ]


def test_what_needs_a_token_says_so(stranger: Program) -> None:
    """Without credentials a call answers 401 exactly where the description asks for some, and names that answer."""
    for template, methods in stranger.document["paths"].items():
        path = _path(template)
        spoken = {"Tus-Resumable": "1.0.0"} if path.startswith("/uploads") else {}
        for method, told in methods.items():
            answer = stranger.call(method.upper(), path, headers=spoken, json={})
            asks = {} not in told["security"] and "401" in told["responses"]
            assert (answer.status_code == 401) == asks, f"{method} {template}"


def test_what_every_call_may_answer_is_described(app: Flask, alice: Account) -> None:
    """The program looks whether the description names each status."""
    token, password = Program.of(app, alice), Program.with_password(app, "alice")
    suspend(alice.name)
    for template, methods in token.document["paths"].items():
        path = _path(template)
        spoken = {"Tus-Resumable": "1.0.0"} if path.startswith("/uploads") else {}
        for method, told in methods.items():
            caller = password if {"password": []} in told["security"] else token
            answer = caller.call(method.upper(), path, headers=spoken, json={})
            refused = 403 if "401" in told["responses"] else 404
            assert answer.status_code == (204 if method == "options" else refused), f"{method} {path}"
            assert caller.call(method.upper(), f"{path}?x=%00", headers=spoken, json={}).status_code == 404


def _path(template: str) -> str:
    """The address of a call, each part of it its own name, and numbers where there have to be any."""
    numbered = re.sub(
        r"\{(assignment|invitation|link|person|project|token|transfer|webhook)_id\}", "1", template
    ).replace("{sha}", "1" * 40)
    return numbered.removeprefix("/api/v1").replace("{", "").replace("}", "")
