"""Rules of branches: what they allow, who sets them, and that the log keeps them."""

import pytest

from framework.accounts.core.account import Account
from framework.database.session import read_transaction
from framework.projects.branches.protection import Protection, RefProtected, Rule, protection_of
from framework.projects.branches.rules import MOST_RULES, set_branch_rule
from framework.projects.core.access import ProjectAccess, RoleTooLow
from framework.projects.lifecycle.adoption import restore_recorded_project
from framework.repositories.models import Repository
from framework.repositories.write.creation import change_about
from tests.cast import SignIn

OPEN = {"force_push": True, "deletion": True}


@pytest.mark.parametrize(
    ("rules", "branch", "force_push", "deletion"),
    [
        ([], "main", False, False),
        ([], "side", True, True),
        ([Rule("side")], "side", False, False),
        ([Rule("side")], "Side", True, True),
        ([Rule("release/*")], "release/1/x", False, False),
        ([Rule("release/*")], "release", True, True),
        ([Rule("v?")], "v1", False, False),
        ([Rule("v?")], "v10", True, True),
        ([Rule("*", **OPEN)], "main", False, False),
        ([Rule("main", **OPEN)], "main", True, False),
        ([Rule("main", **OPEN), Rule("*")], "main", True, False),
        ([Rule("*", **OPEN), Rule("s*", deletion=True)], "side", False, True),
        ([Rule("side", **OPEN), Rule("*")], "side", True, True),
    ],
)
def test_what_a_branch_allows(rules: list[Rule], branch: str, force_push: bool, deletion: bool) -> None:
    assert Protection("main", tuple(rules)).of(branch) == Rule(branch, force_push, deletion)


@pytest.mark.parametrize(
    ("rules", "name", "force_push", "deletion"),
    [
        ([], "refs/tags/v1", False, False),
        ([Rule("*", **OPEN)], "refs/tags/v1", False, False),
        ([Rule("refs/tags/*", **OPEN)], "refs/tags/v1", True, True),
        ([Rule("refs/tags/*", **OPEN), Rule("refs/tags/v*")], "refs/tags/v1", False, False),
        ([Rule("refs/tags/v*"), Rule("refs/tags/v1", deletion=True)], "refs/tags/v1", False, True),
        ([], "refs/notes/commits", True, True),
        ([Rule("refs/notes/*")], "refs/notes/commits", False, False),
    ],
)
def test_what_a_tag_allows(rules: list[Rule], name: str, force_push: bool, deletion: bool) -> None:
    assert Protection("main", tuple(rules)).of_ref(name) == Rule(name, force_push, deletion)


def test_a_refusal_names_what_is_protected() -> None:
    protection = Protection("main", ())
    with pytest.raises(RefProtected, match="v1 is a protected tag: it may have been cited"):
        protection.refuse_moving_tag("refs/tags/v1")
    with pytest.raises(RefProtected, match="main is a protected branch: the default branch cannot be deleted"):
        protection.refuse_deletion("refs/heads/main")


def test_an_owner_frees_tags(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    visitor, page = signed_in(alice), f"{website.path}/settings/branches"
    assert "cannot be moved or deleted" in visitor.get(page).text
    assert visitor.submit(page, kind="tag", pattern="nightly/*", force_push="y").location == page
    assert protection_of(website.id).rules == (Rule("refs/tags/nightly/*", force_push=True),)
    assert "Can be moved, not deleted" in visitor.get(page).text


def test_an_owner_sets_and_removes_a_rule(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    visitor, page = signed_in(alice), f"{website.path}/settings/branches"
    assert "Protected: cannot be rewritten or deleted" in visitor.get(page).text
    assert visitor.submit(page, pattern=" refs/heads/release/* ", force_push="y").location == page
    assert protection_of(website.id).rules == (Rule("release/*", force_push=True),)
    assert "Can be rewritten, not deleted" in visitor.get(page).text
    visitor.submit(page, pattern="release/*", deletion="y")
    assert protection_of(website.id).rules == (Rule("release/*", deletion=True),)
    visitor.submit(page, to=f"{page}/remove", pattern="release/*")
    assert protection_of(website.id).rules == ()
    assert visitor.submit(page, to=f"{page}/remove", pattern="release/*").status_code == 404


@pytest.mark.parametrize(
    "pattern", ["", " ", "a b", "..", "-x", "[ab]", "x.lock", "a" * 201, "a\x00", "\U0001f41b" * 80]
)
def test_a_bad_pattern_is_refused(alice: Account, website: ProjectAccess, signed_in: SignIn, pattern: str) -> None:
    answer = signed_in(alice).submit(f"{website.path}/settings/branches", pattern=pattern)
    assert answer.status_code == 400
    assert 'id="pattern-error"' in answer.text
    assert protection_of(website.id).rules == ()


def test_a_project_has_only_so_many_rules(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    for number in range(MOST_RULES):
        set_branch_rule(alice, website, Rule(f"b{number}"))
    page = f"{website.path}/settings/branches"
    assert "100 rules at most" in signed_in(alice).submit(page, pattern="one-more").text
    assert signed_in(alice).submit(page, pattern="b1", deletion="y").status_code == 302


def test_only_owners_set_rules(bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    assert signed_in(bob).get(f"{shared.path}/settings/branches").status_code == 403
    with pytest.raises(RoleTooLow):
        set_branch_rule(bob, shared, Rule("main", **OPEN))
    assert protection_of(shared.id).rules == ()


def test_the_log_keeps_the_rules(alice: Account, website: ProjectAccess) -> None:
    set_branch_rule(alice, website, Rule("release/*", deletion=True))
    with read_transaction() as session:
        told = session.get_one(Repository, website.repository_id).about
    set_branch_rule(alice, website, Rule("main", **OPEN))
    change_about(
        website.repository_id,
        lambda session: restore_recorded_project(session, website.repository_id, told),
        actor="alice",
    )
    assert protection_of(website.id).rules == (Rule("release/*", deletion=True),)


def test_a_log_that_knew_no_rules_is_understood(alice: Account, website: ProjectAccess) -> None:
    with read_transaction() as session:
        told = dict(session.get_one(Repository, website.repository_id).about)
    del told["branch_rules"]
    change_about(
        website.repository_id,
        lambda session: restore_recorded_project(session, website.repository_id, told),
        actor="alice",
    )
    assert protection_of(website.id).rules == ()
