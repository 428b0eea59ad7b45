"""`flask groups …`: what there is, and what it takes."""

import json

from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.groups.operations import create_group
from framework.groups.people import add_person
from framework.projects.lifecycle.operations import create_project
from framework.repositories.models import Repository
from tests.cast import on_each_deployment
from tests.cli.conftest import Flasks


@on_each_deployment
def test_it_lists_groups_and_accounts_apart(flask: Flasks, alice: Account, bob: Account) -> None:
    lab = create_group(alice, name="lab", title="The lab")
    create_group(bob, name="course")
    add_person(alice, lab, person="bob", role="participant")
    data = create_project(alice, name="data", description="", visibility="private", owner="lab")
    with transaction() as session:
        session.get_one(Repository, data.repository_id).stored_bytes = 5 << 20
    assert flask("groups", "suspend", "lab", "--reason", "Films").output.startswith("lab is suspended; ")
    counts = {"suspended": True, "owners": 1, "people": 2, "projects": 1, "bytes": 5 << 20}
    course, listed = json.loads(flask("groups", "list", "--json").output)
    assert (course["name"], course["people"], course["bytes"]) == ("course", 1, 0)
    assert listed == {"name": "lab", "title": "The lab", **counts}
    last = flask("groups", "list").output.splitlines()[-1]
    assert last.split() == ["lab", "suspended", "1", "2", "1", "5", "MiB", "The", "lab"]
    assert [one["name"] for one in json.loads(flask("users", "list", "--json").output)] == ["alice", "bob"]
    assert flask("groups", "resume", "LAB").output == "lab can be used again.\n"


def test_there_are_no_other_groups(flask: Flasks, alice: Account) -> None:
    for command in ("suspend", "resume"):
        assert "There is no group alice" in flask("groups", command, "alice", status=1).output
