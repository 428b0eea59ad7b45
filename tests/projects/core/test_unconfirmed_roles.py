"""Whoever has not confirmed an address sees their own projects and public ones; roles that others gave count later."""

from collections.abc import Callable

import pytest
from flask import Flask

from framework.accounts.core.account import Account, read_account
from framework.accounts.lifecycle.signup import AddressUnconfirmed
from framework.accounts.models import User
from framework.config import Config
from framework.courses.access import AssignmentNotFound, course_for
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.groups.access import GroupNotFound, group_for
from framework.groups.operations import create_group, list_groups_of
from framework.groups.people import add_person as add_to_group
from framework.profiles.editing import save_profile_text
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for, recheck
from framework.projects.core.creators import NoMember, find_creating_owner, list_creating_owners
from framework.projects.core.queries import list_projects_of, names_of, search
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.projects.notify.inbox import read_inbox
from framework.projects.notify.preferences import choices_of
from framework.webhooks.operations import WebhookText, change_webhook, create_webhook
from framework.webhooks.places import Place
from tests.api.program import Program
from tests.cast import SignIn, new_account, on_each_deployment_in_full
from tests.uploads.conftest import store_files

pytestmark = on_each_deployment_in_full


@pytest.fixture
def anna(app: Flask, alice: Account, secret: ProjectAccess, with_settings: Callable[..., Config]) -> Account:
    """Somebody without a confirmed address, whom Alice has let into a project and a group; mail is sent."""
    with_settings(smtp_url="smtp://mail.example")
    made = new_account("anna", confirmed=False)
    add_person(alice, secret, person="anna", role="owner")
    add_to_group(alice, create_group(alice, name="lab"), person="anna", role="owner")
    create_project(alice, name="notes", description="", visibility="private", owner="lab")
    create_project(made, name="mine", description="", visibility="private")
    store_files(secret, alice, {"a.txt": b"1"})
    return made


def test_what_others_share_is_missing(
    app: Flask, anna: Account, secret: ProjectAccess, website: ProjectAccess, signed_in: SignIn
) -> None:
    for owner, name in (("alice", "secret"), ("lab", "notes")):
        with pytest.raises(ProjectNotFound):
            project_for(anna, owner, name)
    with transaction() as session, pytest.raises(ProjectNotFound):
        recheck(session, secret.id, anna, "reader")
    with pytest.raises(GroupNotFound):
        group_for(anna, "lab", "participant")
    with pytest.raises(AssignmentNotFound):
        course_for(anna, "lab")
    with transaction() as session, pytest.raises(NoMember):
        find_creating_owner(session, anna, "lab")
    assert Program.of(app, anna).get("/projects/alice/secret").status_code == 404
    page = signed_in(anna).get("/").text
    assert "alice/secret" not in page
    assert "Your e-mail address is not confirmed yet" in page


def test_lists_have_their_own_and_what_is_public(anna: Account, website: ProjectAccess) -> None:
    assert [each.full_name for each in list_projects_of(anna).projects] == ["anna/mine"]
    assert {each.full_name for each in search(anna).projects} == {"anna/mine", "alice/website"}
    assert list(names_of(anna).values()) == ["anna/mine"]
    assert [choice.full_name for choice in choices_of(anna)[1]] == ["anna/mine"]
    assert list_creating_owners(anna) == ["anna"]
    assert list_groups_of(anna) == []
    assert {item.event.project for item in read_inbox(anna)} <= {"mine"}


def test_roles_count_from_the_confirmation_on(anna: Account) -> None:
    with transaction() as session:
        session.get_one(User, anna.id).email_verified_at = now()
    with read_transaction() as session:
        confirmed = read_account(session, anna.id)
    assert project_for(confirmed, "alice", "secret").role == "owner"
    assert group_for(confirmed, "lab").role == "owner"
    assert len(list_projects_of(confirmed).projects) == 3


def test_they_count_at_once_where_no_mail_is_sent(anna: Account, with_settings: Callable[..., Config]) -> None:
    with_settings(smtp_url=None)
    assert project_for(anna, "alice", "secret").role == "owner"


def test_whoever_cannot_be_reached_says_nothing_to_everyone(
    anna: Account, with_settings: Callable[..., Config]
) -> None:
    with pytest.raises(AddressUnconfirmed):
        save_profile_text(anna, None, about="Buy here")
    with pytest.raises(AddressUnconfirmed):
        create_group(anna, name="other")
    with_settings(smtp_url=None)
    assert save_profile_text(anna, None, about="I dig.").about == "I dig."
    assert create_group(anna, name="other").role == "owner"


def test_whoever_cannot_be_reached_has_nothing_sent_to_servers(app: Flask, anna: Account) -> None:
    place = Place(project_for(anna, "anna", "mine"))
    with pytest.raises(AddressUnconfirmed):
        create_webhook(anna, place, WebhookText("https://8.8.8.8/hooks"))
    with transaction() as session:
        session.get_one(User, anna.id).email_verified_at = now()
    number, _secret = create_webhook(anna, place, WebhookText("https://8.8.8.8/hooks"))
    with transaction() as session:
        session.get_one(User, anna.id).email_verified_at = None
    with pytest.raises(AddressUnconfirmed):
        change_webhook(anna, place, number, WebhookText("https://9.9.9.9/hooks"))
