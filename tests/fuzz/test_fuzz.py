"""Requests that nobody expects, to every route, and files that are nearly what they say: nothing answers a 500.

`pytest -m long tests/fuzz --fuzz-minutes 60` goes on for so long with new seeds, and tells which found something.
"""

import re
import time
from base64 import b64encode
from collections.abc import Iterator
from itertools import count

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from tests.api.program import Program
from tests.cast import SignIn, Visitor, csrf_token
from tests.fuzz.values import ENDINGS, MEDIA, Values

SEED, REQUESTS, FILES = 20_261_128, 400, 24
FIELDS = [
    "username", "email", "password", "remember", "name", "description", "visibility", "files", "path", "message",
    "branch",
    "person", "role", "current", "pattern", "scopes", "days", "project", "address", "text", "to", "parent", "list", "q",
    "skipped", "uploads", "content", "old", "new", "confirm", "token", "operation", "objects", "op", "operations",
]  # fmt: skip
QUERY = [
    "page",
    "per_page",
    "q",
    "sort",
    "order",
    "plain",
    "whole",
    "path",
    "ref",
    "service",
    "next",
    "owner",
    "download",
]
LEAVES = re.compile(r"logout|delete|leave|trash|transfer|rename|/work/|/sessions|suspend")
"""Addresses that would end what the others need."""


class Attack:
    """Sends requests as a stranger, as a person with a session and as a program with a token."""

    def __init__(self, app: Flask, visitor: Visitor, token: str) -> None:
        self.app, self.visitor, self.token = app, visitor, token
        self.program = Program(app, {"Authorization": f"Bearer {token}"})
        self.csrf = csrf_token(visitor.get("/settings").text)
        self.rules = [rule for rule in app.url_map.iter_rules() if not LEAVES.search(rule.rule)]
        self.document = Program(app).document
        names = {name for one in self.document["components"]["schemas"].values() for name in one.get("properties", {})}
        self.names = sorted(names | set(FIELDS))

    def begin(self, seed: int) -> None:
        """Go on by this seed, with a project of its own."""
        self.values = Values(seed)
        self.make_project(f"requests-{seed}")

    def make_project(self, name: str) -> None:
        """Go on with a new project: what was drawn before may have renamed or deleted the one before."""
        self.project = name
        made = self.program.post("/projects", {"name": self.project, "visibility": "public"})
        assert made.status_code == 201, made.text
        self.program.put(f"alice/{self.project}", README__md="# Title", a__txt="a")

    def send(self) -> None:
        """Send one request and look at its answer."""
        rule = self.values.random.choice(self.rules)
        method = self.values.random.choice(sorted(rule.methods or {"GET"}))
        address, headers = self._address(rule), self.values.headers()
        body, media = self._body(method)
        described = f"{method} {address[:300]} {headers} {media} {body[:500]!r}"
        client = self.app.test_client()
        if self.values.random.random() < 0.5 and not address.startswith("/api/"):
            client = self.visitor.client
        elif self.values.random.random() < 0.7:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        try:
            answer = client.open(address, method=method, headers=headers, data=body, content_type=media)
            answer.get_data()
        except Exception as error:
            raise AssertionError(described) from error
        assert answer.status_code not in {500, 501, 502}, described
        self._check_description(rule, method, answer, described)

    def _address(self, rule: Rule) -> str:
        real = {"owner": "alice", "project": self.project, "ref": "main", "place": "main/README.md", "branch": "main"}
        path = rule.rule
        for argument in re.findall(r"<[^>]+>", rule.rule):
            name = argument.strip("<>").rpartition(":")[2]
            keeps = self.values.random.random() < (0.9 if name in {"owner", "project"} else 0.4)
            path = path.replace(argument, real.get(name, "1") if keeps else self.values.part() or "x", 1)
        pairs = [
            f"{self.values.random.choice(QUERY)}={self.values.part()}" for _n in range(self.values.random.randrange(3))
        ]
        return path + ("?" + "&".join(pairs) if pairs else "")

    def _body(self, method: str) -> tuple[bytes, str]:
        if method in {"GET", "HEAD", "OPTIONS", "DELETE"}:
            return b"", ""
        media = self.values.random.choice(MEDIA)
        if "form-urlencoded" in media:
            chosen = self.values.random.sample(FIELDS, 6)
            pairs = [f"csrf_token={self.csrf}", *(f"{name}={self.values.part()}" for name in chosen)]
            return "&".join(pairs).encode(), media
        if "boundary" in media:
            lines = [
                ("csrf_token", self.csrf),
                *((name, self.values.text()) for name in self.values.random.sample(FIELDS, 4)),
            ]
            parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in lines]
            return ("".join(parts) + "--x--\r\n").encode(), media
        return self.values.json(self.names), media

    def _check_description(self, rule: Rule, method: str, answer: TestResponse, described: str) -> None:
        """The API names the statuses that it gives."""
        template = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        told = self.document["paths"].get(template, {}).get(method.lower())
        if told and answer.mimetype == "application/problem+json" and answer.status_code not in {405, 503}:
            assert str(answer.status_code) in told["responses"], (answer.text, described)


@pytest.fixture
def attack(app: Flask, alice: Account, signed_in: SignIn) -> Attack:
    """Requests to a project of Alice's, in a fixed order."""
    made = Attack(app, signed_in(alice), create_token(alice.id, "fuzz", ["read", "write"]))
    made.begin(SEED)
    return made


def test_no_request_is_answered_by_a_500(attack: Attack) -> None:
    for _number in range(REQUESTS):
        attack.send()


@pytest.mark.long
def test_no_file_makes_its_page_a_500(attack: Attack) -> None:
    show(attack, ENDINGS[:FILES])


@pytest.mark.long
def test_no_request_and_no_file_is_answered_by_a_500_for_long(attack: Attack, pytestconfig: pytest.Config) -> None:
    ends_at = time.monotonic() + 60 * float(pytestconfig.getoption("--fuzz-minutes"))
    for seed in seeds(ends_at):
        attack.begin(seed)
        try:
            for _number in range(REQUESTS):
                attack.send()
            show(attack, ENDINGS)
        except AssertionError as found:
            raise AssertionError(f"with the seed {seed}") from found


def seeds(ends_at: float) -> Iterator[int]:
    """New ones until then, at least one."""
    first = time.time_ns()
    for number in count():
        if number and time.monotonic() > ends_at:
            return
        yield first + number


def show(attack: Attack, endings: list[str]) -> None:
    """Store a file of each ending, and look at its pages."""
    values = attack.values
    attack.make_project(f"files-{values.random.randrange(1 << 60)}")
    files = {
        f"{number}{values.random.choice(['', ' ', 'É'])}.{ending}": values.file(ending)
        for number, ending in enumerate(endings)
    }
    puts = [
        {"op": "put", "path": path.removesuffix("."), "content_base64": b64encode(content).decode()}
        for path, content in files.items()
    ]
    answer = attack.program.commit(f"alice/{attack.project}", *puts)
    assert answer.status_code == 201, answer.text
    pages = [f"{kind}/main/{path.removesuffix('.')}" for path in files for kind in ("blob", "raw", "blame")]
    for page in [
        *pages,
        *(f"{page}?plain=1" for page in pages),
        f"commit/{answer.json['sha']}",
        "",
        "archive/main.zip",
    ]:
        shown = attack.visitor.get(f"/alice/{attack.project}/{page}")
        shown.get_data()
        assert shown.status_code < 500, page
