"""Sessions work behind PgBouncer in transaction mode: each transaction may meet another connection of the server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from framework import config, rooms
from framework.celery.models import OutboxRow
from framework.celery.tasks import echo
from framework.config import Config
from framework.database import engine, schema
from framework.database.session import read_transaction, transaction
from tests.servers.backends.postgres import Postgres
from tests.servers.proxies.pgbouncer import pgbouncer
from tests.servers.run import Run
from tests.statements import repeat_and_count_prepared

pytestmark = pytest.mark.parametrize("deployment", ["embedded"])


@pytest.fixture
def bounced(
    run: Run, settings: Config, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Config]:
    """A deployment whose database is behind PgBouncer, empty."""
    url, folder = postgres.new_database(migrated=False), tmp_path / "pgbouncer"
    folder.mkdir()
    with pgbouncer(run, url, folder, connections=2) as address:
        monkeypatch.setattr(config, "_current", replace(settings, database_url=address, database_connections=8))
        rooms.load_models()
        schema.upgrade()
        yield config.current()
        engine.dispose()
    postgres.drop_database(url)


def test_many_threads_read_and_write_over_two_connections(bounced: Config) -> None:
    def work(number: int) -> int:
        with transaction() as session:
            for _ in range(8):
                session.execute(text("SELECT 1"))
        with read_transaction() as session:
            session.scalars(select(OutboxRow).where(OutboxRow.id == str(number))).all()
        echo.delay(str(number))
        return number

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(work, range(32))) == list(range(32))
    with read_transaction() as session:
        assert len(session.scalars(select(OutboxRow.id)).all()) == 32
    assert not repeat_and_count_prepared()
