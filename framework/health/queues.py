"""The queues of this deployment: what waits in each and for how long, and who else is on the broker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import ChannelError
from sqlalchemy import func, select

from framework.celery import broker
from framework.celery.models import OutboxRow
from framework.celery.outbox import HANDED, WAITING
from framework.database.session import read_transaction
from framework.database.types import from_now

ANSWERS_WITHIN_SECONDS = 1


@dataclass(frozen=True)
class QueueState:
    """One queue: messages at the broker, consumers there (None: it does not tell), and tasks that are due and wait."""

    name: str
    messages: int
    consumers: int | None
    waiting: int
    oldest_at: datetime | None

    @property
    def kind(self) -> str:
        """What the queue is for, without the deployment's name."""
        return self.name.rpartition(".")[2]


def queue_states() -> list[QueueState]:
    """Every queue as it is now.

    Raises:
        BrokerAway: it does not answer.
    """
    with broker.connect() as connection:
        found = {queue.name: _counts(queue, connection) for queue in broker.queues()}
    waiting = _count_waiting()
    return [QueueState(name, *counts, *waiting.get(name, (0, None))) for name, counts in found.items()]


def foreign_nodes() -> list[str]:
    """Workers of other Celery applications that use the same broker; a folder is nobody else's.

    They answer on Celery's default exchange. Queues of other names keep our messages from them.
    """
    if broker.in_folder():
        return []
    other = Celery("other", broker=broker.url(), set_as_current=False)
    other.conf.update(broker_use_ssl=broker.tls(), broker_transport_options=broker.transport_options())
    with broker.connect() as connection:
        answers = other.control.ping(timeout=ANSWERS_WITHIN_SECONDS, connection=connection)
    return sorted(node for answer in answers or () for node in answer)


def _counts(queue: Queue, connection: Connection) -> tuple[int, int | None]:
    try:
        told: Any = queue(connection.channel()).queue_declare(passive=True)
    except ChannelError:  # nobody has sent to it or served it yet
        return 0, None
    return told.message_count, told.consumer_count if broker.url().startswith("amqp") else None


def _count_waiting() -> Mapping[str, tuple[int, datetime]]:
    """How many tasks of each queue are due and not begun, and since when the first of them has been."""
    query = select(OutboxRow.task, func.count(), func.min(OutboxRow.not_before)).group_by(OutboxRow.task)
    due = query.where(OutboxRow.state.in_((WAITING, HANDED)), OutboxRow.not_before <= from_now())
    with read_transaction() as session:
        rows = session.execute(due).all()
    found: dict[str, tuple[int, datetime]] = {}
    for task, count, oldest in rows:
        name = broker.queue_for(task).name
        before, since = found.get(name, (0, oldest))
        found[name] = (before + count, min(since, oldest))
    return found
