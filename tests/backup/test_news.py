"""A backup can be watched, and what tells of it is no part of it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework.backup.dump import tables
from framework.backup.operations import FOLDER, back_up, restore
from framework.celery.models import BackgroundJob
from framework.config import Config
from framework.database.session import read_transaction
from framework.storage.contract import StoreUnavailable
from tests.cast import on_each_deployment, on_one_deployment
from tests.servers.processes import free_port

pytestmark = on_each_deployment


def works() -> list[BackgroundJob]:
    """The works that there are."""
    with read_transaction() as session:
        return list(session.scalars(select(BackgroundJob)))


def test_a_backup_counts_tables(settings: Config) -> None:
    name = back_up().name
    [work] = works()
    assert (work.kind, work.state, work.done, work.total) == ("backup", "finished", len(tables()), len(tables()))
    assert work.message == f"0 rows stored in {name}."


def test_the_news_of_a_database_are_not_restored_and_keep_no_restore_out(settings: Config) -> None:
    back_up()
    assert restore().rows == 0
    assert works() == []


@pytest.mark.long
@on_one_deployment
def test_a_backup_that_the_store_does_not_take_is_told_as_failed(with_settings: Callable[..., Config]) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with_settings(s3_bucket="b", s3_endpoint_url=address, s3_region="x", s3_access_key_id="k", s3_secret_access_key="s")
    with pytest.raises(StoreUnavailable):
        back_up()
    [work] = works()
    assert (work.state, work.done, FOLDER in work.message) == ("failed", len(tables()), False)
    assert work.message
