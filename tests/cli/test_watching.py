"""What an operator starts can be watched."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework.celery.models import BackgroundJob
from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess
from framework.repositories import object_keys, tasks
from framework.repositories.catalog.snapshot import read_snapshot_and_packs
from framework.storage.current import store
from tests import moments
from tests.cli.conftest import Flasks
from tests.repositories.conftest import Bench


@pytest.fixture
def files(website: ProjectAccess, files_of: Callable[[ProjectAccess], Bench]) -> Bench:
    """The repository of the public project, with a file."""
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    return bench


def only_work() -> BackgroundJob:
    """The one work that there is."""
    with read_transaction() as session:
        return session.scalars(select(BackgroundJob)).one()


def test_a_verification_counts_projects(flask: Flasks, files: Bench, secret: ProjectAccess) -> None:
    [pack] = read_snapshot_and_packs(files.repository_id)[1]
    store().delete(object_keys.pack_key(files.repository_id, pack.name))
    flask("storage", "verify", status=1)
    work = only_work()
    assert (work.kind, work.project_id, work.state) == ("verification", None, "finished")
    assert (work.done, work.total, work.message) == (2, 2, "1 of 2 projects whole.")


def test_the_verification_of_a_project_belongs_to_it(flask: Flasks, files: Bench, website: ProjectAccess) -> None:
    flask("storage", "verify", "alice/website")
    work = only_work()
    assert (work.project_id, work.message) == (website.id, "1 of 1 project whole.")


def test_the_daily_check_counts_local_copies(files: Bench) -> None:
    tasks.scrub_copies()
    work = only_work()
    assert (work.kind, work.state, work.done, work.total) == ("check of local copies", "finished", 1, 1)
    assert work.message == "0 mended."


@pytest.mark.parametrize("start", [tasks.collect_orphans, None], ids=["every night", "by hand"])
def test_a_collection_counts_repositories(flask: Flasks, files: Bench, start: Callable[[], int] | None) -> None:
    if start:
        start()
    else:
        flask("storage", "collect")
    work = only_work()
    assert (work.kind, work.state, work.done) == ("collection", "finished", 1)


def test_a_resumption_counts_repositories(flask: Flasks, files: Bench) -> None:
    flask("storage", "resume")
    work = only_work()
    assert (work.kind, work.state, work.done) == ("resumption after a restore", "finished", 1)


def test_a_rebuild_counts_repositories(flask: Flasks, files: Bench) -> None:
    moments.put_back(moments.NOTHING)
    flask("storage", "rebuild")
    work = only_work()
    assert (work.kind, work.state, work.done) == ("rebuild", "finished", 1)
