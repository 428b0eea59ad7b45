"""Who may push, and what those who may not are told."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete

from framework.accounts.core.budgets import LIMITS
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.models import Budget
from framework.accounts.signin.tokens import create_token
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.members.people import add_person
from framework.repositories.catalog.snapshot import read_snapshot
from tests.cast import PASSWORD
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House


@pytest.fixture
def public(house: House, project: ProjectAccess) -> ProjectAccess:
    """A public project of Alice's."""
    return create_project(house.people["alice"], name=f"{project.name}-public", description="", visibility="public")


def prepared(person: Person) -> Work:
    work = person.work()
    work.commit("First", a__txt="1")
    return work


def test_a_token_that_may_write_pushes(house: House, alice: Person, project: ProjectAccess) -> None:
    token = create_token(house.people["alice"].id, "laptop", ["write"])
    work = prepared(replace(alice, password=token))
    work.push(project.full_name, "main")
    assert read_snapshot(project.repository_id).branches == {"main": work.sha("HEAD")}


def test_a_token_that_may_only_read_is_told_so(house: House, alice: Person, project: ProjectAccess) -> None:
    token = create_token(house.people["alice"].id, "laptop", ["read"])
    said = prepared(replace(alice, password=token)).push(project.full_name, "main", check=False).stderr
    assert "remote: This token may only read." in said
    assert "403" in said
    assert read_snapshot(project.repository_id).version == 0


def test_a_writer_pushes_and_a_reader_is_told_why_not(
    house: House, person: Callable[..., Person], project: ProjectAccess
) -> None:
    add_person(house.people["alice"], project, person="bob", role="writer")
    add_person(house.people["alice"], project, person="charlie", role="reader")
    bobs = prepared(person("bob"))
    bobs.push(project.full_name, "main")
    said = prepared(person("charlie")).push(project.full_name, "main:side", check=False).stderr
    assert "this needs a writer. Ask an owner to make you one." in said
    assert read_snapshot(project.repository_id).branches == {"main": bobs.sha("HEAD")}


def test_a_stranger_learns_nothing_of_a_private_project(
    person: Callable[..., Person], project: ProjectAccess, public: ProjectAccess
) -> None:
    work = prepared(person("charlie"))
    private, missing = (
        work.push(name, "main", check=False).stderr.replace(name, "…") for name in (project.full_name, "alice/nosuch")
    )
    assert private == missing
    assert "not found" in private
    assert "this needs a writer" in work.push(public.full_name, "main", check=False).stderr


def test_nobody_is_asked_for_a_password(
    person: Callable[..., Person], project: ProjectAccess, public: ProjectAccess
) -> None:
    work = prepared(person(""))
    for name in (project.full_name, public.full_name, "alice/nosuch"):
        assert "could not read Username" in work.push(name, "main", check=False).stderr


def test_a_push_makes_projects_of_ones_own_only(person: Callable[..., Person]) -> None:
    assert "not found" in prepared(person("bob")).push("alice/made-by-bob", "main", check=False).stderr


def test_a_name_in_the_trash_is_not_made_anew(house: House, alice: Person, project: ProjectAccess) -> None:
    trash_project(house.people["alice"], project)
    said = prepared(alice).push(project.full_name, "main", check=False).stderr
    assert "in the trash; restore it there" in said


def test_a_token_for_one_project_finds_no_other(house: House, alice: Person, project: ProjectAccess) -> None:
    owner = house.people["alice"]
    other = create_project(owner, name=f"{project.name}-other", description="", visibility="private")
    prepared(alice).push(other.full_name, "main")
    token = create_token(owner.id, "robot", ["write"], repository_id=project.repository_id)
    robot = replace(alice, password=token)
    work = robot.work("robot")
    work.commit("First", a__txt="1")
    work.push(project.full_name, "main")
    said = [
        work.push(name, "main", check=False).stderr.replace(name, "…")
        for name in (other.full_name, "alice/nosuch", "bob/nosuch")
    ]
    fetched = robot.git("ls-remote", robot.address(other.full_name), check=False)
    assert "not found" in said[0]
    assert len(set(said)) == 1
    assert "not found" in fetched.stderr
    assert read_snapshot(project.repository_id).branches == {"main": work.sha("HEAD")}


def test_a_token_acts_for_its_own_account_whatever_name_goes_with_it(
    house: House, person: Callable[..., Person], project: ProjectAccess
) -> None:
    token = create_token(house.people["charlie"].id, "laptop", ["write"])
    assert "not found" in prepared(person("alice", token)).push(project.full_name, "main", check=False).stderr
    assert read_snapshot(project.repository_id).version == 0


def test_wrong_passwords_are_throttled(house: House, person: Callable[..., Person], project: ProjectAccess) -> None:
    create_user(name="dora", email="dora@example.org", password=PASSWORD)
    for guess in range(LIMITS["login"].most):
        refused = person("dora", f"hf_{guess}").git("ls-remote", person("dora", "x").address("dora/x"), check=False)
        assert "Authentication failed" in refused.stderr
    work = prepared(person("dora"))
    assert "429" in work.push("dora/x", "main", check=False).stderr
    with transaction() as session:
        session.execute(delete(Budget))
    work.push("dora/x", "main")
