"""Whether the bucket is this database's, and which projects cannot be written to all the same."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from framework.errors import HoldfastError
from framework.health.examination import NotWell
from framework.repositories.journal.divergence import count_diverged
from framework.storage.current import ownership, store
from framework.storage.ownership.refusals import NotOwner

log = logging.getLogger(__name__)


def check_fencing() -> str:
    """This database owns the bucket, and the journal of no project knows more than it."""
    owns_bucket()
    knows_journals()
    return "the bucket belongs to this database, and every project can be written to"


def owns_bucket() -> str:
    """Writing to the bucket is permitted."""
    try:
        store().permit_write()
    except NotOwner as refusal:
        raise NotWell(f"no project can be written to. {refusal.reason}") from refusal
    return "the bucket belongs to this database"


def knows_journals() -> str:
    """No project was found whose journal has versions that the database does not know."""
    if count := count_diverged():
        projects = "1 project" if count == 1 else f"{count} projects"
        raise NotWell(
            f"{projects} cannot be written to: the journal in the bucket knows versions that the database does not. "
            "Stop the web processes and workers and run `flask storage resume`, which keeps both"
        )
    return "every project can be written to"


def look_at_bucket() -> None:
    """Find out in the background whether this database owns the bucket, so that no request has to wait for it."""
    threading.Thread(target=_look_at_bucket, name="first look at the bucket", daemon=True).start()


def _look_at_bucket() -> None:
    try:
        ownership().look()
    except (HoldfastError, SQLAlchemyError) as failure:  # the next write asks again, and tells whoever makes it
        log.warning("the first look at the bucket failed: %s", failure)
