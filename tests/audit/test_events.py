"""What the audit log tells of: signing in, tokens, permissions, plans, visibility, deletion, suspension."""

from typing import Any

import pytest
from flask import Flask

from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.accounts.core.budgets import Limit
from framework.accounts.core.plans import Plan
from framework.accounts.lifecycle import administration, operations, plan_editing
from framework.accounts.signin import tokens
from framework.audit.reading import AuditQuery, Told, read_entries
from framework.links.owning import make_view_link, revoke_link
from framework.projects.branches import rules
from framework.projects.branches.protection import Rule
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.deletion import delete_from_trash
from framework.projects.lifecycle.leaving import delete_person, hand_over
from framework.projects.lifecycle.operations import restore_for_owner, trash_project, update_project
from framework.projects.lifecycle.transfers import accept_offer, offer_project
from framework.projects.members.people import add_people
from framework.projects.members.roles import change_role, leave, remove_person, save_roles
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail, new_account, on_each_deployment


def told(*kinds: str) -> list[Told]:
    """The entries of these kinds, the oldest first."""
    return [entry for entry in reversed(read_entries(AuditQuery()).entries) if entry.kind in kinds]


def facts(entry: Told) -> tuple[Any, ...]:
    """Who did what to whom, and in which project."""
    return entry.kind, entry.actor, entry.person, entry.project


def test_signing_in_is_told_with_where_from(alice: Account, signed_in: SignIn) -> None:
    signed_in(alice)
    [entry] = told("sign_in")
    assert facts(entry) == ("sign_in", "alice", "alice", None)
    assert entry.address == "127.0.0.1"


@pytest.mark.parametrize(("login", "person"), [("alice", "alice"), ("nobody-of-this-name", None)])
def test_a_failed_attempt_is_told_without_what_was_typed(
    alice: Account, visitor: Visitor, login: str, person: str | None
) -> None:
    assert visitor.submit("/login", username=login, password="wrong password").status_code == 400
    [entry] = told("sign_in_failed")
    assert facts(entry) == ("sign_in_failed", None, person, None)
    assert (entry.details, entry.address) == ({}, "127.0.0.1")


@pytest.mark.parametrize(("key", "address"), [("audited", "10.0.0.1"), ("audited-anywhere", "10.0.0.{}")])
def test_strangers_write_only_so_many_entries(
    alice: Account, monkeypatch: pytest.MonkeyPatch, key: str, address: str
) -> None:
    window = budgets.LIMITS[key].window
    monkeypatch.setitem(budgets.LIMITS, key, Limit(2, window, "attempts"))
    for number in range(4):
        with pytest.raises(operations.WrongLogin):
            operations.authenticate("alice", "wrong password", address=address.format(number))
    assert len(told("sign_in_failed")) == 2


def test_tokens_and_passwords_are_told_without_their_text(alice: Account) -> None:
    text = tokens.create_token(alice.id, "laptop", ["write"])
    [token] = tokens.tokens_of(alice.id)
    tokens.revoke_token(alice.id, token.id)
    operations.change_password(alice.id, current=PASSWORD, new="another good one")
    administration.replace_password("alice", "yet another good one")
    entries = told("token_created", "token_deleted", "password_changed")
    assert [(entry.kind, entry.actor, entry.details) for entry in entries] == [
        ("token_created", "alice", {"name": "laptop", "scopes": "read write"}),
        ("token_deleted", "alice", {"name": "laptop"}),
        ("password_changed", "alice", {}),
        ("password_changed", None, {}),
    ]
    assert text not in str(entries)


@on_each_deployment
def test_permissions_are_told(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    new_account("carla")
    add_people(alice, secret, people=["bob", "carla@example.org"], role="writer")
    change_role(alice, secret, person_id=bob.id, role="reader")
    remove_person(alice, secret, person_id=bob.id)
    rules.set_branch_rule(alice, secret, Rule("main", force_push=True, deletion=False))
    entries = told("person_added", "person_changed", "person_removed", "branch_rule")
    assert [facts(entry) for entry in entries] == [
        ("person_added", "alice", "bob", "alice/secret"),
        ("person_added", "alice", "carla", "alice/secret"),
        ("person_changed", "alice", "bob", "alice/secret"),
        ("person_removed", "alice", "bob", "alice/secret"),
        ("branch_rule", "alice", None, "alice/secret"),
    ]
    assert [entry.details["role"] for entry in entries[:3]] == ["writer", "writer", "reader"]
    assert "bob" in entries[0].details["who"]
    assert "carla" not in entries[0].details["who"] + entries[1].details["who"]
    assert entries[2].details == {"role": "reader", "who": "bob"}


def test_each_of_several_whose_role_changes_is_told(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    carla, dora = new_account("carla"), new_account("dora")
    add_people(alice, secret, people=["bob", "carla@example.org", "dora"], role="reader")
    save_roles(alice, secret, {bob.id: "writer", carla.id: "writer", dora.id: "owner"})
    entries = told("person_changed")
    assert [(entry.person, entry.details["role"], entry.details["who"]) for entry in entries] == [
        ("bob", "writer", "bob and somebody by e-mail"),
        ("carla", "writer", "one of several"),
        ("dora", "owner", "dora"),
    ]


@on_each_deployment
def test_whoever_leaves_or_takes_a_project_over_is_told(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    new_account("carla")
    add_people(alice, secret, people=["bob@example.org"], role="reader")
    leave(bob, project_for(bob, "alice", "secret"))
    accept_offer(bob, offer_project(alice, secret, to="bob").id)
    hand_over(secret.id, "carla")
    assert [facts(entry) for entry in told("person_left", "handed_over")] == [
        ("person_left", "bob", "bob", "alice/secret"),
        ("handed_over", "alice", "bob", "bob/secret"),
        ("handed_over", None, "carla", "carla/secret"),
    ]


def test_links_are_told_without_their_secret(alice: Account, secret: ProjectAccess) -> None:
    made = make_view_link(alice, secret, title="For the reviewers", expires_at=None, anonymous=True)
    revoke_link(alice, secret, made.id)
    entries = told("link_made", "link_revoked")
    assert [facts(entry) for entry in entries] == [
        ("link_made", "alice", None, "alice/secret"),
        ("link_revoked", "alice", None, "alice/secret"),
    ]
    assert entries[0].details == {"link": "view", "title": "For the reviewers", "anonymous": True}
    assert made.url.rpartition("/")[2] not in str(entries)


@on_each_deployment
def test_visibility_and_deletion_are_told(ada: Account, alice: Account, secret: ProjectAccess) -> None:
    update_project(alice, secret, description="No other visibility", visibility="private")
    update_project(alice, secret, visibility="public")
    trash_project(alice, secret)
    restore_for_owner(secret.id, by=ada)
    trash_project(alice, secret)
    delete_from_trash(alice, secret, confirmation="secret")
    entries = told("visibility", "trashed", "restored", "deleted")
    assert [(entry.kind, entry.actor) for entry in entries] == [
        ("visibility", "alice"),
        ("trashed", "alice"),
        ("restored", "ada"),
        ("trashed", "alice"),
        ("deleted", "alice"),
    ]
    assert entries[0].details == {"visibility": "public"}
    assert {entry.project for entry in entries} == {"alice/secret"}


@on_each_deployment
def test_what_administrators_do_is_told(app: Flask, ada: Account, alice: Account) -> None:
    administration.suspend("alice", reason="Spam", by=ada)
    administration.suspend("alice", reason="Again", by=ada)
    administration.resume("alice", by=ada)
    administration.give_plan("alice", "unlimited", by=ada)
    plan_editing.edit_plan(Plan("free", private_projects=3), by=ada)
    administration.set_admin("alice", admin=True)
    delete_person("alice")
    kinds = ("suspended", "resumed", "plan_given", "plan_edited", "administrator", "account_deleted")
    entries = told(*kinds)
    assert [facts(entry)[:3] for entry in entries] == [
        ("suspended", "ada", "alice"),
        ("resumed", "ada", "alice"),
        ("plan_given", "ada", "alice"),
        ("plan_edited", "ada", None),
        ("administrator", None, "alice"),
        ("account_deleted", None, "alice"),
    ]
    assert entries[0].details == {"reason": "Spam"}
    assert entries[3].details["allows"]["private"] == 3


def test_what_others_complete_is_told_without_their_address(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_people(alice, secret, people=["new@university.example"], role="writer")
    invitation = link_in_mail("invitations")
    offer = offer_project(alice, secret, to="bob")
    bobs = signed_in(bob)
    bobs.submit(invitation)
    bobs.submit(offer.path)
    entries = told("person_added", "handed_over")
    assert [(entry.kind, entry.actor, entry.address) for entry in entries] == [
        ("person_added", "alice", None),
        ("handed_over", "alice", None),
    ]
