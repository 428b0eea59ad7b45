"""Real workers on the three real brokers: every task, duplicates, lost workers, lost brokers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
import redis as redis_client
from celery.result import AsyncResult
from sqlalchemy import select

from framework import config
from framework.celery import outbox, schedule
from framework.celery.celery import app
from framework.celery.models import OutboxRow
from framework.celery.outbox import UNFINISHED_AFTER, enqueue
from framework.celery.tasks import echo, forget_finished, poll_outbox
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.email.messages import BadAddress
from framework.email.tasks import send_email
from tests.cast import PASSWORD, Visitor
from tests.celery.rows import age, committed, row
from tests.celery.test_schedule import job, make_due
from tests.servers.application.deployments import environment
from tests.servers.application.workers import worker
from tests.servers.processes import HANG_SECONDS, Process, accepts, family, free_port
from tests.servers.programs import program
from tests.servers.run import ROOT, Run


def eventually(happened: Callable[[], object]) -> None:
    """Wait until it has happened; the test's own limit ends a wait in vain."""
    while not happened():
        sleep(0.05)


def ask_from_another_process(settings: Config, task: str) -> str:
    """The status and result of a task, as a process finds them that knows nothing but its id."""
    code = f"from framework.celery.celery import app; r = app.AsyncResult({task!r}); print(r.status, r.result)"
    variables = {**environment(settings), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=variables, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_every_task_runs(run: Run, each_broker: Config) -> None:
    with worker(run, each_broker):
        assert echo.delay("hello").get(timeout=HANG_SECONDS) == "hello"
        sent = send_email.delay("ann@example.org", "Hello", "A message")
        assert sent.get(timeout=HANG_SECONDS) is True
        [written] = (each_broker.data / "outbox").glob("*.eml")
        refused: AsyncResult[str] = send_email.delay("nobody", "Hello", "A message")
        eventually(refused.ready)
        poll_outbox.delay()
        forget_finished.delay()
        eventually(lambda: job("outbox").last_result and job("forget").last_result)
    assert b"A message" in written.read_bytes()
    assert ask_from_another_process(each_broker, sent.id) == "SUCCESS True"
    assert refused.status == "FAILURE"
    assert "not an e-mail address" in str(refused.result)
    assert (job("outbox").last_result, job("forget").last_result) == ("0", "0")


def test_a_message_that_comes_twice_has_one_effect(run: Run, each_broker: Config, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    outbox.hand_over([task])
    last = committed("after the others")
    with worker(run, each_broker, "--include", "tests.celery.effects", "--concurrency", "1"):
        app.AsyncResult(last).get(timeout=HANG_SECONDS)
    assert (tmp_path / "lines").read_text() == "one line\n"
    assert app.AsyncResult(task).result == "written"


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(run: Run, each_broker: Config, tmp_path: Path) -> None:
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    with worker(run, each_broker, "--include", "tests.celery.effects") as killed:
        eventually((tmp_path / "begun").exists)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    (tmp_path / "go").touch()
    assert row(task).state == "running"
    age(task, UNFINISHED_AFTER)
    outbox.poll()
    with worker(run, each_broker, "--include", "tests.celery.effects"):
        assert app.AsyncResult(task).get(timeout=HANG_SECONDS) == "written"
    assert (tmp_path / "lines").read_text() == "one line\n"
    assert row(task).attempts == 2


@pytest.mark.long
def test_a_stopped_worker_gives_its_task_to_the_next(run: Run, each_broker: Config, tmp_path: Path) -> None:
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    with worker(run, each_broker, "--include", "tests.celery.effects"):
        eventually((tmp_path / "begun").exists)
    (tmp_path / "go").touch()
    age(task, UNFINISHED_AFTER)
    outbox.poll()
    with worker(run, each_broker, "--include", "tests.celery.effects"):
        assert app.AsyncResult(task).get(timeout=HANG_SECONDS) == "written"
    assert (tmp_path / "lines").read_text() == "one line\n"


@contextmanager
def a_redis_that_forgets(run: Run, port: int) -> Iterator[Process]:
    """A Redis of one's own; what it holds is lost when it ends."""
    command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    process = run.start(f"redis-{free_port()}", command)
    try:
        process.wait_until(lambda: accepts(port))
        yield process
    finally:
        process.stop()


@pytest.mark.long
def test_a_broker_that_goes_away_and_forgets_loses_nothing(
    run: Run, settings: Config, with_settings: Callable[..., Config]
) -> None:
    port = free_port()
    deployed = with_settings(broker_url=f"redis://127.0.0.1:{port}/0")
    with a_redis_that_forgets(run, port):
        forgotten = committed("handed to a broker that forgets")
    missed = committed("written while the broker is away")
    with a_redis_that_forgets(run, port), worker(run, deployed):
        for task in (forgotten, missed):
            age(task, UNFINISHED_AFTER)
        assert outbox.poll() == 2
        assert app.AsyncResult(forgotten).get(timeout=HANG_SECONDS)
        assert app.AsyncResult(missed).get(timeout=HANG_SECONDS)


@pytest.mark.long
def test_a_broker_that_is_emptied_loses_nothing(
    run: Run, settings: Config, with_settings: Callable[..., Config]
) -> None:
    port = free_port()
    deployed = with_settings(broker_url=f"redis://127.0.0.1:{port}/0")
    with a_redis_that_forgets(run, port):
        task = committed("handed over")
        with redis_client.Redis(port=port) as client:
            assert client.dbsize()
            client.flushall()
        with worker(run, deployed):
            age(task, UNFINISHED_AFTER)
            assert outbox.poll() == 1
            assert app.AsyncResult(task).get(timeout=HANG_SECONDS) == "handed over"


def test_a_request_does_not_need_the_broker(
    run: Run, visitor: Visitor, with_settings: Callable[..., Config], settings: Config
) -> None:
    port = free_port()
    with_settings(broker_url=f"redis://127.0.0.1:{port}/0")
    fields = {"username": "ann", "email": "ann@example.org", "password": PASSWORD}
    assert visitor.submit("/signup", **fields).status_code == 302
    with read_transaction() as session:
        [mail] = session.scalars(select(OutboxRow.id))
    with a_redis_that_forgets(run, port), worker(run, config.current()):
        age(mail, timedelta(minutes=1))
        assert outbox.poll() == 1
        assert app.AsyncResult(mail).get(timeout=HANG_SECONDS) is True


@pytest.mark.long
def test_a_python_shell_sends_a_mail_and_another_one_asks_for_it(run: Run, settings: Config) -> None:
    code = "from framework.email.tasks import send_email; print(send_email.delay('ann@example.org', 'Hello', 'Hi.').id)"
    variables = {**environment(settings), "PATH": os.environ["PATH"]}
    shell = [sys.executable, "-c", code]
    task = subprocess.run(shell, cwd=ROOT, env=variables, check=True, capture_output=True, text=True).stdout.strip()
    assert ask_from_another_process(settings, task) == "PENDING None"
    with worker(run, settings):
        eventually(lambda: row(task).state == "finished")
    assert [written.suffix for written in (settings.data / "outbox").iterdir()] == [".eml"]
    assert ask_from_another_process(settings, task) == "SUCCESS True"


@pytest.mark.long
def test_a_worker_outlives_its_broker(run: Run, settings: Config, with_settings: Callable[..., Config]) -> None:
    port = free_port()
    deployed = with_settings(broker_url=f"redis://127.0.0.1:{port}/0")
    with a_redis_that_forgets(run, port) as first, worker(run, deployed):
        first.stop()
        with a_redis_that_forgets(run, port):
            assert echo.delay("still here").get(timeout=HANG_SECONDS) == "still here"


@pytest.mark.long
def test_a_stray_worker_of_another_checkout_takes_nothing(run: Run, each_broker: Config, tmp_path: Path) -> None:
    theirs = replace(each_broker, database_url=f"sqlite:///{tmp_path / 'theirs.sqlite3'}", secret_key="another")
    (tmp_path / "go").touch()
    with worker(run, theirs, "--include", "tests.celery.effects"):
        with transaction() as session:
            task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
        with worker(run, each_broker, "--include", "tests.celery.effects"):
            assert app.AsyncResult(task).get(timeout=HANG_SECONDS) == "written"
    assert row(task).attempts == 1


@pytest.mark.long
@pytest.mark.parametrize("flag", [pytest.param([], marks=pytest.mark.long), ["-B"]])
def test_scheduled_work_runs_with_a_scheduler_beside_or_inside_the_worker(
    run: Run, settings: Config, flag: list[str]
) -> None:
    schedule.start_due_jobs()
    with worker(run, settings, *flag):
        if not flag:
            poll_outbox.delay()
        eventually(lambda: job("outbox").last_result == "0")


def test_the_scheduler_of_a_worker_is_no_process(run: Run, settings: Config) -> None:
    schedule.start_due_jobs()
    make_due()
    with worker(run, settings, "-B", WORKER_CONCURRENCY="1") as process:
        eventually(lambda: job("outbox").last_result == "0")
        assert len(family(process.pid)) == 2, "the main process and one for tasks"


@pytest.mark.long
def test_a_refused_task_says_why(run: Run, settings: Config) -> None:
    with worker(run, settings):
        refused: AsyncResult[str] = send_email.delay("nobody", "Hello", "A message")
        with pytest.raises(Exception, match="not an e-mail address") as raised:
            refused.get(timeout=HANG_SECONDS)
    assert type(raised.value).__name__ == BadAddress.__name__


def test_a_task_called_in_the_process_needs_no_row(settings: Config) -> None:
    assert echo("here") == "here"
    assert forget_finished() == 0


def test_a_task_waits_for_its_countdown(settings: Config) -> None:
    waiting: AsyncResult[str] = echo.apply_async(("later",), countdown=timedelta(hours=1).total_seconds())
    assert (row(waiting.id).state, waiting.status) == ("waiting", "PENDING")
