"""Brokers that are away before, during or after a request, or lose all that they hold; an hour without anything.

On each of the three brokers everything arrives afterwards, once. Time passes by rows that are made older.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from framework.celery import broker, outbox
from framework.celery.broker import BrokerAway
from framework.celery.celery import app
from framework.celery.models import OutboxRow
from framework.celery.outbox import UNFINISHED_AFTER, enqueue
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.email.tasks import send_email
from tests.celery.conftest import BROKERS
from tests.celery.rows import age, row
from tests.celery.test_workers import eventually
from tests.servers.application.workers import worker
from tests.servers.backends.smtp import SmtpServer
from tests.servers.processes import HANG_SECONDS
from tests.servers.proxies.gate import Gate
from tests.servers.run import Run

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Broken:
    """A deployment whose broker can go away, and be cut off after some bytes; None where it speaks no protocol."""

    settings: Config
    away: Callable[[], AbstractContextManager[None]]
    gate: Gate | None


@pytest.fixture(params=BROKERS)
def broken(request: pytest.FixtureRequest, with_settings: Callable[..., Config]) -> Iterator[Broken]:
    """The deployment on each of the brokers in turn."""
    if request.param == "folder":
        settings = with_settings(broker_url="folder:")
        yield Broken(settings, lambda: without_folder(settings.data / "broker"), None)
        return
    gate = Gate(request.getfixturevalue(request.param))
    yield Broken(with_settings(broker_url=gate.url), gate.shut, gate)
    gate.close()


@contextmanager
def without_folder(folder: Path) -> Iterator[None]:
    """A file is in the folder's place while the block runs; it is back at once, so nobody makes another between."""
    aside, link = folder.with_name("aside"), folder.with_name("link")
    folder.mkdir(exist_ok=True)
    folder.rename(aside)
    folder.touch()
    try:
        yield
    finally:
        link.symlink_to(aside)
        link.replace(folder)


def written(tmp_path: Path) -> str:
    """The id of a task whose effect is a line."""
    (tmp_path / "go").touch()
    with transaction() as session:
        return enqueue(session, "tests.celery.effects.write_line", str(tmp_path))


def done_once(run: Run, broken: Broken, task: str, tmp_path: Path) -> bool:
    """Whether the task has its effect, and once, after five minutes and by a worker that has nothing left to do."""
    age(task, UNFINISHED_AFTER)
    outbox.poll()
    with transaction() as session:
        last = enqueue(session, "framework.celery.tasks.echo", "the last")
    with worker(run, broken.settings, "--include", "tests.celery.effects", "--concurrency", "1"):
        for each in (task, last):
            app.AsyncResult(each).get(timeout=HANG_SECONDS)
    return (tmp_path / "lines").read_text() == "one line\n"


def test_a_broker_that_is_away_before_and_during_a_request_loses_nothing(
    run: Run, broken: Broken, tmp_path: Path
) -> None:
    with broken.away():
        task = written(tmp_path)
        age(task, outbox.HANDED_BY_ITS_WRITER)
        with pytest.raises(BrokerAway):
            outbox.poll()
    assert row(task).state == "waiting"
    assert done_once(run, broken, task, tmp_path)


@pytest.mark.parametrize(
    "size_bytes",
    [
        pytest.param(0, marks=pytest.mark.long),
        pytest.param(20, marks=pytest.mark.long),
        400,
        pytest.param(700, marks=pytest.mark.long),
    ],
)
def test_a_broker_that_is_cut_off_in_the_middle_of_a_message_loses_nothing(
    run: Run, broken: Broken, tmp_path: Path, size_bytes: int
) -> None:
    if broken.gate is None:
        return  # a message in a folder appears by a rename, whole
    with broken.gate.cutting_after(size_bytes):
        task = written(tmp_path)
    assert row(task).state in {"waiting", "handed"}
    assert done_once(run, broken, task, tmp_path)


def test_a_broker_that_goes_away_with_its_messages_after_a_request_loses_nothing(
    run: Run, broken: Broken, tmp_path: Path
) -> None:
    task = written(tmp_path)
    assert row(task).state == "handed"
    with broker.connect() as connection:
        for queue in (queue(connection.channel()) for queue in broker.queues()):
            queue.declare()
            queue.purge()
    with broken.away():
        assert row(task).state == "handed"
    assert done_once(run, broken, task, tmp_path)


def test_a_broker_that_is_away_when_a_task_ends_finds_its_worker_at_work_again(
    run: Run, broken: Broken, tmp_path: Path
) -> None:
    task = written(tmp_path)
    (tmp_path / "go").unlink()
    with worker(run, broken.settings, "--include", "tests.celery.effects", "--concurrency", "1") as process:
        eventually((tmp_path / "begun").exists)
        with broken.away():
            (tmp_path / "go").touch()
            eventually(lambda: row(task).state == "finished")
            eventually(lambda: re.search("Couldn't ack|Connection to broker lost", process.log.read_text()))
        for word in ("first", "second"):
            with transaction() as session:
                next_one = enqueue(session, "framework.celery.tasks.echo", word)
            assert app.AsyncResult(next_one).get(timeout=HANG_SECONDS) == word
    assert (tmp_path / "lines").read_text() == "one line\n"


def test_a_message_that_the_folder_does_not_take_back_is_left_to_the_outbox(
    with_settings: Callable[..., Config], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = with_settings(broker_url="folder:")
    task = written(tmp_path)
    with broker.connect() as connection:
        queue = broker.queue_for("tests.celery.effects.write_line")(connection.channel())
        queue.declare()
        assert queue.get(no_ack=False)
        with without_folder(settings.data / "broker"):
            connection.close()
    assert "UNABLE TO RESTORE" not in caplog.text  # what kombu says of messages that it writes elsewhere
    assert row(task).state == "handed"


def test_a_connection_that_was_lost_is_opened_once_however_many_tasks_run(
    run: Run, broken: Broken, tmp_path: Path
) -> None:
    if broken.gate is None:
        return  # a folder has no connections
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    tasks = [written(folder) for folder in folders]
    for folder in folders:
        (folder / "go").unlink()
    with worker(run, broken.settings, "--include", "tests.celery.effects", "--concurrency", "2") as process:
        eventually(lambda: all((folder / "begun").exists() for folder in folders))
        with broken.away():
            pass
        for folder in folders:
            (folder / "go").touch()
        eventually(lambda: {row(task).state for task in tasks} == {"finished"})
        with transaction() as session:
            last = enqueue(session, "framework.celery.tasks.echo", "the last")
        assert app.AsyncResult(last).get(timeout=HANG_SECONDS) == "the last"
        assert process.log.read_text().count("Connection to broker lost") <= 1


def test_after_an_hour_without_broker_worker_and_mail_server_each_mail_comes_once(
    run: Run, broken: Broken, with_settings: Callable[..., Config], smtp: SmtpServer
) -> None:
    settings = with_settings(broker_url=broken.settings.broker_url, smtp_url=smtp.url)
    mails = [send_email.delay("ann@example.org", "Before", "Hi.").id]
    with broken.away():
        mails.append(send_email.delay("ann@example.org", "Meanwhile", "Hi.").id)
    for mail in mails:
        age(mail, HOUR)
    assert outbox.poll() == outbox.hand_over(mails) == 2, "each message comes at least twice"
    smtp.answer("RCPT", "451 The disk is full", times=2)
    with worker(run, settings):
        eventually(lambda: all(row(mail).result for mail in mails))
        assert smtp.deliveries == []
        for mail in mails:
            age(mail, HOUR)
        assert outbox.poll() == 2
        for mail in mails:
            app.AsyncResult(mail).get(timeout=HANG_SECONDS)
        assert app.AsyncResult(send_email.delay("ann@example.org", "Afterwards", "Hi.").id).get(timeout=HANG_SECONDS)
    subjects = Counter(str(delivery.message["Subject"]) for delivery in smtp.deliveries)
    assert subjects == {"Before": 1, "Meanwhile": 1, "Afterwards": 1}
    with read_transaction() as session:
        assert set(session.scalars(select(OutboxRow.state))) == {"finished"}
