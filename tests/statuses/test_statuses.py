"""What programs say about commits: by whom, within which bounds, and who sees it."""

import re

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.database.session import read_transaction
from framework.links.owning import make_view_link
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members.people import add_person
from framework.statuses.operations import MOST_CONTEXTS, InvalidStatus, StatusText, TooManyContexts, set_status
from framework.statuses.reading import CombinedStatus, Status, read_of_commits
from tests.api.program import Program
from tests.cast import SignIn, Visitor, on_each_deployment
from tests.links.conftest import path_of
from tests.statements import noted_statements
from tests.uploads.conftest import store_files

PAGE = "/alice/secret"


@pytest.fixture
def sha(alice: Account, secret: ProjectAccess) -> str:
    """A commit in Alice's private project."""
    return store_files(secret, alice, {"a.txt": b"1"})


def say(alice: Account, sha: str, state: str, context: str = "tests", **more: str) -> Status:
    """Have Alice's program say this about the commit."""
    return set_status(alice, project_for(alice, "alice", "secret"), sha, StatusText(state, context, **more))


def combined(access: ProjectAccess, sha: str) -> CombinedStatus:
    """Everything that was said about the commit."""
    with read_transaction() as session:
        return read_of_commits(session, {(access.id, sha)})[access.id].get(sha, CombinedStatus())


@on_each_deployment
def test_the_newest_of_each_context_counts(alice: Account, secret: ProjectAccess, sha: str) -> None:
    assert combined(secret, sha).state == "pending"
    say(alice, sha, "failure")
    say(alice, sha, "success", "style")
    assert (combined(secret, sha).state, combined(secret, sha).sentence) == ("failure", "1 of 2 checks passed")
    say(alice, sha, "success", description="All 12 passed")
    told = combined(secret, sha)
    assert (told.state, [status.context for status in told.statuses]) == ("success", ["style", "tests"])
    say(alice, sha, "error", "build")
    assert combined(secret, sha).state == "failure"


def test_a_commit_has_statuses_of_so_many_contexts(alice: Account, secret: ProjectAccess, sha: str) -> None:
    for number in range(MOST_CONTEXTS):
        say(alice, sha, "success", f"part {number}")
    with pytest.raises(TooManyContexts):
        say(alice, sha, "success", "one more")
    assert say(alice, sha, "failure", "part 0").state == "failure"


@pytest.mark.parametrize(
    "told",
    [
        StatusText("fine"),
        StatusText("success", " "),
        StatusText("success", "a\nb"),
        StatusText("success", "x" * 101),
        StatusText("success", description="x" * 201),
        StatusText("success", target_url="javascript:alert(1)"),
        StatusText("success", target_url="https://ann:secret@example.org/"),
        StatusText("success", target_url="https://example.org/" + "x" * 500),
    ],
)
def test_it_refuses_what_is_no_status(alice: Account, secret: ProjectAccess, sha: str, told: StatusText) -> None:
    with pytest.raises(InvalidStatus):
        set_status(alice, secret, sha, told)


def test_programs_say_and_read_it(app: Flask, alice: Account, bob: Account, secret: ProjectAccess, sha: str) -> None:
    program, bobs = Program.of(app, alice), Program.of(app, bob)
    calls = f"/projects{PAGE}/commits/{sha}"
    body = {"state": "success", "context": "tests", "target_url": "https://ci.example.org/1"}
    made = program.post(f"{calls}/statuses", body)
    assert (made.status_code, made.json["creator"], made.json["sha"]) == (201, "alice", sha)
    assert program.get(f"{calls}/statuses").json == [made.json]
    together = program.get(f"{calls}/status").json
    assert (together["state"], together["total_count"]) == ("success", 1)
    assert program.post(f"{calls}/statuses", {"state": "green"}).status_code == 400
    assert program.post(f"/projects{PAGE}/commits/{'1' * 40}/statuses", body).status_code == 404
    assert Program.of(app, alice, "read").post(f"{calls}/statuses", body).status_code == 403
    assert bobs.get(f"{calls}/statuses").status_code == 404
    add_person(alice, secret, person="bob", role="reader")
    assert bobs.get(f"{calls}/statuses").json == [made.json]
    assert bobs.post(f"{calls}/statuses", body).status_code == 403


def test_pages_show_it_at_once_and_without_a_statement_where_there_is_none(
    alice: Account, sha: str, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    pages = [PAGE, f"{PAGE}/commits/main", f"{PAGE}/commit/{sha}", f"{PAGE}/blob/main/a.txt"]
    with noted_statements() as statements:
        assert not any("status-" in browser.get(page).text for page in pages)
    assert not any("commit_statuses" in statement for statement in statements)
    for state in ("failure", "success"):
        say(alice, sha, state, description="<b>12</b> tests", target_url="https://ci.example.org/1")
        shown = [browser.get(page).text for page in pages]
        assert all(f"status-{state}" in text for text in shown)
    assert "&lt;b&gt;12&lt;/b&gt; tests" in shown[2]
    assert re.search(r'href="https://ci.example.org/1" rel="nofollow noopener noreferrer"', shown[2])


def test_a_page_of_history_asks_once(alice: Account, secret: ProjectAccess, sha: str, signed_in: SignIn) -> None:
    shas = [sha, *(store_files(secret, alice, {"a.txt": bytes([65 + number])}) for number in range(3))]
    for each in shas:
        say(alice, each, "pending")
    browser = signed_in(alice)
    with noted_statements() as statements:
        shown = browser.get(f"{PAGE}/commits/main").text
    assert shown.count("status-pending") == len(shas)
    assert sum("FROM commit_statuses" in statement for statement in statements) == 1


def test_an_anonymous_link_shows_none(app: Flask, alice: Account, secret: ProjectAccess, sha: str) -> None:
    say(alice, sha, "success", description="by alice")
    for anonymous in (True, False):
        looker = Visitor(app)
        looker.get(path_of(make_view_link(alice, secret, title="", expires_at=None, anonymous=anonymous)))
        shown = looker.client.get(f"{PAGE}/commit/{sha}", follow_redirects=True).text
        assert ("status-success" in shown) is not anonymous
