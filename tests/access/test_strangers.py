"""Credentials at addresses that do not take them, and HEAD, tell a stranger nothing of a private project either."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.access.callers import basic
from tests.access.requests import address_of, body_of
from tests.access.test_matrix import told
from tests.access.world import make_world


@pytest.mark.parametrize("scheme", ["none", "Bearer", "Basic"])
def test_every_address_answers_for_a_private_project_as_for_a_missing_one(app: Flask, scheme: str) -> None:
    world = make_world(app)
    token = world.callers["passer-by"].token
    sent = {"none": "", "Bearer": f"Bearer {token}", "Basic": basic("passer-by", token)}[scheme]
    stranger = replace(world.callers["stranger"], everywhere=sent)
    missing = {**world.private, "project": "moonstone"}
    rules = [rule for rule in app.url_map.iter_rules() if "project" in rule.arguments]
    assert len(rules) > 60
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            row, answers = f"{method} {rule.endpoint}", []
            for things in (world.private, missing):
                address, body = address_of(rule, row, things), body_of(rule, row, things)
                answers.append(told(stranger.ask(app, rule.endpoint, method, address, body), things["project"]))
            assert answers[0] == answers[1], row
            assert answers[0][0] >= 300, row
