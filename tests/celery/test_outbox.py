"""The outbox: what is written with a change is handed over after it, and again until it is finished."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from framework.celery import broker, outbox
from framework.celery.broker import BrokerAway
from framework.celery.worker import runs
from framework.config import Config
from framework.database.session import call_after_commit, transaction
from framework.database.types import now
from tests.cast import on_each_deployment
from tests.celery.rows import ECHO, age, claimed, committed, count, rename_table, row, set_to
from tests.servers.processes import free_port

pytestmark = on_each_deployment


def waiting_messages() -> list[str]:
    """The ids of the tasks that wait at the broker; they are taken from it."""
    with broker.connect() as connection:
        taken = []
        for queue in (queue(connection.channel()) for queue in broker.queues()):
            queue.declare()
            while (message := queue.get(no_ack=True)) is not None:
                taken.append(str(message.headers["id"]))
    return taken


def enqueue_and_fail() -> None:
    """Enqueue a task, then fail before the commit."""
    with transaction() as session:
        outbox.enqueue(session, ECHO, "hello")
        raise RuntimeError("changed my mind")


def test_it_hands_a_committed_task_to_the_broker(each_broker: Config) -> None:
    task = committed("hello")
    assert waiting_messages() == [task]
    assert (row(task).state, row(task).args) == ("handed", ["hello"])


def test_it_hands_over_nothing_of_a_transaction_that_was_rolled_back(settings: Config) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        enqueue_and_fail()
    assert count() == 0
    assert waiting_messages() == []


def test_it_keeps_the_first_task_of_a_key(settings: Config) -> None:
    assert committed("first", key="the-key") == "the-key"
    assert committed("second", key="the-key") == "the-key"
    assert row("the-key").args == ["first"]
    assert count() == 1


def test_it_hands_over_every_task_of_a_transaction_in_order(settings: Config) -> None:
    with transaction() as session:
        tasks = [outbox.enqueue(session, ECHO, str(number)) for number in range(5)]
    assert sorted(waiting_messages()) == sorted(tasks)


@pytest.mark.deployments("embedded")
def test_it_refuses_a_key_that_the_table_cannot_hold(settings: Config) -> None:
    with pytest.raises(ValueError, match="longer than 100"):
        committed(key="k" * 101)


@pytest.mark.deployments("embedded")
def test_it_keeps_a_task_until_its_time(settings: Config) -> None:
    task = committed(not_before=now() + timedelta(hours=1))
    assert waiting_messages() == []
    age(task, timedelta(hours=2))
    assert outbox.poll() == 1
    assert waiting_messages() == [task]


@pytest.mark.deployments("embedded")
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_it_keeps_a_task_while_the_broker_is_away(with_settings: Callable[..., Config], scheme: str) -> None:
    with_settings(broker_url=f"{scheme}://127.0.0.1:{free_port()}//")
    task = committed("patience")
    assert row(task).state == "waiting"
    age(task, timedelta(minutes=1))
    with pytest.raises(BrokerAway):
        outbox.poll()
    with_settings(broker_url="folder:")
    assert outbox.poll() == 1
    assert waiting_messages() == [task]


@pytest.mark.deployments("embedded")
def test_it_keeps_a_task_when_the_database_fails_after_the_commit(settings: Config) -> None:
    with transaction() as session:
        call_after_commit(session, lambda: rename_table("outbox", "aside"))
        task = outbox.enqueue(session, ECHO, "word")
    rename_table("aside", "outbox")
    assert row(task).state == "waiting"


@pytest.mark.parametrize("state", ["handed", "running"])
def test_it_sends_again_what_nobody_finished(settings: Config, state: str) -> None:
    task = committed()
    waiting_messages()
    set_to(task, state=state)
    assert outbox.poll() == 0
    age(task, outbox.UNFINISHED_AFTER)
    assert outbox.poll() == 1
    assert waiting_messages() == [task]


@pytest.mark.deployments("embedded")
@pytest.mark.parametrize("state", ["finished", "failed"])
def test_it_sends_nothing_again_that_has_ended(settings: Config, state: str) -> None:
    task = committed()
    waiting_messages()
    set_to(task, state=state)
    age(task, timedelta(days=1))
    assert outbox.poll() == 0
    assert outbox.hand_over([task]) == 0


def test_it_forgets_what_ended_long_ago(settings: Config) -> None:
    old, young, unfinished = committed(), committed(), committed()
    for task in (old, young):
        runs.finish(claimed(task), "done")
    age(old, timedelta(days=settings.outbox_days, hours=1))
    age(unfinished, timedelta(days=300))
    assert outbox.forget_finished() == 1
    assert {row(task).id for task in (young, unfinished)} == {young, unfinished}
    assert count() == 2
