"""For everybody but administrators there is nothing at the addresses of administration."""

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import set_admin, suspend
from framework.accounts.signin.tokens import create_token
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from tests.access.test_matrix import told
from tests.api.program import ROOT, Program
from tests.cast import SAME_REQUEST, SignIn, new_account

PATHS = ("people", "people/invitations", "people/alice/suspend", "projects/1", "plans", "audit")


def bearer(account: Account, scope: str = "admin", repository_id: str | None = None) -> dict[str, str]:
    """The header with a new token."""
    token = create_token(account.id, "program", [scope], repository_id=repository_id)
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", PATHS)
def test_everybody_else_is_answered_as_where_no_route_is(
    app: Flask, ada: Account, alice: Account, secret: ProjectAccess, path: str
) -> None:
    new_account("eve", admin=True)
    adas = create_project(ada, name="adas", description="", visibility="private")
    callers = [
        {},
        {"Authorization": "Bearer wrong"},
        Program.with_password(app, "ada").headers,
        bearer(alice),
        bearer(ada, "write"),
        bearer(ada, repository_id=adas.repository_id),
    ]
    client, method = app.test_client(), "POST" if path.endswith("suspend") else "GET"
    for headers in callers:
        sent = {**SAME_REQUEST, **headers}
        asked, missing = (
            client.open(f"{ROOT}/{place}/{path}", method=method, headers=sent, data="no JSON")
            for place in ("admin", "missing")
        )
        assert (asked.status_code, told(asked, "")) == (404, told(missing, ""))


def test_rights_end_at_once(admins: Program, ada: Account) -> None:
    new_account("eve", admin=True)
    assert admins.get("/admin/plans").status_code == 200
    suspend("ada")
    assert admins.get("/admin/plans").status_code == 404
    set_admin("ada", admin=False, force=True)
    assert admins.get("/admin/plans").status_code == 404


def test_a_browser_that_is_signed_in_is_nobody(ada: Account, signed_in: SignIn) -> None:
    assert signed_in(ada).get("/api/v1/admin/people").status_code == 404


def test_a_program_that_reads_pages_is_told_no_more(app: Flask, alice: Account, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    asked = {**SAME_REQUEST, "Accept": "application/json"}
    answers = [visitor.get(path, **asked) for path in ("/admin/people", "/admin/missing/page/x")]
    assert told(answers[0], "") == told(answers[1], "")
