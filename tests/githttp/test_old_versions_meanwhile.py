"""Old versions of a file are removed while others push, workers die and clones go on; rules are kept."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.old_versions import ProtectionInForce
from framework.projects.members.people import add_person
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.maintenance.verification import verify
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House
from tests.githttp.rewritten import files, grown, history, kinds_of_events, noise, remove
from tests.storage.meanwhile import before_the_next_put

__all__ = ["grown", "remove"]

pytestmark = on_each_deployment_in_full


def test_a_push_that_comes_meanwhile_is_taken_in(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    grown.commit("Table 6", table=noise(6))

    def push() -> None:
        grown.push(project.full_name, "main", "HEAD~1:refs/heads/another")

    before_the_next_put(monkeypatch, push)
    remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.git("log", "-1", "--format=%s").stdout == "Table 6\n"
    assert (fresh.folder / "table").read_bytes() == noise(6)
    kept = {fresh.sha(f"{name}:table") for name in ("main", "origin/side", "origin/another", "light", "signed")}
    found = {files(fresh, sha).get("table", "").split(" ")[-1] for sha in history(fresh, "--all")} - {""}
    assert found == kept
    assert verify(project.repository_id).faults == ()


def test_a_branch_to_an_old_version_that_comes_meanwhile_keeps_it(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = grown.sha("main~1")

    def push() -> None:
        grown.push(project.full_name, f"{old}:refs/heads/old")

    before_the_next_put(monkeypatch, push)
    remove("table")
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.sha("origin/old:table") == grown.sha("main~1:table")
    assert fresh.git("merge-base", "--is-ancestor", "origin/old", "origin/main").returncode == 0


class Killed(BaseException):
    """As a signal ends a worker."""


def test_a_crash_between_the_new_history_and_the_purge_leaves_a_whole_project(
    grown: Work, alice: Person, project: ProjectAccess, remove: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    work_id, tip, put = uuid4().hex, grown.sha("main"), store()._put

    def put_or_die(key: str, source: bytes | Path, sha256: str) -> None:
        if "/packs/" in key and read_snapshot(project.repository_id).branches["main"] != tip:
            raise Killed
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", put_or_die)
        with pytest.raises(Killed):
            remove("table", work_id=work_id)
    assert verify(project.repository_id).faults == ()
    between = alice.clone(project.full_name, "between")
    assert between.git("log", "-1", "--format=%s").stdout == "Table 5\n"
    assert between.git("fetch", "-q", "origin", tip).returncode == 0, "it can be read until it is erased"
    assert remove("table", work_id=work_id)
    fresh = alice.clone(project.full_name, "fresh")
    assert fresh.sha("main") == between.sha("main"), "no other history is made"
    assert fresh.git("fetch", "-q", "origin", tip, check=False).returncode
    assert kinds_of_events(project) == ["versions_removed", "purged"]


def test_a_clone_goes_on_by_the_commands_that_the_page_names(
    grown: Work, person: Callable[..., Person], house: House, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    add_person(house.people["alice"], project, person="bob", role="writer")
    bob = person("bob").clone(project.full_name, "mine")
    bob.commit("Not pushed yet", notes="mine")
    remove("table")
    bob.git("fetch", "--tags", "--force", "origin")
    bob.git("pull", "-q", "--rebase")
    assert bob.git("log", "-2", "--format=%s").stdout == "Not pushed yet\nTable 5\n"
    assert bob.git("rev-list", "--count", "origin/main..main").stdout == "1\n"
    bob.git("push", "-q", "origin", "main")


def test_protected_branches_and_tags_are_rewritten_only_where_that_is_allowed(
    grown: Work, project: ProjectAccess, remove: Callable[..., bool]
) -> None:
    before = read_snapshot(project.repository_id)
    with pytest.raises(ProtectionInForce, match="main, light, signed may not be rewritten"):
        remove("table", rewrites_protected=False)
    assert read_snapshot(project.repository_id) == before
    assert kinds_of_events(project) == []


def test_without_old_versions_nothing_happens(grown: Work, project: ProjectAccess, remove: Callable[..., bool]) -> None:
    before = read_snapshot(project.repository_id)
    assert not remove("readme")
    assert not remove("absent/file")
    assert read_snapshot(project.repository_id) == before
