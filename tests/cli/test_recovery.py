"""A lost database: projects, people and every commit come back, nothing private is shown, nothing deleted returns."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import (
    NameTaken,
    authenticate,
    create_user,
    find_user,
    update_profile,
)
from framework.accounts.lifecycle.resets import reset_password
from framework.database.session import read_transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.core.description import MEMBER, recorded_members
from framework.projects.core.directory import list_every_project
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.lifecycle.embargo import lift_embargo, set_embargo
from framework.projects.lifecycle.operations import create_project, restore_project, trash_project, update_project
from framework.projects.members.people import add_person, people_of
from framework.projects.members.roles import remove_person
from framework.projects.models import Project
from framework.projects.tasks import refresh_about
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.journal.keys import list_entries
from framework.repositories.journal.reader import read_entry
from framework.storage.current import store
from tests import moments
from tests.cast import SignIn, Visitor, link_in_mail
from tests.cli.conftest import Flasks
from tests.repositories.conftest import Bench

FilesOf = Callable[[ProjectAccess], Bench]
NEW_PASSWORD = "another horse battery"


def test_every_project_comes_back_with_the_same_commits(
    flask: Flasks, website: ProjectAccess, shared: ProjectAccess, files_of: FilesOf
) -> None:
    benches = {project.full_name: files_of(project) for project in (website, shared)}
    for number, bench in enumerate(benches.values()):
        bench.write(bench.put("a", str(number).encode()))
        bench.write(bench.put("b", str(number).encode()))
    before = {name: _commits(bench.repository_id) for name, bench in benches.items()}
    moments.put_back(moments.NOTHING)
    lines = flask("storage", "rebuild").output.splitlines()
    assert sorted(lines[:-1]) == [
        "alice/secret came back with 2 versions; it is private.",
        "alice/website came back with 2 versions; it is private.",
    ]
    assert lines[-1] == "Looked at 2 projects."
    assert {listed.full_name: _commits(listed.repository_id) for listed in list_every_project()} == before
    assert flask("storage", "verify").exit_code == 0


def test_people_come_back_without_a_password_and_enter_by_mail(
    flask: Flasks, shared: ProjectAccess, files_of: FilesOf, visitor: Visitor
) -> None:
    bench = files_of(shared)
    bench.write(bench.put("a", b"1"))
    moments.put_back(moments.NOTHING)
    flask("storage", "rebuild")
    visitor.submit("/forgot", email="bob@example.org")
    reset_password(link_in_mail("reset").rpartition("/")[2], NEW_PASSWORD)
    bob = authenticate("bob", NEW_PASSWORD, address="")
    again = project_for(bob, "alice", "secret")
    assert (again.role, again.description) == ("writer", "Nobody's business")
    assert [(person.name, person.role) for person in people_of(again)] == [("alice", "owner"), ("bob", "writer")]


def test_earlier_names_are_kept_for_whom_they_were(
    flask: Flasks, alice: Account, website: ProjectAccess, files_of: FilesOf
) -> None:
    update_project(alice, website, name="page", description="", visibility="public")
    update_profile(alice.id, name="alice-b", full_name="", email=alice.email)
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    refresh_about(website.id)
    moments.put_back(moments.NOTHING)
    flask("storage", "rebuild")
    with read_transaction() as session:
        owner = find_user(session, "alice")
    assert owner
    assert project_for(Account.of(owner), "alice", "website").full_name == "alice-b/page"
    with pytest.raises(NameTaken):
        create_user(name="alice", email="new@example.org", password=NEW_PASSWORD)


def test_nothing_is_public_after_a_rebuild(
    flask: Flasks, website: ProjectAccess, files_of: FilesOf, visitor: Visitor
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    assert visitor.get("/alice/website").status_code == 200
    moments.put_back(moments.NOTHING)
    flask("storage", "rebuild")
    assert visitor.get("/alice/website").status_code == 404


def test_what_was_put_into_the_trash_stays_there(
    flask: Flasks, alice: Account, website: ProjectAccess, files_of: FilesOf
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    trash_project(alice, website)
    moments.put_back(moments.NOTHING)
    flask("storage", "rebuild")
    with read_transaction() as session:
        user = find_user(session, "alice")
    assert user
    owner = Account.of(user)
    assert restore_project(owner, _only_project_id()) == "/alice/website"


def test_a_database_with_projects_is_not_rebuilt(flask: Flasks, website: ProjectAccess) -> None:
    assert flask("storage", "rebuild", status=1).output == (
        "Error: The database has projects already, so nothing was changed. "
        "To add what the journal knows beyond it, use `flask storage resume`.\n"
    )


def test_resume_brings_back_names_people_visibility_and_trash(
    flask: Flasks, alice: Account, bob: Account, charlie: Account, website: ProjectAccess, files_of: FilesOf
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    add_person(alice, website, person="charlie", role="owner")
    backup = moments.remember()
    add_person(alice, website, person="bob", role="reader")
    update_project(alice, website, name="site", description="Another", visibility="private")
    moments.put_back(backup)
    assert flask("storage", "resume").output == "alice/site got 2 versions back.\nLooked at 1 project.\n"
    again = project_for(bob, "alice", "site")
    assert (again.visibility, again.description, again.role) == ("private", "Another", "reader")
    assert flask("storage", "resume").output == "Looked at 1 project.\n"


def test_what_ended_after_the_backup_does_not_return(
    flask: Flasks, alice: Account, bob: Account, charlie: Account, shared: ProjectAccess, files_of: FilesOf
) -> None:
    bench = files_of(shared)
    bench.write(bench.put("a", b"1"))
    add_person(alice, shared, person="charlie", role="reader")
    set_embargo(alice, shared, public_on=f"{now() + timedelta(days=100):%Y-%m-%d}")
    backup = moments.remember()
    remove_person(alice, shared, person_id=bob.id)
    lift_embargo(alice, shared)
    moments.put_back(backup)
    assert flask("storage", "resume").output == "alice/secret got 2 versions back.\nLooked at 1 project.\n"
    with pytest.raises(ProjectNotFound):
        project_for(bob, "alice", "secret")
    assert project_for(charlie, "alice", "secret").role == "reader"
    with read_transaction() as session:
        assert session.get_one(Project, shared.id).public_at is None


def test_a_version_tells_of_the_members_whom_it_changed_only(
    alice: Account, bob: Account, charlie: Account, shared: ProjectAccess, files_of: FilesOf
) -> None:
    bench = files_of(shared)
    bench.write(bench.put("a", b"1"))
    add_person(alice, shared, person="charlie", role="reader")
    remove_person(alice, shared, person_id=bob.id)
    added, removed = (read_entry(key).change.facts for key in list_entries(shared.repository_id)[-2:])
    assert recorded_members(added.values) == [{"name": "charlie", "email": "charlie@example.org", "role": "reader"}]
    assert (recorded_members(removed.values), removed.removed) == ([], [f"{MEMBER}bob"])


def test_a_project_that_was_made_private_after_the_backup_is_private(
    flask: Flasks, alice: Account, website: ProjectAccess, files_of: FilesOf, visitor: Visitor
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    update_project(alice, website, name="website", description="", visibility="private")
    moments.put_back(backup)
    flask("storage", "resume")
    assert visitor.get("/alice/website").status_code == 404


def test_a_project_that_was_trashed_after_the_backup_does_not_return(
    flask: Flasks, alice: Account, website: ProjectAccess, files_of: FilesOf, signed_in: SignIn
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    trash_project(alice, website)
    moments.put_back(backup)
    flask("storage", "resume")
    assert signed_in(alice).get("/alice/website").status_code == 404


@pytest.mark.parametrize("command", ["resume", "rebuild"])
def test_a_project_that_was_deleted_for_good_does_not_return(
    flask: Flasks, alice: Account, website: ProjectAccess, files_of: FilesOf, command: str
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    trash_project(alice, website)
    backup = moments.remember()
    delete_for_good(website.id)
    moments.put_back(backup if command == "resume" else moments.NOTHING)
    output = flask("storage", command).output
    assert output == "alice/website was deleted; it stays deleted.\nLooked at 1 project.\n"
    assert list_every_project() == []


def test_a_project_that_was_made_after_the_backup_comes_back_beside_another_of_its_name(
    flask: Flasks, alice: Account, website: ProjectAccess, files_of: FilesOf
) -> None:
    """The log knows that the first one was renamed since, if it had files; one without files has no log."""
    backup = moments.remember()
    update_project(alice, website, name="old-site", description="", visibility="public")
    newer = create_project(alice, name="website", description="", visibility="public")
    bench = files_of(newer)
    bench.write(bench.put("a", b"1"))
    moments.put_back(backup)
    output = flask("storage", "resume").output
    assert output == "alice/website-2 came back with 1 version; it is private.\nLooked at 1 project.\n"


def test_a_person_whose_name_somebody_else_has_gets_another(
    flask: Flasks, website: ProjectAccess, alice: Account, files_of: FilesOf
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    before = moments.remember()
    users = [user | {"email": "other@example.org", "email_key": "other@example.org"} for user in before.rows["users"]]
    moments.put_back(moments.Moment({"users": users}))
    assert "alice-2/website came back" in flask("storage", "rebuild").output


def test_a_damaged_entry_is_told_and_fails_the_command(
    flask: Flasks, website: ProjectAccess, files_of: FilesOf
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    log = [entry.key for entry in store().list(f"repos/{bench.repository_id}/log/")]
    store().delete(log[0])
    moments.put_back(moments.NOTHING)
    lines = flask("storage", "rebuild", status=1).output.splitlines()
    assert lines == [
        "alice/website: The journal has a gap: the entry before version 2 is missing or damaged.",
        "alice/website came back with 1 version; it is private.",
        "Looked at 1 project.",
        "Error: Some entries of the journal could not be read; the lines above say which.",
    ]


def _commits(repository_id: str) -> list[str]:
    with open_copy(repository_id) as copy:
        return [commit.sha for commit in read_log(copy, resolve(copy, "main"))]


def _only_project_id() -> int:
    with read_transaction() as session:
        return session.scalars(select(Project.id)).one()
