"""The trash: a project can be restored for its days there, and afterwards nothing of it is left anywhere."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.deletion import NotInTrash, delete_for_good
from framework.projects.lifecycle.operations import create_project, restore_project, trash_project
from framework.projects.models import Event, Member, Project
from framework.repositories.cache.eviction import copy_path
from framework.repositories.maintenance.collector import collect
from framework.repositories.models import Repository, Version
from framework.storage.contract import StoreUnavailable
from framework.storage.current import store
from tests.cast import SignIn, on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full


@pytest.fixture
def expired(alice: Account, website: ProjectAccess, tmp_path: Path) -> Bench:
    """The website with a file, in the trash since 31 days."""
    bench = Bench(website.repository_id, tmp_path)
    bench.write(bench.put("a", b"1"))
    bench.read("a")
    trash_project(alice, website)
    _age(website.id, 31)
    return bench


def test_after_its_days_nothing_is_left(expired: Bench, with_settings: Callable[..., Config]) -> None:
    assert tasks.empty_trash.run() == 1
    with read_transaction() as session:
        for model in (Project, Member, Event, Repository, Version):
            assert session.scalars(select(model)).all() == []
    assert not copy_path(expired.repository_id).exists()
    assert [found.objects for found in collect()] == [0], "the objects wait as long as any orphan"
    with_settings(staged_hours=0)
    assert [found.objects for found in collect()] == [4]
    assert list(store().list("repos/")) == []


def test_before_that_it_waits(alice: Account, website: ProjectAccess) -> None:
    trash_project(alice, website)
    _age(website.id, 29)
    assert tasks.empty_trash.run() == 0
    assert restore_project(alice, website.id) == "/alice/website"


def test_one_without_files_goes_as_well(alice: Account, website: ProjectAccess) -> None:
    trash_project(alice, website)
    _age(website.id, 31)
    assert tasks.empty_trash.run() == 1
    assert create_project(alice, name="website", description="", visibility="public").name == "website"


def test_one_that_was_restored_stays(alice: Account, expired: Bench, website: ProjectAccess) -> None:
    restore_project(alice, website.id)
    with pytest.raises(NotInTrash):
        delete_for_good(website.id)
    assert expired.read("a") == b"1"


def test_it_waits_for_a_store_that_is_away(expired: Bench, monkeypatch: pytest.MonkeyPatch, alice: Account) -> None:
    def refuse(_key: str, _source: object, _sha256: str) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", refuse)
        assert tasks.empty_trash.run() == 0
    with read_transaction() as session:
        project_id = session.scalars(select(Project.id)).one()
    assert restore_project(alice, project_id) == "/alice/website", "the entry that says so was not stored"


def test_the_trash_says_how_long_it_keeps(alice: Account, signed_in: SignIn) -> None:
    assert "They can be restored for 30 days" in signed_in(alice).get("/trash").text


def _age(project_id: int, days: int) -> None:
    with transaction() as session:
        session.get_one(Project, project_id).trashed_at = now() - timedelta(days=days)
