"""A thread that renews a lease while a long task runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from framework.database.session import refuse_held_connection
from framework.observability import request_id

EVERY_SECONDS = 60

log = logging.getLogger(__name__)


@contextmanager
def keep_renewing(renew: Callable[[], object], *, every_seconds: float = EVERY_SECONDS) -> Iterator[None]:
    """Call `renew` every minute until the block ends; a database that is away meanwhile is asked again.

    No session is open around the block, whose end would wait for a `renew` that waits for the session's connection.
    """
    refuse_held_connection("a heartbeat")
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(ended, renew, every_seconds, request_id.current()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat(ended: threading.Event, renew: Callable[[], object], every_seconds: float, of: str | None) -> None:
    request_id.follow(of)
    while not ended.wait(every_seconds):
        try:
            renew()
        except SQLAlchemyError as failure:
            log.warning("A running task could not renew its lease: %s", failure)
