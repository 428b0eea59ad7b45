"""What commands say when the database cannot serve them: one sentence with the cure, and no traceback."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from framework.cli.refusals import report_refusals
from framework.config import Config
from framework.database import engine
from framework.database.session import read_transaction
from tests.cli.conftest import Flasks
from tests.servers.processes import free_port

COMMANDS = {
    "users list": ("users", "list"),
    "projects trash": ("projects", "trash"),
    "storage status": ("storage", "status"),
    "storage verify": ("storage", "verify"),
    "storage resume": ("storage", "resume", "--dry-run"),
    "storage rebuild": ("storage", "rebuild"),
    "storage drill": ("storage", "drill"),
    "backup": ("backup",),
}


@pytest.fixture(params=list(COMMANDS.values()), ids=list(COMMANDS))
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The words of a command that needs the database."""
    return tuple(request.param)


@pytest.fixture
def with_database(with_settings: Callable[..., Config]) -> Iterator[Callable[[str], Config]]:
    """Another database."""
    yield lambda url: with_settings(database_url=url)
    engine.dispose()


def test_a_database_that_is_away(
    flask: Flasks, with_database: Callable[[str], Config], command: tuple[str, ...]
) -> None:
    port = free_port()
    with_database(f"postgresql+psycopg://holdfast:secret@127.0.0.1:{port}/holdfast")
    [line] = flask(*command, status=1).output.splitlines()
    assert line.startswith(f"Error: The database: nothing listens at 127.0.0.1:{port}: start PostgreSQL there")
    assert "secret" not in line


def test_tables_are_missing(
    flask: Flasks, with_database: Callable[[str], Config], command: tuple[str, ...], tmp_path: Path
) -> None:
    with_database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    [line] = flask(*command, status=1).output.splitlines()
    assert line.startswith("Error: The database: tables are missing; run: flask database upgrade (")


@pytest.mark.usefixtures("settings")
def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    @report_refusals
    def mistaken() -> None:
        with read_transaction() as session:
            session.execute(text("SELEKT 1"))

    with pytest.raises(OperationalError):
        mistaken()
