"""`flask backup` and `flask restore`: what was acknowledged after the backup comes back too, and servers can move."""

import re
from collections.abc import Callable

from framework.accounts.lifecycle.operations import authenticate
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import update_project
from tests import moments
from tests.cast import PASSWORD, Visitor, on_each_deployment_in_full, on_one_deployment
from tests.cli.conftest import Flasks
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

FilesOf = Callable[[ProjectAccess], Bench]


def test_a_restored_server_has_everything_that_was_acknowledged(
    flask: Flasks, website: ProjectAccess, files_of: FilesOf, visitor: Visitor
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"before"))
    made = flask("backup").output
    assert re.fullmatch(
        r"Stored \d+ rows in \d{8}T\d{6}Z-[0-9a-f]{16}\.jsonl\.gz, \S+ \S+\.\nIt is not encrypted; .+\n", made
    )
    bench.write(bench.put("a", b"after"))
    moments.put_back(moments.NOTHING)
    lines = flask("restore").output.splitlines()
    assert re.fullmatch(r"Restored \d+ rows from \S+\.jsonl\.gz\.", lines[0])
    assert lines[1:] == ["alice/website got 1 version back.", "Looked at 1 project."]
    assert bench.read("a") == b"after"
    assert authenticate("alice", PASSWORD, address="")
    assert visitor.get("/alice/website").status_code == 200, "public as it was: this database knows it"
    bench.write(bench.put("a", b"and on"))
    assert flask("storage", "verify").exit_code == 0


def test_what_became_private_after_the_backup_is_private(
    flask: Flasks, website: ProjectAccess, files_of: FilesOf, visitor: Visitor
) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    flask("backup")
    alice = authenticate("alice", PASSWORD, address="")
    update_project(alice, website, name="website", description="", visibility="private")
    moments.put_back(moments.NOTHING)
    flask("restore")
    assert visitor.get("/alice/website").status_code == 404


@on_one_deployment
def test_a_restore_into_a_used_database_is_refused(flask: Flasks, website: ProjectAccess) -> None:
    flask("backup")
    assert "Error: The database is not empty" in flask("restore", status=1).output


@on_one_deployment
def test_a_backup_that_is_not_there_is_told(flask: Flasks) -> None:
    assert flask("restore", "x", status=1).output == (
        "Error: There is no backup in the object store. `flask backup` makes one.\n"
    )


@on_one_deployment
def test_backups_are_listed_and_read_without_a_database_being_touched(flask: Flasks, website: ProjectAccess) -> None:
    assert flask("restore", "--list").output.startswith("There is no backup in the object store.")
    name = re.split(r" in |, ", flask("backup").output)[1]
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
    assert re.fullmatch(rf"{name}  {moment}, \S+ KiB, not encrypted\n", flask("restore", "--list").output)
    assert re.fullmatch(rf"{name} can be read: \d+ rows, made on {moment}\.\n", flask("restore", "--check").output)


@on_one_deployment
def test_it_prints_what_the_age_tool_opens_backups_with(flask: Flasks, with_settings: Callable[..., Config]) -> None:
    assert "Error: BACKUP_KEY is not set" in flask("backup-identity", status=1).output
    with_settings(backup_key="a key")
    assert re.fullmatch(r"AGE-SECRET-KEY-1[0-9A-Z]{58}\n", flask("backup-identity").output)
