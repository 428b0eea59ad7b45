"""Groups after the database was lost: people, roles and projects come back from the store alone, and all is private."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import find_owner, find_user, update_profile
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction
from framework.groups import operations, people
from framework.groups.access import GroupAccess
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.core.description import recorded_group
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.lifecycle.leaving import hand_over
from framework.projects.lifecycle.operations import create_project, trash_project, update_project
from framework.projects.lifecycle.purging import purge
from framework.projects.tasks import refresh_about
from framework.repositories.models import Repository
from tests import moments
from tests.api.program import Program
from tests.cast import Visitor, asked_for
from tests.cli.conftest import Flasks, flask

__all__ = ["flask"]

Rebuild = Callable[[], None]
EVERYONE = {"alice": "owner", "bob": "member", "charlie": "participant"}


@pytest.fixture
def lab(alice: Account, bob: Account) -> GroupAccess:
    """A group that Alice owns with Bob."""
    lab = operations.create_group(alice, name="lab", title="Field Laboratory")
    people.add_person(alice, lab, person="bob", role="owner")
    return lab


@pytest.fixture
def rebuild(flask: Flasks) -> Rebuild:
    """The database is lost and made anew from the store, twice; what the journal waits for is told in between."""

    def run() -> None:
        for _ in range(2):
            moments.put_back(moments.NOTHING)
            flask("storage", "rebuild")
            run_tasks()

    return run


def run_tasks() -> None:
    """Tell the journal what waits to be told."""
    for (project_id,) in asked_for("framework.projects.tasks.refresh_about"):
        refresh_about(project_id)


def commit(app: Flask, account: Account, path: str) -> None:
    """One more file in the project."""
    body = {"branch": "main", "message": "m", "operations": [{"op": "put", "path": "a", "content": "1"}]}
    assert Program.of(app, account).post(f"/projects/{path}/commits", body).status_code == 201


def new_project(app: Flask, account: Account, name: str) -> ProjectAccess:
    """A project of the lab with one version."""
    create_project(account, name=name, description="", visibility="public", owner="lab")
    commit(app, account, f"lab/{name}")
    return project_for(account, "lab", name)


def change_people(alice: Account, bob: Account, charlie: Account, lab: GroupAccess) -> None:
    """Bob is no owner any more, and Charlie takes part in assignments."""
    people.change_role(alice, lab, person_id=bob.id, role="member")
    people.add_person(alice, lab, person="charlie@example.org", role="participant")


def roles() -> dict[str, str]:
    """What everyone is in the lab."""
    with read_transaction() as session:
        lab = find_owner(session, "lab")
        assert lab
        assert (lab.kind, lab.full_name) == ("group", "Field Laboratory")
        query = select(User.name, GroupMember.role).join(GroupMember, GroupMember.user_id == User.id)
        return dict(session.execute(query.where(GroupMember.group_id == lab.id)).all())


def account_of(name: str) -> Account:
    """Somebody who came back."""
    with read_transaction() as session:
        user = find_user(session, name)
        assert user
        return Account.of(user)


def check_doors(visitor: Visitor, path: str) -> None:
    """The project opens to the group's owners and members, and to nobody else."""
    owner, _, name = path.strip("/").partition("/")
    found = {person: project_for(account_of(person), owner, name).role for person in ("alice", "bob")}
    assert found == {"alice": "owner", "bob": "writer"}
    with pytest.raises(ProjectNotFound):
        project_for(account_of("charlie"), owner, name)
    assert visitor.get(path).status_code == 404


def test_everyone_comes_back_with_their_role(
    app: Flask,
    alice: Account,
    bob: Account,
    charlie: Account,
    lab: GroupAccess,
    rebuild: Rebuild,
    visitor: Visitor,
) -> None:
    create_project(alice, name="empty", description="", visibility="public", owner="lab")  # has no journal
    first = new_project(app, alice, "first")
    new_project(app, alice, "second")
    change_people(alice, bob, charlie, lab)
    purge(first.id, alice.id, "1" * 32)
    run_tasks()
    rebuild()
    assert roles() == EVERYONE
    check_doors(visitor, "/lab/first")
    check_doors(visitor, "/lab/second")


def test_one_project_tells_of_everyone_and_the_others_of_owners(
    app: Flask, alice: Account, bob: Account, charlie: Account, lab: GroupAccess
) -> None:
    told = []
    projects = [new_project(app, alice, name) for name in ("first", "second")]
    change_people(alice, bob, charlie, lab)
    for project in projects:
        assert refresh_about(project.id)
        with read_transaction() as session:
            group = recorded_group(session.get_one(Repository, project.repository_id).about)
        assert group
        told.append(([person["name"] for person in group["people"]], group["is_whole"]))
    assert told == [(["alice", "bob", "charlie"], True), (["alice"], False)]


def test_former_addresses_lead_on_and_a_name_that_is_used_is_no_former_one(
    app: Flask, alice: Account, charlie: Account, lab: GroupAccess, rebuild: Rebuild
) -> None:
    first = new_project(app, alice, "first")
    new_project(app, alice, "second")
    update_profile(charlie.id, name="charles", full_name="", email=charlie.email)
    hand_over(first.id, "charles")
    update_project(charlie, project_for(charlie, "charles", "first"), name="was", description="", visibility="private")
    hand_over(first.id, "alice")
    again = create_project(charlie, name="first", description="", visibility="private")
    commit(app, charlie, again.full_name)
    rebuild()
    found = {
        path: project_for(account_of("alice"), *path.split("/")).full_name for path in ("lab/first", "charlie/was")
    }
    assert found == {"lab/first": "alice/was", "charlie/was": "alice/was"}
    assert project_for(account_of("charles"), "charles", "first").role == "owner"
    with pytest.raises(ProjectNotFound):
        project_for(account_of("bob"), "lab", "first")


def test_a_project_that_was_empty_when_people_changed_tells_of_them(
    app: Flask, alice: Account, bob: Account, charlie: Account, lab: GroupAccess, rebuild: Rebuild
) -> None:
    create_project(alice, name="first", description="", visibility="private", owner="lab")
    change_people(alice, bob, charlie, lab)
    commit(app, alice, "lab/first")
    run_tasks()
    rebuild()
    assert roles() == EVERYONE


@pytest.mark.parametrize("end", ["deleted", pytest.param("handed over", marks=pytest.mark.long)])
def test_the_next_project_tells_when_the_oldest_has_gone(
    app: Flask,
    alice: Account,
    bob: Account,
    charlie: Account,
    lab: GroupAccess,
    rebuild: Rebuild,
    visitor: Visitor,
    *,
    end: str,
) -> None:
    first = new_project(app, alice, "first")
    new_project(app, alice, "second")
    change_people(alice, bob, charlie, lab)
    run_tasks()
    if end == "deleted":
        trash_project(alice, first)
        delete_for_good(first.id)
    else:
        hand_over(first.id, "charlie")
    rebuild()  # what the end has asked for waits still
    assert roles() == EVERYONE
    check_doors(visitor, "/lab/second")
