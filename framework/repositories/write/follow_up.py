"""What a commit leaves to tasks, and what higher rooms do: both in its transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, case, func, null, select
from sqlalchemy.orm import Session

from framework import config, rooms
from framework.celery.models import OutboxRow
from framework.celery.outbox import enqueue
from framework.repositories.catalog.changes import Change
from framework.repositories.catalog.small_packs import MOST_OBJECTS, SMALL_PACK_BYTES
from framework.repositories.journal.checkpoints import is_urgent
from framework.repositories.models import Pack, Repository

CHECKPOINT = "framework.repositories.tasks.write_checkpoint"
CONSOLIDATE = "framework.repositories.tasks.consolidate_packs"
FOLD = "framework.repositories.tasks.fold_packs"


@dataclass(frozen=True)
class Follower:
    """A room that is told of each version that moves branches or tags, in its transaction.

    `act` runs where `wanted` is true of the repository with this id; a statement that each version sends anyway asks.
    """

    wanted: Callable[[str], ColumnElement[bool]]
    act: Callable[[Session, Repository, Change], None]


@cache
def list_followers() -> Sequence[Follower]:
    """Those of all rooms."""
    return tuple(rooms.load_all("followers"))


def queue_tasks(session: Session, repository: Repository, change: Change) -> None:
    """Queue what the repository needs at the version that this transaction makes of the change; tell its followers."""
    in_use = Pack.repository_id == repository.id, Pack.superseded_version.is_(None)
    consolidations = func.max(case((Pack.side_files.is_not(null()), Pack.version)))
    followers = list_followers() if change.updates else ()
    conditions = [follower.wanted(repository.id) for follower in followers]
    count, consolidated, *calls = session.execute(
        select(func.count(), consolidations, *conditions).where(*in_use)
    ).one()
    for follower, called in zip(followers, calls, strict=True):
        if called:
            follower.act(session, repository, change)
    _queue_consolidation(session, repository, count, consolidated or 0)
    if count > config.current().fold_packs and not repository.are_folds_held:
        _queue_fold(session, repository, consolidated or 0)
    _queue_checkpoint(session, repository)


def _queue_consolidation(session: Session, repository: Repository, packs: int, consolidated: int) -> None:
    """Many packs, or what many were before they were folded, are to become two.

    The task is queued once for each consolidation, which the version that it made stands for, and again after as many
    versions more if it failed.
    """
    many = config.current().consolidate_packs
    since = repository.version - (consolidated if consolidated <= repository.version else 0)  # else: another line's
    if max(packs, since) >= many and packs > 1:
        key = f"consolidate-{repository.id}-{consolidated}-{since // many}"
        _enqueue_once(session, CONSOLIDATE, repository.id, consolidated, key=key)


def _queue_fold(session: Session, repository: Repository, consolidated: int) -> None:
    """Many small packs are to become one, by a task that is queued once for each generation of packs.

    If it failed, it is queued again after as many packs more.
    """
    most = config.current().fold_packs
    small = (
        Pack.fault.is_(None),
        Pack.version != consolidated,
        Pack.pack_bytes <= SMALL_PACK_BYTES,
        Pack.object_count <= MOST_OBJECTS,
    )
    in_use = Pack.repository_id == repository.id, Pack.superseded_version.is_(None)
    count = session.scalar(select(func.count()).where(*in_use, *small)) or 0
    if count > most:
        key = f"fold-{repository.id}-{repository.pack_generation}-{count // (most + 1)}"
        _enqueue_once(session, FOLD, repository.id, repository.pack_generation, key=key)


def _queue_checkpoint(session: Session, repository: Repository) -> None:
    """Large entries are to be replaced by a checkpoint soon; the hourly task sees to it if this one fails."""
    if is_urgent(repository):
        key = f"checkpoint-{repository.id}-{repository.epoch}-{(repository.checkpoint_hash or 'none')[:16]}"
        _enqueue_once(session, CHECKPOINT, repository.id, key=key)


def _enqueue_once(session: Session, task: str, *args: str | int, key: str) -> None:
    if session.get(OutboxRow, key) is None:
        enqueue(session, task, *args, key=key)
