"""Scheduled work: one scheduler acts, a lost run delays a job and never stops it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from framework.celery import outbox, schedule
from framework.celery.broker import BrokerAway
from framework.celery.celery import app
from framework.celery.heartbeat import WAKES_EVERY_SECONDS
from framework.celery.models import OutboxRow, ScheduledJob
from framework.celery.outbox import enqueue
from framework.celery.schedule import PERIODS_END_EVERY, JobRuns
from framework.celery.scheduler import AGAIN_SECONDS, Scheduler
from framework.celery.worker.presence import Presence
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories.journal.writer import CONFIRMED_BY_ITS_MAKER
from framework.repositories.models import Repository, Version
from framework.storage.models import OWNER, Deployment
from tests.cast import on_each_deployment
from tests.celery.test_outbox import waiting_messages
from tests.servers.processes import free_port
from tests.statements import noted_statements

pytestmark = on_each_deployment


def job(name: str = "outbox") -> ScheduledJob:
    """The job's row as it is now."""
    with read_transaction() as session:
        return session.get_one(ScheduledJob, name)


def make_due(name: str = "outbox") -> None:
    """Have the job's time come, and a lease lapse."""
    past = now() - timedelta(seconds=1)
    with transaction() as session:
        session.execute(update(ScheduledJob).where(ScheduledJob.name == name).values(next_run_at=past))


def let_lease_lapse() -> None:
    """Have nobody renew the lease."""
    past = now() - timedelta(seconds=1)
    with transaction() as session:
        session.execute(update(ScheduledJob).where(ScheduledJob.name == "outbox").values(lease_expires_at=past))


def postpone_all() -> None:
    """Have no job's time come within the hour, however near the next full minute is."""
    with transaction() as session:
        session.execute(update(ScheduledJob).values(next_run_at=now() + timedelta(hours=1)))


def set_marks(marks: list[Any]) -> None:
    """Have this database own the bucket by these marks, the newest first."""
    with transaction() as session:
        session.merge(Deployment(id=1, identity="0" * 32, token=1, claim="0" * 16, state=OWNER, marks=marks))


@pytest.fixture
def due(settings: Config) -> Config:
    """A deployment whose outbox job is due, and no other."""
    set_marks([{"rests": True}])
    schedule.start_due_jobs()
    postpone_all()
    make_due()
    return settings


def test_it_lists_every_job_at_the_first_look(settings: Config) -> None:
    before = now()
    assert 0 < schedule.start_due_jobs() <= WAKES_EVERY_SECONDS
    assert all(job(name).next_run_at > before for name in app.conf.beat_schedule)
    assert waiting_messages() == []


@pytest.fixture
def idle(settings: Config) -> Config:
    """A deployment none of whose jobs is due within the hour."""
    set_marks([{"rests": True}])
    schedule.start_due_jobs()
    postpone_all()
    return settings


def test_it_sleeps_whatever_another_release_left_behind(idle: Config) -> None:
    with transaction() as session:
        session.add(ScheduledJob(name="of-a-later-release", next_run_at=now() - timedelta(days=1)))
    assert schedule.start_due_jobs() == WAKES_EVERY_SECONDS


def test_it_sleeps_while_a_job_runs_past_its_next_time(idle: Config) -> None:
    schedule.start_now("outbox")
    make_due()
    assert schedule.start_due_jobs() == WAKES_EVERY_SECONDS


@pytest.fixture
def rested(idle: Config) -> Config:
    """A deployment that is idle, and whose jobs have run a minute ago."""
    with transaction() as session:
        session.execute(update(ScheduledJob).values(last_run_at=now() - timedelta(minutes=1)))
    return idle


def test_a_job_that_is_needed_runs_before_its_time_and_not_twice_at_once(rested: Config) -> None:
    with transaction() as session:
        waiting = enqueue(session, "framework.celery.tasks.echo", "late", not_before=now() + timedelta(hours=1))
    assert schedule.start_due_jobs() == WAKES_EVERY_SECONDS
    with transaction() as session:
        session.get_one(OutboxRow, waiting).not_before = now() - timedelta(minutes=5)
    schedule.start_due_jobs()
    lease = job().lease_owner
    assert lease
    assert waiting_messages() == [lease]
    assert schedule.record("outbox", lease, 0)
    with transaction() as session:
        ran = session.get_one(ScheduledJob, "outbox")
        ran.last_run_at, ran.next_run_at = now() + timedelta(minutes=1), now() + timedelta(hours=1)
    assert schedule.start_due_jobs() == WAKES_EVERY_SECONDS, "the next run has a pause before it"
    assert waiting_messages() == []


def test_of_two_schedulers_that_see_a_need_one_acts(rested: Config) -> None:
    with transaction() as session:
        lost = now() - timedelta(minutes=5)
        session.add(OutboxRow(id="lost", task="framework.celery.tasks.echo", args=[], kwargs={}, not_before=lost))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: schedule.start_due_jobs(), range(4)))
    assert waiting_messages() == [job().lease_owner]


def test_it_sleeps_until_a_task_that_failed_is_due(rested: Config) -> None:
    with transaction() as session:
        due = now() + timedelta(seconds=8) - outbox.HANDED_BY_ITS_WRITER
        session.add(OutboxRow(id="failed", task="framework.celery.tasks.echo", args=[], kwargs={}, not_before=due))
    assert schedule.start_due_jobs() <= 8


def test_everything_wakes_at_full_and_half_minutes(due: Config) -> None:
    before = now()
    schedule.start_due_jobs()
    assert job().next_run_at.timestamp() % PERIODS_END_EVERY.total_seconds() == 0
    assert before < job().next_run_at <= now() + PERIODS_END_EVERY
    assert Scheduler(app).tick() <= WAKES_EVERY_SECONDS


def test_a_deployment_at_rest_asks_sql_one_statement_at_a_time(rested: Config) -> None:
    """The scheduler and the worker's sign of life; nothing that recurs is needed while nobody changes anything."""
    here = Presence("celery@dyno", ["one"])
    here.tell()
    for act in (schedule.start_due_jobs, here.tell):
        with noted_statements() as statements:
            act()
        assert len([one for one in statements if not one.startswith("BEGIN")]) == 1, statements
    assert waiting_messages() == []


def test_the_mark_in_the_bucket_is_renewed_until_it_rests(rested: Config) -> None:
    set_marks([{"rests": False}, {"rests": True}])
    schedule.start_due_jobs()
    assert waiting_messages() == [job("owner").lease_owner]


def test_an_entry_that_its_maker_left_is_written_into_the_journal(rested: Config) -> None:
    repository, hash_ = "0" * 32, "0" * 64
    with transaction() as session:
        session.add(Repository(id=repository, about={}))
        session.flush()
        session.add(
            Version(
                repository_id=repository,
                epoch=1,
                version=1,
                push_id=repository,
                pack_generation=0,
                actor="alice",
                entry_hash=hash_,
                entry=b"{}",
            )
        )
    assert schedule.start_due_jobs() == WAKES_EVERY_SECONDS, "its maker is writing it"
    with transaction() as session:
        session.execute(update(Version).values(created_at=now() - CONFIRMED_BY_ITS_MAKER))
    schedule.start_due_jobs()
    assert waiting_messages() == [job("log").lease_owner]


def test_a_time_of_the_calendar_is_met_to_the_second(settings: Config) -> None:
    schedule.start_due_jobs()
    for name, minute in (("backup", 30), ("collect", 30), ("trash", 0), ("drill", 0)):
        moment = job(name).next_run_at
        assert (moment.minute, moment.second, moment.microsecond) == (minute, 0, 0)


def test_one_of_two_schedulers_acts(due: Config) -> None:
    schedule.start_due_jobs()
    schedule.start_due_jobs()
    assert waiting_messages() == [job().lease_owner]


def test_it_does_not_start_a_job_that_still_runs(due: Config) -> None:
    schedule.start_due_jobs()
    make_due()
    schedule.start_due_jobs()
    assert len(waiting_messages()) == 1


def test_of_many_schedulers_at_once_one_acts(due: Config) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: schedule.start_due_jobs(), range(4)))
    assert waiting_messages() == [job().lease_owner]


def test_a_run_that_is_lost_twice_waits_for_the_time_of_its_job(due: Config) -> None:
    for started in (1, 1, 0):
        schedule.start_due_jobs()
        postpone_all()
        let_lease_lapse()
        assert len(waiting_messages()) == started
    make_due()
    for started in (1, 1, 0):
        schedule.start_due_jobs()
        postpone_all()
        let_lease_lapse()
        assert len(waiting_messages()) == started


def test_it_starts_a_job_again_whose_run_was_lost(due: Config) -> None:
    schedule.start_due_jobs()
    lost = job().lease_owner
    let_lease_lapse()
    schedule.start_due_jobs()
    assert lost
    assert job().lease_owner != lost
    assert not schedule.renew("outbox", lost)
    assert not schedule.record("outbox", lost, "too late")


def test_it_records_what_came_of_a_run(due: Config) -> None:
    schedule.start_due_jobs()
    lease = job().lease_owner
    assert lease
    assert schedule.renew("outbox", lease)
    assert schedule.record("outbox", lease, {"sent": 3})
    ran = job()
    assert (ran.last_result, ran.lease_owner) == ('{"sent": 3}', None)
    assert ran.last_run_at
    assert not schedule.renew("outbox", lease)


def test_a_run_that_a_restart_interrupted_begins_again_soon(due: Config) -> None:
    schedule.start_due_jobs()
    lease = job().lease_owner
    assert lease
    assert schedule.put_off("outbox", lease)
    assert (job().last_result, job().lease_owner) == (None, None)
    assert now() < job().next_run_at <= now() + schedule.INTERRUPTED_FOR
    assert not schedule.put_off("outbox", lease)


@pytest.mark.deployments("embedded")
def test_it_gives_the_lease_back_when_the_broker_is_away(due: Config, with_settings: Callable[..., Config]) -> None:
    with_settings(broker_url=f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(BrokerAway):
        schedule.start_due_jobs()
    assert job().lease_owner is None
    assert job().next_run_at <= now()


@pytest.mark.deployments("embedded")
def test_the_scheduler_goes_on_when_the_broker_is_away(due: Config, with_settings: Callable[..., Config]) -> None:
    with_settings(broker_url=f"redis://127.0.0.1:{free_port()}/0")
    assert Scheduler(app).tick() == AGAIN_SECONDS
    with_settings(broker_url="folder:")
    Scheduler(app).tick()
    assert waiting_messages() == [job().lease_owner]


@pytest.mark.deployments("embedded")
def test_a_job_can_be_started_before_its_time_and_once(settings: Config) -> None:
    started = schedule.start_now("outbox")
    assert waiting_messages() == [started]
    with pytest.raises(JobRuns, match="running already"):
        schedule.start_now("outbox")
