"""What a worker of ours does otherwise than Celery's.

It has fewer connections to the broker and takes less memory, tells in SQL that it is up, and a stop ends it in time.
"""

import atexit
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack, suppress
from logging import Logger
from threading import Timer
from types import FrameType
from typing import Any

from billiard import active_children
from celery.apps import worker as handlers
from celery.platforms import EX_FAILURE
from celery.signals import celeryd_after_setup, celeryd_init, worker_ready
from celery.utils.log import get_logger
from celery.worker.consumer import Consumer as AnyConsumer
from sqlalchemy.exc import SQLAlchemyError

from framework import rooms
from framework.celery.celery import app
from framework.celery.heartbeat import keep_renewing, seconds_to_next_wake
from framework.celery.worker.presence import Presence
from framework.observability import allocator

POOL_ENDS_WITHIN_SECONDS = 4
"""Or half of the time that running tasks have, if that is longer.

A process of the pool that is killed while it writes to the main process keeps the lock, and the others wait for it.
"""

log = get_logger(__name__)

QUIET = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
"""What workers tell each other through the broker: here they tell it in SQL, and each would cost connections."""


Errors = tuple[type[BaseException], ...]


class Consumer(AnyConsumer):
    """What `worker_consumer` names; `-E` still sends the events of tasks to whoever monitors them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options["worker_options"] = {**(options.get("worker_options") or {}), **QUIET}
        super().__init__(*arguments, **options)

    def call_soon_ack(self, p: Callable[..., None], logger: Logger, errors: Errors, *more: Any) -> Any:
        """Tell the broker of a task's end, or break off the connection by which it came, so that another is opened.

        Celery only logs that the broker could not be told. On Redis the message then counts as unfinished for as long
        as the connection lasts: a worker that runs one task at a time never asks for the next, and notices nothing.
        What came by an earlier connection says nothing about the present one.
        """

        def tell() -> None:
            is_current = self.task_consumer and p.__self__.channel is self.task_consumer.channel  # type: ignore[attr-defined]
            p(logger, () if is_current else errors, *more)

        return super().call_soon_ack(tell)  # type: ignore[misc] # of Celery 5.7, and the stubs are older


@celeryd_init.connect
def _be_frugal(**_facts: object) -> None:
    """Before the pool is forked, so that its processes are, too."""
    allocator.be_frugal()


@celeryd_after_setup.connect
def _share(**_facts: object) -> None:
    """What the worker has loaded by now is shared by the processes of its pool."""
    with allocator.load_to_share():
        rooms.load_ahead()


class Stop:
    """How a worker ends: it tells that it does, gives back what it was running, and is never stuck."""

    def __init__(self, presence: Presence) -> None:
        self._presence, self._beating = presence, ExitStack()
        _unless_away(presence.tell)
        self._beating.enter_context(keep_renewing(presence.tell, pause=seconds_to_next_wake))

    def finish(self) -> None:
        """The last act of the worker's main process, when its pool is gone; never that of a process forked from it."""
        if os.getpid() == self._presence.process_id:
            self._beating.close()
            _unless_away(self._presence.end)

    def limit(self, number: int) -> None:
        """Have the stop that this signal begins end in time, whatever the pool does."""
        begin = signal.getsignal(number)

        def begin_in_time(number: int, frame: FrameType | None) -> None:
            waits = app.conf.worker_soft_shutdown_timeout
            timer = Timer(waits + max(POOL_ENDS_WITHIN_SECONDS, waits / 2), self._break_off)
            timer.daemon = True
            timer.start()
            if callable(begin):
                begin(number, frame)

        signal.signal(number, begin_in_time)

    def _break_off(self) -> None:
        log.warning("The pool did not end in time: its processes are killed, what they ran starts again elsewhere")
        for number in [child.pid for child in active_children() if child.pid]:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.finish()
        os._exit(EX_FAILURE)


@worker_ready.connect
def _begin(sender: Any, **_more: object) -> None:
    """Begin to tell, and let SIGTERM stop the worker within `worker_soft_shutdown_timeout`, however it was started."""
    stop = Stop(Presence(sender.hostname, [queue.name for queue in sender.task_consumer.queues]))
    atexit.register(stop.finish)  # Celery's own signal is not sent when a stop interrupts tasks
    handlers.install_worker_term_hard_handler(sender.controller, sig="SIGTERM")  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGQUIT):
        stop.limit(number)


def _unless_away(act: Callable[[], None]) -> None:
    """A database that is away stops no worker."""
    try:
        act()
    except SQLAlchemyError as failure:
        log.warning("This worker could not tell that it is up or stops: %s", failure)
