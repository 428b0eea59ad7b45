"""The runs of a task: one at a time, finished once, put off and given up."""

import json
from datetime import timedelta

import pytest

from framework.celery.outbox import UNFINISHED_AFTER
from framework.celery.worker import runs
from framework.config import Config
from framework.database.types import now
from framework.errors import Forbidden, Invalid, NotFound, Unavailable
from tests.cast import on_each_deployment
from tests.celery.rows import age, committed, row, set_to

pytestmark = on_each_deployment


def test_it_gives_a_task_to_one_run(settings: Config) -> None:
    task = committed()
    first = runs.claim(task)
    assert first
    assert (first.state, first.attempts) == ("running", 1)
    assert runs.claim(task) is None


def test_it_shows_a_second_delivery_what_the_first_run_returned(settings: Config) -> None:
    task = committed()
    runs.claim(task)
    runs.finish(task, {"sent": 1})
    again = runs.claim(task)
    assert again
    assert (again.state, again.result, again.attempts) == ("finished", '{"sent": 1}', 1)


def test_it_gives_a_lost_run_to_another_worker(settings: Config) -> None:
    task = committed()
    runs.claim(task)
    age(task, UNFINISHED_AFTER)
    again = runs.claim(task)
    assert again
    assert again.attempts == 2


def test_it_leaves_a_renewed_run_alone(settings: Config) -> None:
    task = committed()
    runs.claim(task)
    age(task, UNFINISHED_AFTER)
    runs.renew(task)
    assert runs.claim(task) is None


@pytest.mark.deployments("embedded")
def test_it_knows_no_task_without_a_row(settings: Config) -> None:
    assert runs.claim("never enqueued") is None


@pytest.mark.deployments("embedded")
def test_it_does_not_start_before_the_time(settings: Config) -> None:
    assert runs.claim(committed(not_before=now() + timedelta(minutes=1))) is None


@pytest.mark.deployments("embedded")
def test_it_waits_longer_after_each_failure_and_gives_up_after_five_days(settings: Config) -> None:
    task, waited = committed(), []
    while row(task).state != "failed":
        assert runs.claim(task)
        waited.append(runs.put_off(task, Unavailable("no answer")) or timedelta())
        set_to(task, not_before=now())
    assert waited[:3] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)]
    assert timedelta(days=4, hours=20) < sum(waited, timedelta()) < timedelta(days=5, hours=4)
    assert "no answer" in (row(task).result or "")
    assert runs.claim(task) is None


@pytest.mark.deployments("embedded")
def test_a_task_that_was_put_off_does_not_start_early(settings: Config) -> None:
    task = committed()
    runs.claim(task)
    runs.put_off(task, Unavailable("no answer"))
    assert row(task).state == "waiting"
    assert runs.claim(task) is None


@pytest.mark.deployments("embedded")
@pytest.mark.parametrize("refusal", [Invalid, Forbidden, NotFound])
def test_it_does_not_repeat_what_no_repetition_changes(settings: Config, refusal: type[Exception]) -> None:
    task = committed()
    runs.claim(task)
    assert runs.put_off(task, refusal("never")) is None
    assert row(task).state == "failed"


@pytest.mark.deployments("embedded")
def test_it_gives_up_on_a_task_that_ends_every_worker(settings: Config) -> None:
    task = committed()
    set_to(task, state="running", attempts=len(runs.DELAYS) + 1)
    age(task, UNFINISHED_AFTER)
    assert runs.claim(task) is None
    assert row(task).state == "failed"
    assert json.loads(row(task).result or "")["exc_type"] == "WorkerLost"
