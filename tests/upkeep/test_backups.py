"""`flask backup` and `flask restore`: what was acknowledged after the backup comes back too, and servers can move."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from framework import config
from framework.accounts.operations import authenticate, create_user
from framework.application import create_app
from framework.projects.access import ProjectAccess, project_for
from framework.projects.operations import create_project, update_project
from framework.storage.current import store
from tests import moments
from tests.cast import PASSWORD, Visitor, on_one_deployment
from tests.repositories.conftest import Bench
from tests.servers import deployments
from tests.servers.ceph import ceph
from tests.servers.run import Run
from tests.upkeep.conftest import Flasks

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


def test_an_instance_at_home_moves_to_a_cloud(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite and a folder become PostgreSQL and a bucket: a backup, a copy of the objects, a restore."""
    with deployments.embedded(run, tmp_path / "home") as home:
        monkeypatch.setattr(config, "_current", home)
        app = create_app(home)
        alice = create_user(name="alice", email="alice@example.org", password=PASSWORD)
        project = create_project(alice, name="notes", description="", visibility="private")
        bench = Bench(project.repository_id, tmp_path)
        sha = bench.write(bench.put("a", b"1"), bench.put("large", bytes(2 << 20))).sha
        assert app.test_cli_runner().invoke(args=["backup"]).exit_code == 0
        objects = {entry.key: store().read(entry.key) for entry in store().list("")}
        deployments.leave()
    with deployments.production_like(run, tmp_path / "cloud") as cloud:
        monkeypatch.setattr(config, "_current", cloud)
        for key, body in objects.items():
            ceph(run).client().put_object(Bucket=cloud.s3_bucket or "", Key=key, Body=body)
        result = create_app(cloud).test_cli_runner().invoke(args=["restore"])
        assert result.exit_code == 0, result.output
        alice = authenticate("alice", PASSWORD, address="")
        there = Bench(project_for(alice, "alice", "notes").repository_id, tmp_path)
        assert there.read("large", sha) == bytes(2 << 20)
        there.write(there.put("a", b"2"))
        deployments.leave()
