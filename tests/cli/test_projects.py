"""`flask projects …`: what is in the trash, and taking it out for an owner who is away."""

import re

from framework.accounts.core.account import Account
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project, trash_project
from tests.cli.conftest import Flasks


def test_a_project_leaves_the_trash_as_it_was(flask: Flasks, alice: Account, website: ProjectAccess) -> None:
    assert flask("projects", "trash").output == "The trash is empty.\n"
    trash_project(alice, website)
    moment, day = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", r"\d{4}-\d\d-\d\d"
    line = rf"alice/website: in the trash since {moment}, will be deleted for good on {day}\n"
    assert re.fullmatch(line, flask("projects", "trash").output)
    output = flask("projects", "restore", "Alice/Website").output
    assert output == ("alice/website is back, with its history, people and settings: http://localhost/alice/website\n")
    assert project_for(None, "alice", "website").visibility == "public"


def test_a_group_s_project_is_back_in_the_group(flask: Flasks, alice: Account) -> None:
    create_group(alice, name="lab")
    trash_project(alice, create_project(alice, name="data", description="", visibility="private", owner="lab"))
    assert flask("projects", "restore", "lab/data").output.startswith("lab/data is back")
    assert project_for(alice, "lab", "data").is_owner


def test_what_is_not_in_the_trash_is_refused(flask: Flasks, website: ProjectAccess) -> None:
    output = flask("projects", "restore", "alice/website", status=1).output
    assert output == "Error: alice/website is not in the trash. `flask projects trash` says what is.\n"
    assert "There is no project alice/nothing." in flask("projects", "restore", "alice/nothing", status=1).output


def test_a_project_is_given_to_nobody_who_cannot_sign_in(
    flask: Flasks, alice: Account, bob: Account, website: ProjectAccess
) -> None:
    trash_project(alice, website)
    flask("users", "suspend", "bob")
    before = flask("projects", "trash").output
    output = flask("projects", "restore", "alice/website", "--to", "bob", status=1).output
    assert output.startswith("Error: bob is suspended or deleted, so the project stays in the trash.")
    assert flask("projects", "trash").output == before, "it is still its owner's"


def test_a_project_of_somebody_who_was_deleted_is_back_under_the_name_of_who_gets_it(
    flask: Flasks, alice: Account, bob: Account, website: ProjectAccess
) -> None:
    trash_project(alice, website)
    flask("users", "delete", "alice", "--yes")
    name = flask("projects", "trash").output.partition(": ")[0]
    assert "is suspended or deleted" in flask("projects", "restore", name, status=1).output
    output = flask("projects", "restore", name, "--to", "bob").output
    assert output.startswith("bob/website is back, ")
