"""Below /api every refusal is a problem, and nothing of the pages shines through."""

import pytest

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.api.program import Program
from tests.cast import SignIn


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/projects/alice", 404),
        ("GET", "/projects/alice/website/nothing", 404),
        ("GET", "/tokens/x", 404),
        ("GET", "", 404),
        ("GET", "/settings", 404),
        ("POST", "/upload", 404),
        ("POST", "/settings/trash", 404),
        ("GET", ".git/info/refs", 404),
        ("POST", "/user", 405),
        ("PUT", "/projects", 405),
        ("DELETE", "/projects/alice/website/refs", 405),
    ],
)
def test_an_unknown_call_is_a_problem(program: Program, method: str, path: str, status: int) -> None:
    answer = program.call(method, path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert (answer.json["status"], answer.json["type"]) == (status, "about:blank")
    assert ("Allow" in answer.headers) == (status == 405)


def test_pages_below_api_take_no_cookie_either(signed_in: SignIn, alice: Account, website: ProjectAccess) -> None:
    visitor = signed_in(alice)
    for path in ("/api/v1", "/api/v1/settings", "/api/v1/activity", "/api/v1/commits", "/api/alice/website"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_other_sites_may_not_call(program: Program) -> None:
    answer = program.get("/user", headers={"Origin": "https://example.org"})
    assert not [name for name in answer.headers if name[0].startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/projects", "/projects/alice/website/commits"])
def test_a_number_of_many_digits_is_refused(program: Program, website: ProjectAccess, path: str) -> None:
    answer = program.call("POST", path, data='{"name": ' + "9" * 5_000 + "}", content_type="application/json")
    assert answer.status_code == 400
    assert "too many digits" in answer.json["detail"]
