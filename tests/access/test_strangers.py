"""Credentials at addresses that do not take them, and HEAD, tell a stranger nothing of a private project either."""

from dataclasses import replace

from flask import Flask
from werkzeug.routing import Rule

from tests.access.callers import Caller, basic
from tests.access.requests import address_of, body_of
from tests.access.test_matrix import told
from tests.access.world import World, make_world


def test_every_address_answers_for_a_private_project_as_for_a_missing_one(app: Flask) -> None:
    world = make_world(app)
    token = world.callers["passer-by"].token
    rules = [rule for rule in app.url_map.iter_rules() if "project" in rule.arguments]
    assert len(rules) > 60
    for sent in ("", f"Bearer {token}", basic("passer-by", token)):
        stranger = replace(world.callers["stranger"], everywhere=sent)
        for rule in rules:
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                _check_stranger(world, stranger, rule, method)


def _check_stranger(world: World, stranger: Caller, rule: Rule, method: str) -> None:
    row, answers = f"{method} {rule.endpoint}", []
    for things in (world.private, {**world.private, "project": "moonstone"}):
        address, body = address_of(rule, row, things), body_of(rule, row, things)
        answers.append(told(stranger.ask(world.app, rule.endpoint, method, address, body), things["project"]))
    assert answers[0] == answers[1], (row, stranger.everywhere[:6])
    assert answers[0][0] >= 300, (row, stranger.everywhere[:6])
