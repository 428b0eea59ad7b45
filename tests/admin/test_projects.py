"""`/admin/projects`: what is listed, what an administrator sees of a project, and what not."""

from typing import Any

import pytest

from framework.accounts.core.account import Account, NotAdministrator
from framework.accounts.lifecycle import administration
from framework.admin import lists
from framework.admin.lists import ListRequest, list_projects
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.leaving import delete_person
from framework.projects.lifecycle.operations import create_project, restore_for_owner, trash_project
from framework.repositories.models import Repository
from tests.cast import SignIn, new_account, on_each_deployment
from tests.uploads.form import upload


def names(**asked: Any) -> list[str]:
    """What is listed, in order."""
    return [project.full_name for project in list_projects(ListRequest(**asked)).rows]


@on_each_deployment
def test_projects_are_searched_filtered_and_sorted(
    alice: Account, bob: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    bobs = create_project(bob, name="Website-2", description="A secret in words", visibility="private")
    trash_project(bob, bobs)
    with transaction() as session:
        for project, size_bytes in ((website, 100), (bobs, 50)):
            session.get_one(Repository, project.repository_id).stored_bytes = size_bytes
    everything = ["bob/Website-2", "alice/website", "alice/secret"]
    assert names() == everything
    assert names(order="oldest") == everything[::-1]
    assert names(order="largest") == ["alice/website", "bob/Website-2", "alice/secret"]
    assert names(order="changed") == everything
    assert names(text="WEBSITE") == ["bob/Website-2", "alice/website"]
    assert names(text="Alice/web") == ["alice/website"]
    assert names(text="alice/") == ["alice/website", "alice/secret"]
    assert names(text="nobody/") == []
    assert names(text="in words") == [], "a description is nothing to search in"
    assert [names(state=state) for state in lists.PROJECT_STATES] == [
        everything,
        ["alice/website"],
        ["bob/Website-2", "alice/secret"],
        ["bob/Website-2"],
    ]


def test_storage_and_state_are_shown_and_nothing_else(
    ada: Account, alice: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    assert upload(signed_in(alice), {"confidential.txt": b"Nobody else's"}).status_code == 303
    admin = signed_in(ada)
    page = admin.get(f"/admin/projects/{secret.id}").text
    assert "alice/secret" in page
    assert "Last checked" in page
    assert "confidential" not in page
    assert "Nobody&#39;s business" not in page + admin.get("/admin/projects").text
    assert admin.get(secret.path).status_code == 404
    assert admin.get("/admin/projects/999").status_code == 404


@on_each_deployment
def test_a_project_is_restored_for_its_owner(
    ada: Account, alice: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    trash_project(alice, secret)
    admin, page = signed_in(ada), f"/admin/projects/{secret.id}"
    assert admin.submit(page, to=f"{page}/restore").location == page
    assert project_for(alice, "alice", "secret").role == "owner"
    assert admin.get(secret.path).status_code == 404
    assert admin.submit("/settings", to=f"{page}/restore").status_code == 404
    trash_project(alice, secret)
    with pytest.raises(NotAdministrator):
        restore_for_owner(secret.id, by=alice)


def test_a_project_of_somebody_who_was_deleted_waits_for_an_owner(
    ada: Account, alice: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    delete_person("alice", with_projects=True)
    page = f"/admin/projects/{secret.id}"
    refused = signed_in(ada).submit(page, to=f"{page}/restore")
    assert refused.status_code == 409
    assert "--to NAME" in refused.text


def test_an_administrator_who_was_demoted_restores_nothing(ada: Account, alice: Account, secret: ProjectAccess) -> None:
    trash_project(alice, secret)
    new_account("eve", admin=True)
    administration.set_admin("ada", admin=False)
    with pytest.raises(NotAdministrator):
        restore_for_owner(secret.id, by=ada)
