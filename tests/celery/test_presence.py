"""Which workers are up: what their rows say, and what becomes of those that were killed."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import update

from framework.celery import broker
from framework.celery.celery import app
from framework.celery.models import GONE_AFTER, RunningWorker
from framework.celery.outbox import enqueue
from framework.celery.worker import presence
from framework.celery.worker.presence import Presence
from framework.config import Config
from framework.database.session import transaction
from framework.database.types import now
from tests.cast import on_each_deployment_in_full, on_one_deployment
from tests.celery.rows import row
from tests.servers.application.workers import worker
from tests.servers.processes import HANG_SECONDS, family
from tests.servers.run import Run

pytestmark = on_each_deployment_in_full


def silent_for(time: timedelta) -> None:
    """Have no worker have said anything for so long."""
    with transaction() as session:
        session.execute(update(RunningWorker).values(seen_at=now() - time))


def test_a_worker_says_that_it_is_up_and_that_it_stops(run: Run, each_broker: Config) -> None:
    with worker(run, each_broker) as process:
        [up] = presence.workers()
        assert (up.process_id, up.release) == (process.pid, presence.release())
        assert set(up.queues) == {queue.name for queue in broker.queues()}
        assert up.up
    assert presence.workers() == []


def test_a_worker_that_fell_silent_is_told_apart_and_forgotten_after_a_day(settings: Config) -> None:
    killed = Presence("celery@dyno", ["one"])
    killed.tell()
    silent_for(2 * GONE_AFTER)
    assert [each.up for each in presence.workers()] == [False]
    silent_for(presence.FORGOTTEN_AFTER)
    assert presence.workers() == []
    Presence("celery@another", ["one"]).end()
    with transaction() as session:
        assert session.get(RunningWorker, killed.id) is None


@on_one_deployment
def test_a_row_that_was_forgotten_is_written_anew(settings: Config) -> None:
    here = Presence("celery@dyno", ["one"])
    here.tell()
    silent_for(presence.FORGOTTEN_AFTER)
    here.tell()
    assert [each.up for each in presence.workers()] == [True]


@on_one_deployment
@pytest.mark.parametrize("remapped", ["", pytest.param("SIGQUIT", marks=pytest.mark.long)])
def test_a_stopped_worker_gives_back_what_it_was_running(
    run: Run, each_broker: Config, tmp_path: Path, remapped: str
) -> None:
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    with worker(run, each_broker, "--include", "tests.celery.effects", REMAP_SIGTERM=remapped) as stopped:
        while not (tmp_path / "begun").exists():
            sleep(0.05)
        os.kill(stopped.pid, signal.SIGTERM)
        stopped.wait()  # the task does not end before it is told to: what ended is its worker
    assert (row(task).state, row(task).attempts) == ("waiting", 1)
    (tmp_path / "go").touch()
    with worker(run, each_broker, "-B", "--include", "tests.celery.effects"):
        assert app.AsyncResult(task).get(timeout=HANG_SECONDS) == "written"
    assert (tmp_path / "lines").read_text() == "one line\n"


@pytest.mark.long
@on_one_deployment
def test_a_worker_whose_pool_does_not_end_stops_and_gives_back(run: Run, settings: Config, tmp_path: Path) -> None:
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    with worker(run, settings, "--include", "tests.celery.effects") as stuck:
        while not (tmp_path / "begun").exists():
            sleep(0.05)
        for child in set(family(stuck.pid)) - {stuck.pid}:
            os.kill(child, signal.SIGSTOP)
        os.kill(stuck.pid, signal.SIGTERM)
        stuck.wait()
        assert family(stuck.pid) == []
    assert (row(task).state, row(task).attempts) == ("waiting", 1)
