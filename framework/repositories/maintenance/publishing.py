"""Repacked packs become a version that changes packs only, on top of whatever was pushed while they were made."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from framework.errors import HoldfastError, Unavailable
from framework.repositories.catalog.changes import Change
from framework.repositories.write import staging, write_queue
from framework.repositories.write.commit import InTransaction, commit, do_nothing
from framework.repositories.write.pack_upload import send
from framework.repositories.write.refusals import MovedMeanwhile
from framework.repositories.write.splitting import PushedPack

CHECKED_AGAIN = 20
FREE_LOSSES = 2
TURN_SECONDS = 20

Seen = TypeVar("Seen")
"""What the new packs were checked against: a version of the project, in the caller's terms."""


class BeginAnew(Exception):
    """What was packed is not what the project needs any more."""


def store_packs(repository_id: str, push_id: str, made: Sequence[PushedPack]) -> None:
    """Send these packs, which this push owns; a purge may have left none.

    Raises:
        What `send` raises.
    """
    if made:
        send(repository_id, push_id, {pack.new.name: pack.written for pack in made})


@contextmanager
def abandon_on_failure(push_id: str) -> Iterator[None]:
    """Have what this push has sent deleted if the block fails; what it has committed stays."""
    try:
        yield
    except (HoldfastError, BeginAnew):
        with suppress(Unavailable):
            staging.abandon(push_id)
        raise


def publish(
    seen: Seen,
    make_change: Callable[[Seen], Change],
    check_again: Callable[[Seen], Seen],
    *,
    in_transaction: InTransaction = do_nothing,
) -> None:
    """Commit the change that repacks what was seen; whenever another version came first, what `check_again` sees.

    After the second loss it takes its turn with other writers.

    Raises:
        MovedMeanwhile: other versions came first again and again. What `commit` and `check_again` raise.
    """
    change, losses = make_change(seen), 0
    try:
        while not _try_to_commit(change, in_transaction):
            losses += 1
            if losses == CHECKED_AGAIN:
                raise MovedMeanwhile
            if losses >= FREE_LOSSES:
                deadline = time.monotonic() + TURN_SECONDS
                write_queue.wait_for_turn(change.repository_id, change.push_id, deadline=deadline)
            seen = check_again(seen)
            change = make_change(seen)
    finally:
        if losses >= FREE_LOSSES:
            write_queue.release(change.repository_id, change.push_id)


def _try_to_commit(change: Change, in_transaction: InTransaction) -> bool:
    """Whether the change is a version now; not when another one came first."""
    try:
        commit(change, precheck=do_nothing, in_transaction=in_transaction)
    except MovedMeanwhile:
        return False
    return True
