"""Projects by the API of administrators: what is stored of them, and nothing of what is in them."""

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.leaving import delete_person
from framework.projects.lifecycle.operations import trash_project
from tests.api.program import Program
from tests.cast import on_each_deployment


@on_each_deployment
def test_projects_are_listed_and_shown_by_what_is_stored(
    admins: Program, program: Program, secret: ProjectAccess
) -> None:
    program.put("alice/secret", confidential__txt="Nobody else's")
    listed = admins.get("/admin/projects?q=alice/&state=private&order=largest")
    assert [project["full_name"] for project in listed.json] == ["alice/secret"]
    shown = admins.get(f"/admin/projects/{secret.id}")
    storage = shown.json["storage"]
    assert (storage["state"], storage["versions"], storage["fault"]) == ("hot", 1, None)
    assert storage["history_bytes"] > 0
    for hidden in ("confidential", "Nobody", "description"):
        assert hidden not in shown.text + listed.text
    assert admins.get("/projects/alice/secret").status_code == 404
    assert admins.get("/admin/projects/999").status_code == 404


def test_a_project_is_restored_for_its_owner(
    admins: Program, program: Program, alice: Account, secret: ProjectAccess
) -> None:
    restore = f"/admin/projects/{secret.id}/restore"
    trash_project(alice, secret)
    assert admins.get(f"/admin/projects/{secret.id}").json["trashed_at"]
    assert admins.call("POST", restore).json["trashed_at"] is None
    assert program.get("/projects/alice/secret").status_code == 200
    assert admins.call("POST", restore).status_code == 404


def test_a_project_of_somebody_who_was_deleted_waits_for_an_owner(
    admins: Program, alice: Account, secret: ProjectAccess
) -> None:
    delete_person("alice", with_projects=True)
    assert admins.call("POST", f"/admin/projects/{secret.id}/restore").status_code == 409
