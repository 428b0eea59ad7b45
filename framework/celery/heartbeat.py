"""A thread that renews a lease while a long task runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

EVERY_SECONDS = 60

log = logging.getLogger(__name__)


@contextmanager
def renewing(renew: Callable[[], object]) -> Iterator[None]:
    """Call `renew` every minute until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(ended, renew), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat(ended: threading.Event, renew: Callable[[], object]) -> None:
    while not ended.wait(EVERY_SECONDS):
        try:
            renew()
        except SQLAlchemyError as failure:
            log.warning("A running task could not renew its lease: %s", failure)
