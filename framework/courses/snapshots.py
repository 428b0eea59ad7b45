"""The version at the deadline, kept for good: found by when the server made versions, never by a client's clock.

A job takes it a little after the deadline, or whenever it runs next: it looks for the newest version that was made by
then. The commit's name is written into the hand-in's row once, and a tag on it keeps its objects through pushes by
force, deleted branches and erasing; who may only write can neither move nor delete a tag.
"""

import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework.courses.access import deadline_tag
from framework.courses.models import Assignment, Part
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now, later, now
from framework.errors import Conflict, HoldfastError
from framework.gitcore.ref_names import HEADS, TAGS, clashes
from framework.projects.models import Project
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.changes import SYSTEM_ACTOR, Change, Committed, RefUpdate
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.journal.keys import JournalKey, list_journal
from framework.repositories.journal.versions import read_version
from framework.repositories.models import Repository, Version
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.refusals import PacksChanged, RefClash, RefMoved

TAKEN_AFTER = timedelta(minutes=2)
"""So long after a deadline: versions that were made before it are committed by then."""
ASKED_FOR = timedelta(hours=1)
AT_ONCE = 100
TRIES = 5

log = logging.getLogger(__name__)


class NotKept(Conflict):
    """Others changed the copy all the time."""

    def __init__(self) -> None:
        super().__init__("The copy was changed at the same moment; try again.")


@dataclass(frozen=True)
class _Due:
    """A hand-in whose deadline has passed, and where its copy is."""

    id: int
    due_at: datetime
    repository_id: str


@dataclass(frozen=True)
class _Place:
    """A version: where it stands in the journal, and whether it is the newest."""

    epoch: int
    version: int
    entry_hash: str
    is_newest: bool


def needs_snapshots_at(_last_run: object) -> Sequence[ColumnElement[datetime]]:
    """When the next snapshot is to be taken, in SQL; NULL while nobody has a deadline to come.

    One that could not be taken within an hour is left to the job's own runs.
    """
    waiting = and_(Part.snapshot_at.is_(None), Part.project_id.is_not(None), Part.due_at > from_now(-ASKED_FOR))
    return [later(select(func.min(Part.due_at)).where(waiting).scalar_subquery(), TAKEN_AFTER)]


def take_snapshots() -> int:
    """Take the snapshots that are due; how many. One that cannot be taken now waits, and keeps no other waiting."""
    taken, last = 0, 0
    while due := _list_due(after=last):
        for one in due:
            taken += _try_to_take(one)
        last = due[-1].id
    return taken


def _list_due(*, after: int) -> Sequence[_Due]:
    query = select(Part.id, Part.due_at, Project.repository_id).join(Assignment, Assignment.id == Part.assignment_id)
    copies = and_(Project.id == Part.project_id, Project.owner_id == Assignment.group_id)  # none that was handed over
    query = query.join(Project, copies)
    passed = and_(Part.snapshot_at.is_(None), Part.due_at <= now() - TAKEN_AFTER, Part.id > after)
    with read_transaction() as session:
        return [_Due(*row) for row in session.execute(query.where(passed).order_by(Part.id).limit(AT_ONCE))]


def _try_to_take(due: _Due) -> int:
    try:
        _take(due)
    except (HoldfastError, SQLAlchemyError) as failure:
        log.warning("The snapshot of the hand-in %s is not taken yet: %s", due.id, failure)
        return 0
    return 1


def _take(due: _Due) -> None:
    place = _find_version(due)
    sha = _read_tip(due.repository_id, place) if place else None
    if sha:
        keep(due.repository_id, sha, deadline_tag(due.due_at))
    with transaction() as session:
        row = session.get_one(Part, due.id, with_for_update=True, populate_existing=True)
        if row.snapshot_at is None and row.due_at == due.due_at:  # given more time meanwhile: later then
            row.snapshot_at, row.snapshot_sha = now(), sha


def _find_version(due: _Due) -> _Place | None:
    """The newest version that was made by the deadline."""
    theirs = Version.repository_id == due.repository_id
    query = select(Version.epoch, Version.version, Version.entry_hash).where(theirs, Version.created_at <= due.due_at)
    with read_transaction() as session:
        found = session.execute(query.order_by(Version.epoch.desc(), Version.version.desc()).limit(1)).one_or_none()
        newest = session.get_one(Repository, due.repository_id).entry_hash
    return _Place(*found, found.entry_hash == newest) if found else None


def _read_tip(repository_id: str, place: _Place) -> str | None:
    """The commit of the default branch at that version: from SQL if it is the newest, else from the journal."""
    if place.is_newest:
        with open_copy(repository_id) as copy:
            if copy.snapshot.entry_hash == place.entry_hash:
                return copy.snapshot.find_branch(copy.snapshot.default_branch)
    key = JournalKey(repository_id, place.epoch, place.version, place.entry_hash[:16])
    state = read_version(list_journal(repository_id), key).state
    return state.refs.get(HEADS + state.default_branch)


def keep(repository_id: str, sha: str, name: str) -> None:
    """Have a tag of this name keep the commit, unless one does already or the commit is not there any more.

    Where a participant has something of that name, or of which it would be a part, the tag's name has an end that
    nobody can foresee.

    Raises:
        NotKept: it did not work; nothing is changed.
    """
    for _attempt in range(TRIES):
        with open_copy(repository_id) as copy:
            snapshot, is_there = copy.snapshot, copy.has(sha)
        if not is_there or any(tip == sha and ref.startswith(TAGS + name) for ref, tip in snapshot.refs.items()):
            return
        tag = f"{TAGS}{name}" if _is_free(TAGS + name, snapshot) else f"{TAGS}{name}-{secrets.token_hex(4)}"
        change = Change(
            repository_id,
            SYSTEM_ACTOR,
            updates=(RefUpdate(tag, None, sha),),
            pack_generation=snapshot.pack_generation,
            kind="snapshot",
        )
        with suppress(RefMoved, RefClash, PacksChanged):  # somebody pushed at the same moment
            commit(change, precheck=do_nothing, in_transaction=_nothing)
            return
    raise NotKept


def _is_free(ref: str, snapshot: Snapshot) -> bool:
    return ref not in snapshot.refs and not list(clashes([ref], snapshot.refs.keys()))


def _nothing(_session: Session, _committed: Committed) -> None:
    """The row is written afterwards: a tag without its row is found again, and a row never lacks its tag."""
