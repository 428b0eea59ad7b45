"""A thread that renews a lease while a long task runs."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from framework.database.session import refuse_held_connection
from framework.observability import request_id

EVERY_SECONDS = 60
WAKES_EVERY_SECONDS = 30.0
"""How often the processes of a deployment wake while nothing happens, all at the same moments."""

log = logging.getLogger(__name__)


def seconds_to_next_wake() -> float:
    """Until the next moment at which everything wakes, by this machine's clock: a full or a half minute."""
    return WAKES_EVERY_SECONDS - time.time() % WAKES_EVERY_SECONDS


@contextmanager
def keep_renewing(
    renew: Callable[[], object], *, every_seconds: float = EVERY_SECONDS, pause: Callable[[], float] | None = None
) -> Iterator[None]:
    """Call `renew` every minute until the block ends; a database that is away meanwhile is asked again.

    `pause` tells before each call how many seconds to wait, where they are not always the same.

    No session is open around the block, whose end would wait for a `renew` that waits for the session's connection.
    """
    refuse_held_connection("a heartbeat")
    ended = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(ended, renew, pause or (lambda: every_seconds), request_id.current()), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat(ended: threading.Event, renew: Callable[[], object], pause: Callable[[], float], of: str | None) -> None:
    request_id.follow(of)
    while not ended.wait(pause()):
        try:
            renew()
        except SQLAlchemyError as failure:
            log.warning("A running task could not renew its lease: %s", failure)
