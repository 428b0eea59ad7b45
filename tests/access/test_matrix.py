"""Every route and every caller: who is let in, who is refused, and who is told that nothing is there.

The rows are those of `routes.py`, each of a kind, and `kinds.py` says what a kind answers to whom. A route of the
application without a row fails, and so does a row without a route.

Each request is sent with credentials and a right CSRF token, and without what it is about: an empty form, an empty
document. So whoever may act gets past every check of access and is refused for what is missing (400, 409, 422), or
has their way (200, 302), and both are `let in`; what was changed is taken back. Where a project's page or call says
404, it is `let in`, too, unless it is what the same caller is told of a project that does not exist: status, headers
and body have to be the same then.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from framework.config import Config
from tests.access.kinds import CALLERS, IN_GROUP, Kind
from tests.access.requests import address_of, body_of
from tests.access.routes import PUSH, read_rows
from tests.access.world import World, make_world

WITHOUT_A_PART = ("stranger", "passer-by", "suspended", "administrator")

GROUPS = {
    "people": (*WITHOUT_A_PART, "reader", "writer", "maintainer", "owner"),
    "people of the group, links and tokens": (*IN_GROUP, *CALLERS[CALLERS.index("view link") :]),
}
"""Two processes ask at a time; to make the world takes longer than to ask everything as one caller."""

OUTSIDERS = {*WITHOUT_A_PART, "participant", "anonymised link", "drop-off link", "token elsewhere"}
"""To whom the private project is one that does not exist."""

NAMING = {"view_links.open_link", "projects.invitation", "inboxes.ask", "inboxes.stop"}
"""Whose addresses are given only to people who may know the project's name."""


def test_every_route_has_one_row_and_every_row_a_route(app: Flask) -> None:
    rows = [row for row, _kind in read_rows()]
    assert sorted(rows) == sorted(set(rows))
    assert {row.removesuffix(PUSH) for row in rows} == {row for rule in app.url_map.iter_rules() for row in _rows(rule)}


def test_a_kind_answers_everybody_and_knows_public_projects_where_there_are_some(app: Flask) -> None:
    for row, kind in read_rows():
        in_project = any("project" in rule.arguments for rule in app.url_map.iter_rules(row.split()[1]))
        assert len(kind.private.replace(" ", "")) == len(CALLERS), kind.name
        assert len(kind.public.replace(" ", "")) == (len(CALLERS) if in_project or kind.public else 0), row


@pytest.mark.parametrize("group", GROUPS)
def test_everybody_is_answered_as_the_matrix_says(app: Flask, settings: Config, group: str) -> None:
    world = make_world(app)
    with closing(_Database(settings.data)) as database:
        wrong = [
            f"{row} {rule.rule} in a {where} project: {name} is {answered}, not {expected}"
            for row, kind, rule in _requests(app)
            for where in (("private", "public") if "project" in rule.arguments else ("private",))
            for name in GROUPS[group]
            for expected in [kind.expected(name, is_public=where == "public")]
            for answered in [_Asked(world, rule, row, name).letter(where, database)]
            if answered != expected
        ]
    assert not wrong, "\n".join(wrong)


class _Database:
    """The database as it was, kept in memory, which it becomes again after a request has changed something."""

    def __init__(self, data: Path) -> None:
        self._live, self._kept = sqlite3.connect(data / "holdfast.sqlite3"), sqlite3.connect(":memory:")
        self._live.execute("PRAGMA synchronous=OFF")
        self._live.backup(self._kept)

    def restore(self) -> None:
        """Its marks in the bucket stay those of the present: without them it would be a copy that may not write."""
        with self._kept:
            marks = self._live.execute("SELECT marks FROM deployment").fetchall()
            self._kept.executemany("UPDATE deployment SET marks = ?", marks)
        self._kept.backup(self._live)

    def close(self) -> None:
        self._live.close()
        self._kept.close()


class _Asked:
    """One row's request of one caller."""

    def __init__(self, world: World, rule: Rule, row: str, name: str) -> None:
        self._world, self._rule, self._row, self._name = world, rule, row, name
        self._method = row.partition(" ")[0]

    def letter(self, where: str, database: _Database) -> str:
        """The answer as `kinds.py` writes it, or the status where it has no letter for it."""
        answer = self._ask(getattr(self._world, where))
        if self._method not in {"GET", "HEAD"} and answer.status_code < 400:
            database.restore()
        outside = where == "private" and self._name in OUTSIDERS
        missing = (outside or answer.status_code == 404) and self._is_as_of_missing(answer, where)
        tells = outside and self._tells(answer, is_as_of_missing=missing)
        return self._letter(answer, is_as_of_missing=missing) + (" and told that there is a project" if tells else "")

    def _tells(self, answer: TestResponse, *, is_as_of_missing: bool) -> bool:
        """Whether the answer names the private project, or is not that of a missing one."""
        if "project" in self._rule.arguments:
            return not is_as_of_missing
        if self._name == "administrator" or self._rule.endpoint in NAMING:
            return False
        return self._world.private["project"].encode() in str(answer.headers).encode() + answer.data

    def _letter(self, answer: TestResponse, *, is_as_of_missing: bool) -> str:
        status = answer.status_code
        if status == 302 and answer.location.startswith("/login"):
            return "L"
        if status == 404:
            return "-" if is_as_of_missing else "i"
        if status >= 500 and status != 501:
            return str(status)
        return {401: "U", 403: "F"}.get(status, "i")

    def _is_as_of_missing(self, answer: TestResponse, where: str) -> bool:
        if "project" not in self._rule.arguments:
            return True
        things = getattr(self._world, where)
        missing = self._ask({**things, "project": "moonstone"})
        return told(answer, things["project"]) == told(missing, "moonstone")

    def _ask(self, things: dict[str, str]) -> TestResponse:
        address, body = address_of(self._rule, self._row, things), body_of(self._rule, self._row, things)
        return self._world.callers[self._name].ask(self._world.app, self._rule.endpoint, self._method, address, body)


def told(answer: TestResponse, project: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body, without the project's name."""
    headers = {key: value.replace(project, "") for key, value in answer.headers.items() if key != "Set-Cookie"}
    return answer.status_code, headers, answer.text.replace(project, "")


def _rows(rule: Rule) -> list[str]:
    """The rows that this route needs: HEAD is asked for where there is no GET, OPTIONS where there is nothing else."""
    methods = rule.methods or set()
    asked = methods - {"HEAD", "OPTIONS"} or methods - {"OPTIONS"} or methods
    return [f"{method} {rule.endpoint}" for method in asked]


def _requests(app: Flask) -> Iterator[tuple[str, Kind, Rule]]:
    for row, kind in read_rows():
        method, endpoint, *_push = row.split()
        yield from ((row, kind, rule) for rule in app.url_map.iter_rules(endpoint) if method in (rule.methods or set()))
