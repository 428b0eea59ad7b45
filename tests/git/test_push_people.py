"""Who may push, and what those who may not are told."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from framework.accounts.tokens import create_token
from framework.projects.access import ProjectAccess
from framework.projects.operations import create_project, trash_project
from framework.projects.people import add_person
from framework.repositories.snapshot import read_snapshot
from tests.git.client import Person, Work
from tests.git.conftest import House


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
