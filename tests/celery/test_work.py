"""Long work that people watch: what its row says while it runs, and how it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import event, func, select, text, update

from framework.celery import jobs, tasks
from framework.celery.jobs import announce, track_progress
from framework.celery.models import BackgroundJob
from framework.config import Config
from framework.database.engine import engine
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Invalid
from tests.cast import on_each_deployment, on_one_deployment

pytestmark = on_each_deployment

SELDOM = 3600.0
OFTEN = 0.01


def row(work_id: str) -> BackgroundJob:
    """The row as it is now."""
    with read_transaction() as session:
        return session.get_one(BackgroundJob, work_id)


def wait_for(work_id: str, done: int) -> None:
    """Return once the row says that so much is done; the test's own deadline ends it otherwise."""
    while row(work_id).done != done:
        sleep(OFTEN)


def done_elsewhere(work_id: str) -> int:
    """How much is done, read by another connection than that of this thread's session."""
    with engine().connect() as connection:
        return int(connection.scalar(text("SELECT done FROM long_works WHERE id = :id"), {"id": work_id}) or 0)


def count() -> int:
    """How many rows there are."""
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(BackgroundJob)) or 0


@contextmanager
def updates_counted() -> Iterator[list[str]]:
    """The updates of long works that the block sends."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE long_works"):
            sent.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    yield sent
    event.remove(engine(), "before_cursor_execute", note)


def fail(error: Exception) -> None:
    """Fail with this error in the middle of a work."""
    with track_progress("backup", work_id="w" * 32, total=3) as work:
        work.advance(2)
        raise error


def test_its_row_tells_how_far_it_is(settings: Config) -> None:
    with track_progress("backup", total=10, every_seconds=OFTEN) as work:
        assert (row(work.id).kind, row(work.id).state, row(work.id).total) == ("backup", "running", 10)
        work.advance(3, "Table users")
        wait_for(work.id, 3)
        assert row(work.id).message == "Table users"
        work.expect(20)
        work.advance()
        wait_for(work.id, 4)
        assert (row(work.id).total, row(work.id).message) == (20, "Table users")
    ended = row(work.id)
    assert (ended.state, ended.done, ended.finished_at is not None) == ("finished", 4, True)


def test_it_tells_while_the_work_is_in_a_transaction(settings: Config) -> None:
    with track_progress("backup", total=10, every_seconds=OFTEN) as work, read_transaction():
        work.advance(7)
        while done_elsewhere(work.id) != 7:
            sleep(OFTEN)
    assert row(work.id).done == 7


@on_one_deployment
def test_a_thousand_steps_are_one_write(settings: Config) -> None:
    with updates_counted() as sent, track_progress("backup", total=1000, every_seconds=SELDOM) as work:
        for _ in range(1000):
            work.advance()
    assert len(sent) == 2, "one at the beginning and one at the end"
    assert row(work.id).done == 1000


@on_one_deployment
def test_what_is_no_news_is_not_written(settings: Config) -> None:
    with track_progress("backup", every_seconds=SELDOM) as work:
        work.advance()
        work.tell()
        with updates_counted() as sent:
            work.tell()
            work.tell()
        assert sent == []


@on_one_deployment
def test_it_gives_a_sign_of_life_without_news(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with track_progress("backup", every_seconds=SELDOM) as running:
        before = row(running.id).updated_at
        monkeypatch.setattr(jobs, "SIGN_OF_LIFE_EVERY_SECONDS", 0)
        running.tell()
        assert row(running.id).updated_at > before


@pytest.mark.parametrize(
    ("error", "message"), [(Invalid("The dump is encrypted."), "The dump is encrypted."), (KeyError("x"), jobs.BROKEN)]
)
def test_an_error_ends_it_and_is_told_in_words_for_people(settings: Config, error: Exception, message: str) -> None:
    with pytest.raises(type(error)):
        fail(error)
    ended = row("w" * 32)
    assert (ended.state, ended.done, ended.message, ended.finished_at is not None) == ("failed", 2, message, True)


def test_a_second_run_starts_the_same_row_again(settings: Config) -> None:
    with pytest.raises(KeyError):
        fail(KeyError("the worker's end"))
    with track_progress("backup", work_id="w" * 32, total=3) as again:
        started = row(again.id)
        assert (started.state, started.done, started.message, started.finished_at) == ("running", 0, "", None)
        again.advance(3)
    assert (row(again.id).state, row(again.id).done, count()) == ("finished", 3, 1)


def test_what_a_run_that_was_given_up_still_says_has_no_effect(settings: Config) -> None:
    with track_progress("backup", work_id="w" * 32, total=3, every_seconds=SELDOM) as first:
        with track_progress("backup", work_id="w" * 32, total=3) as second:
            second.advance(2)
        first.advance(3)
        first.tell()
        assert (row(second.id).state, row(second.id).done) == ("finished", 2)
    assert row(second.id).done == 2


def test_it_is_announced_with_the_transaction_that_asks_for_it(settings: Config) -> None:
    with transaction() as session:
        work_id = announce(session, "verification", total=5)
    assert (row(work_id).state, row(work_id).total) == ("waiting", 5)
    with track_progress("verification", work_id=work_id, total=5):
        assert row(work_id).state == "running"
    assert (row(work_id).state, count()) == ("finished", 1)


@on_one_deployment
def test_a_database_that_is_away_ends_no_work(settings: Config) -> None:
    with track_progress("backup", every_seconds=SELDOM) as running:
        running.advance()
        with engine().begin() as connection:
            connection.execute(text("ALTER TABLE long_works RENAME TO away"))
    with engine().begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO long_works"))
    assert row(running.id).state == "running"


def test_it_forgets_what_ended_long_ago(settings: Config) -> None:
    with track_progress("backup") as old:
        pass
    with track_progress("backup"):
        pass
    long_ago = now() - jobs.KEPT_AFTER_THE_END - timedelta(hours=1)
    with transaction() as session:
        session.execute(update(BackgroundJob).where(BackgroundJob.id == old.id).values(updated_at=long_ago))
    assert (tasks.forget_finished(), count()) == (1, 1)
