"""The runs of a task: one at a time, finished once, put off and given up."""

import json
from datetime import timedelta

import pytest
from celery.exceptions import Ignore

from framework.celery.celery import app
from framework.celery.models import OutboxRow
from framework.celery.outbox import UNFINISHED_AFTER
from framework.celery.worker import runs
from framework.config import Config
from framework.database.types import now
from framework.errors import Forbidden, GivenUp, Invalid, NotFound, Unavailable
from tests.cast import on_each_deployment
from tests.celery.rows import age, claimed, committed, row, set_to

pytestmark = on_each_deployment


def test_it_gives_a_task_to_one_run(settings: Config) -> None:
    task = committed()
    first = runs.claim(task)
    assert first
    assert (first.state, first.attempts) == ("running", 1)
    assert runs.claim(task) is None


def test_it_shows_a_second_delivery_what_the_first_run_returned(settings: Config) -> None:
    task = committed()
    runs.finish(claimed(task), {"sent": 1})
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
    run = claimed(task)
    age(task, UNFINISHED_AFTER)
    runs.renew(run)
    assert runs.claim(task) is None


@pytest.fixture
def lost(settings: Config) -> OutboxRow:
    """A run that was not heard of for too long, and whose task another one has claimed since."""
    run = claimed(committed())
    age(run.id, UNFINISHED_AFTER)
    claimed(run.id)
    return run


def test_a_lost_run_does_not_speak_for_the_one_that_has_taken_over(lost: OutboxRow) -> None:
    age(lost.id, UNFINISHED_AFTER)
    runs.renew(lost)
    runs.finish(lost, "done")
    with pytest.raises(runs.TakenOver):
        runs.put_off(lost, Unavailable("no answer"))
    assert (row(lost.id).state, row(lost.id).args) == ("running", ["word"])
    assert claimed(lost.id).attempts == 3, "nobody has renewed it"


@pytest.mark.deployments("embedded")
def test_the_failure_of_a_lost_run_is_ignored(settings: Config) -> None:
    task = committed()

    @app.task(name="tests.celery.test_runs.fail_late")
    def fail_late() -> None:
        age(task, UNFINISHED_AFTER)
        claimed(task)
        raise Unavailable("no answer")

    fail_late.push_request(id=task, called_directly=False)
    with pytest.raises(Ignore):
        fail_late()
    assert row(task).state == "running"


def test_a_lost_run_that_fails_does_not_repeat_what_has_finished(lost: OutboxRow) -> None:
    runs.finish(row(lost.id), "done")
    with pytest.raises(runs.TakenOver):
        runs.put_off(lost, Unavailable("no answer"))
    assert (row(lost.id).state, row(lost.id).result) == ("finished", '"done"')


def test_a_run_that_was_given_back_and_ends_all_the_same_is_not_repeated(settings: Config) -> None:
    run = runs.claim(committed(), "a stopping worker")
    assert run
    assert runs.give_back("a stopping worker") == 1
    runs.finish(run, "done")
    assert row(run.id).state == "finished"


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
        waited.append(runs.put_off(claimed(task), Unavailable("no answer")) or timedelta())
        set_to(task, not_before=now())
    assert waited[:3] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)]
    assert timedelta(days=4, hours=20) < sum(waited, timedelta()) < timedelta(days=5, hours=4)
    assert "no answer" in (row(task).result or "")
    assert runs.claim(task) is None


@pytest.mark.deployments("embedded")
def test_a_task_that_was_put_off_does_not_start_early(settings: Config) -> None:
    task = committed()
    runs.put_off(claimed(task), Unavailable("no answer"))
    assert row(task).state == "waiting"
    assert runs.claim(task) is None


@pytest.mark.deployments("embedded")
@pytest.mark.parametrize("refusal", [Invalid, Forbidden, NotFound, GivenUp])
def test_it_does_not_repeat_what_no_repetition_changes(settings: Config, refusal: type[Exception]) -> None:
    task = committed()
    assert runs.put_off(claimed(task), refusal("never")) is None
    assert row(task).state == "failed"


@pytest.mark.deployments("embedded")
def test_it_gives_up_on_a_task_that_ends_every_worker(settings: Config) -> None:
    task = committed()
    set_to(task, state="running", attempts=len(runs.DELAYS) + 1)
    age(task, UNFINISHED_AFTER)
    assert runs.claim(task) is None
    assert row(task).state == "failed"
    assert json.loads(row(task).result or "")["exc_type"] == "WorkerLost"
