"""Every address below a private project, of pages, files, git, Git LFS and the API, tells a stranger nothing."""

import base64
import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.projects.core.access import ProjectAccess
from tests.cast import SAME_REQUEST, SignIn, Visitor, csrf_token
from tests.uploads.conftest import store_files

ARGUMENTS = {"place": "main/a.txt", "ref": "main", "branch": "main", "spec": "main...main", "oid": "a" * 64}


@pytest.mark.parametrize("who", ["nobody", "charlie in a browser", "charlie by a token", "charlie by git"])
def test_every_address_answers_for_a_private_project_as_for_a_missing_one(
    app: Flask, alice: Account, charlie: Account, secret: ProjectAccess, signed_in: SignIn, who: str
) -> None:
    sha = store_files(secret, alice, {"a.txt": b"1"})
    token = create_token(charlie.id, "any", ["read", "write"])
    basic = base64.b64encode(f"charlie:{token}".encode()).decode()
    headers = {"charlie by a token": f"Bearer {token}", "charlie by git": f"Basic {basic}"}
    stranger = signed_in(charlie) if who == "charlie in a browser" else Visitor(app)
    form_token = csrf_token(stranger.get("/new" if who == "charlie in a browser" else "/login").text)
    rules = [rule for rule in app.url_map.iter_rules() if "project" in rule.arguments]
    assert len(rules) > 60
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            given = {**_body(rule, method, form_token), "headers": _headers(headers.get(who), form_token)}
            private, missing = (_answer(stranger, rule, method, name, sha, given) for name in ("secret", "absent"))
            assert private == missing, f"{method} {rule.rule}"
            assert private[0] >= 300, f"{method} {rule.rule}"


def _answer(stranger: Visitor, rule: Rule, method: str, name: str, sha: str, given: dict[str, Any]) -> tuple[Any, ...]:
    """Status, headers and body, without the project's name and what is of this one answer."""
    arguments = {**ARGUMENTS, "owner": "alice", "project": name, "sha": sha, "version": sha}
    address = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: arguments.get(found[1], "1"), rule.rule)
    answer = stranger.client.open(address, method=method, **given)
    headers = {key: value.replace(name, "") for key, value in answer.headers.items() if key != "Set-Cookie"}
    return answer.status_code, headers, answer.text.replace(name, "")


def _headers(authorization: str | None, form_token: str) -> dict[str, str]:
    return {**SAME_REQUEST, "X-CSRFToken": form_token, **({"Authorization": authorization} if authorization else {})}


def _body(rule: Rule, method: str, form_token: str) -> dict[str, Any]:
    """What gets a request past everything that looks at its form before the project is looked for."""
    service = rule.rule.rpartition("/")[2]
    if method in {"GET", "HEAD"}:
        return {}
    if rule.endpoint.startswith("git."):
        return {"data": b"0000", "content_type": f"application/x-{service}-request"}
    if rule.endpoint.startswith("lfs."):
        return {"data": b'{"operation": "download", "objects": []}', "content_type": "application/vnd.git-lfs+json"}
    if rule.endpoint.startswith("api.") or rule.endpoint == "uploads.preflight":
        return {"json": {"files": []}}
    return {"data": {"csrf_token": form_token}}
