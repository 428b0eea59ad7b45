"""A program that calls the API, and holds every answer against what the API says of itself."""

import base64
from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.api import openapi
from framework.repositories.write import branch_writer
from framework.repositories.write.pack_upload import put_all
from tests.cast import PASSWORD

ROOT = "/api/v1"
PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Reply(TestResponse):
    """An answer, whose document may be any."""

    json: Any


class Program:
    """Calls with a token, a password or nothing; `headers` go with every call."""

    def __init__(self, app: Flask, headers: dict[str, str] | None = None) -> None:
        self.app = app
        self.headers = headers or {}

    @classmethod
    def of(cls, app: Flask, account: Account, *scopes: str) -> "Program":
        """A program with a token of this account, which may do everything unless scopes are given."""
        token = create_token(account.id, "program", list(scopes or ("admin",)))
        return cls(app, {"Authorization": f"Bearer {token}"})

    @classmethod
    def with_password(cls, app: Flask, name: str, password: str = PASSWORD) -> "Program":
        """A program that sends user name and password."""
        credentials = base64.b64encode(f"{name}:{password}".encode()).decode()
        return cls(app, {"Authorization": f"Basic {credentials}"})

    @cached_property
    def document(self) -> dict[str, Any]:
        """What the API says of itself."""
        with self.app.test_request_context():
            return openapi.document(self.app)

    def get(self, path: str, **given: Any) -> Reply:
        """Read."""
        return self.call("GET", path, **given)

    def post(self, path: str, body: object, **given: Any) -> Reply:
        """Create."""
        return self.call("POST", path, json=body, **given)

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any) -> Reply:
        """One call; its answer is checked against the description."""
        client = self.app.test_client()
        answer = cast(
            "Reply", client.open(ROOT + path, method=method, headers={**self.headers, **(headers or {})}, **given)
        )
        assert "Set-Cookie" not in answer.headers
        self._check(method, path, answer)
        return answer

    def commit(self, project: str, *operations: object, **members: Any) -> Reply:
        """Commit to a project; headers are given as `headers`."""
        headers = members.pop("headers", {})
        body = {"branch": "main", "message": "A change", "operations": operations, **members}
        return self.post(f"/projects/{project}/commits", body, headers=headers)

    def put(self, project: str, **files: str) -> str:
        """Commit files of these texts, whose names write a dot as two underscores; the commit's id."""
        puts = [{"op": "put", "path": name.replace("__", "."), "content": text} for name, text in files.items()]
        answer = self.commit(project, *puts)
        assert answer.status_code == 201, answer.text
        return str(answer.json["sha"])

    def _check(self, method: str, path: str, answer: Reply) -> None:
        template = self._template(method, path)
        if template is None:
            assert answer.status_code in {404, 405}
            self._check_document(answer, PROBLEM, "application/problem+json")
            return
        responses = self.document["paths"][template][method.lower()]["responses"]
        status = str(answer.status_code)
        assert set(responses.get(status, {}).get("headers", {})) <= set(answer.headers.keys())
        assert status in responses or status[0] == "5", f"{method} {template} may not answer {status}: {answer.text}"
        told = responses.get(status, responses["5XX"]).get("content")
        if told is None or method == "HEAD":
            assert answer.data == b""
        elif "*/*" not in told:
            ((media, content),) = told.items()
            self._check_document(answer, content["schema"], media)

    def _check_document(self, answer: Reply, schema: dict[str, Any], media: str) -> None:
        assert answer.mimetype == media
        OAS31Validator({**schema, "components": self.document["components"]}).validate(answer.json)

    def _template(self, method: str, path: str) -> str | None:
        """The path of the description that this call belongs to."""
        addresses = self.app.url_map.bind("localhost")
        try:
            rule, _arguments = addresses.match(ROOT + path.partition("?")[0], method, return_rule=True)
        except HTTPException:
            return None
        template = openapi.template(rule)
        return template if template in self.document["paths"] else None


def before_the_next_commit(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[str]:
    """Have `act` run once, when the next commit is built and about to be sent; a list that then is not empty."""
    done: list[str] = []

    def first(*given: Any, **named: Any) -> None:
        if not done:
            done.append("done")
            act()
        put_all(*given, **named)

    monkeypatch.setattr(branch_writer, "put_all", first)
    return done
