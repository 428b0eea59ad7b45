"""Old versions of a file, taken out of the whole history when an owner says so."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, read_account
from framework.celery.jobs import BROKEN, Work, announce, read_age, track_progress
from framework.celery.outbox import enqueue
from framework.celery.worker.runs import FINAL
from framework.database.session import read_transaction, transaction
from framework.errors import Forbidden, GivenUp, HoldfastError, Interrupted, Invalid, NotFound, Unavailable
from framework.formatting import format_size, quote_query, show_unseen
from framework.gitcore.ref_names import short_name
from framework.projects.branches.protection import KeptForGood, Protection, list_kept, read_protection
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.lifecycle import purging
from framework.projects.lifecycle.file_counts import count_again
from framework.projects.models import Event, Project
from framework.projects.notify.activity import record
from framework.projects.notify.notices import VERSIONS_REMOVED
from framework.repositories.catalog.file_surveys import FileVersions, read_survey
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance.consolidation import STEPS
from framework.repositories.old_versions.removal import RemovalRequest, Removed, remove_old_versions

log = logging.getLogger(__name__)

KIND = "removal"
TASK = "framework.projects.tasks.remove_old_versions"
NAMED_REFS = 20
ASKED_WITHIN = timedelta(hours=1)
"""A history is not rewritten later than that: whoever asked for it may not expect it any more."""
NOT_COUNTED = " The files were not counted again; the storage page has a button for that."
NOTHING_OLD = "There were no old versions of this file any more, so nothing was changed."


class FileNotListed(NotFound):
    """The file is not among those whose versions were found to take most."""

    def __init__(self) -> None:
        super().__init__("This file is not in the list of large files any more. Go back to the storage page.")


class PathNotRepeated(Invalid):
    """The path that was to confirm what cannot be undone is not the file's."""

    field = "confirmation"

    def __init__(self) -> None:
        super().__init__("This is not the file's name, so nothing was removed.")


class ProtectionInForce(Forbidden):
    """Branches or tags would be rewritten that are protected from it, and nobody has said that they may be."""

    field = "protected"

    def __init__(self, names: list[str]) -> None:
        named = ", ".join(map(short_name, names[:NAMED_REFS])) + (" and others" if len(names) > NAMED_REFS else "")
        super().__init__(
            f"Nothing was changed: {named} may not be rewritten, as the rules say, unless you allow it here."
        )


class AskedTooLongAgo(GivenUp):
    """The worker came to the removal when the person who asked for it may have turned to something else."""

    def __init__(self) -> None:
        super().__init__("This was asked for more than an hour ago, so nothing was changed. Look again, and ask again.")


class NothingRemoved(GivenUp):
    """The removal failed before the new history was stored."""

    def __init__(self, failure: Exception) -> None:
        cause = failure.sentence if isinstance(failure, HoldfastError) else BROKEN
        super().__init__(f"The history was left as it was. {cause} It does not start again by itself.")


class ErasureFollows(Unavailable):
    """The new history is stored, but what it replaced could not be erased; a later run of the task does that."""

    def __init__(self, failure: Exception) -> None:
        cause = failure.sentence if isinstance(failure, HoldfastError) else BROKEN
        super().__init__(f"The history is rewritten; erasing the old one follows by itself: {cause}")


def find_file(project: ProjectAccess, key: str) -> FileVersions:
    """What was counted of the file of this key.

    Raises:
        FileNotListed.
    """
    known = read_survey(project.repository_id)
    found = known.find(key) if known else None
    if found is None:
        raise FileNotListed
    return found


def list_protected(names: list[str], protection: Protection) -> list[str]:
    """Those of these refs that nobody may rewrite by a push."""
    return [name for name in names if not protection.may_rewrite(name)]


def ask_for_removal(
    account: Account, project: ProjectAccess, file: FileVersions, *, confirmation: str, rewrites_protected: bool
) -> str:
    """Have the file's old versions taken out of the history by a worker; the address of the page that tells of it.

    What stays is decided now: a push that comes before the worker makes nothing old that was shown as kept.
    `rewrites_protected` lets it rewrite branches and tags that are protected from that, too.

    Raises:
        PathNotRepeated, ProtectionInForce, KeptForGood: nothing happens. RoleTooLow: the caller is no owner any more.
    """
    if _words(confirmation) not in {_words(file.shown_path), _words(file.shown_path.rpartition("/")[2])}:
        raise PathNotRepeated
    with transaction() as session:
        recheck(session, project.id, account, "owner")
        _refuse_protected(session, project.id, list(file.refs), allowed=rewrites_protected)
        work_id = announce(session, KIND, project_id=project.id, owner_id=account.id, total=STEPS)
        arguments = (project.id, account.id, work_id, quote_query(file.path))
        given: dict[str, Any] = {"kept": list(file.kept), "rewrites_protected": rewrites_protected}
        enqueue(session, TASK, *arguments, key=f"removal-{work_id}", **given)
    return f"/work/{work_id}"


def remove(
    project_id: int, account_id: int, work_id: str, quoted_path: str, *, kept: Sequence[str], rewrites_protected: bool
) -> bool:
    """Take the file's old versions out of the history and erase them; whether there were any.

    The versions of the blobs `kept` stay, and those that a branch or tag ends with by now. What a run has done that was
    killed before it could say so is not done again. What failed before there was a new history is not tried again.

    Raises:
        RoleTooLow, ProtectionInForce, KeptForGood, AskedTooLongAgo, NothingRemoved: nothing was changed. Interrupted:
            likewise, and a later run may do it. ErasureFollows: the history is the new one, and a later run erases the
            old one.
    """
    path = unquote(quoted_path, errors="surrogateescape")
    with track_progress(KIND, total=STEPS, project_id=project_id, owner_id=account_id, work_id=work_id) as work:
        told = _read_told(project_id, work_id) or _rewrite_or_give_up(
            project_id, account_id, work, path, kept=kept, rewrites_protected=rewrites_protected
        )
        if told is None:
            _try_to_count(project_id, work)
            work.say(NOTHING_OLD)
            return False
        _purge(project_id, account_id, work)
        counted = _try_to_count(project_id, work)
        work.say(_summarise(told, _read_size(project_id)) + ("" if counted else NOT_COUNTED))
    return True


def _purge(project_id: int, account_id: int, work: Work) -> None:
    try:
        purging.purge_as(project_id, account_id, work)
    except (SQLAlchemyError, *FINAL):
        raise
    except Exception as failure:
        raise ErasureFollows(failure) from failure


def _try_to_count(project_id: int, work: Work) -> bool:
    """Whether it succeeded; what the work was about is done either way, and the page has a button for another count."""
    try:
        count_again(_read_repository_id(project_id), work)
    except Exception:
        log.exception("The files of project %s were not counted after a removal", project_id)
        return False
    return True


def _rewrite_or_give_up(
    project_id: int, account_id: int, work: Work, path: str, *, kept: Sequence[str], rewrites_protected: bool
) -> dict[str, Any] | None:
    """The same as `_rewrite`, with every failure a final one that leaves the history as it is.

    A database that did not answer may have stored the new history all the same, which only another run can tell.
    """
    if read_age(work.id) > ASKED_WITHIN:
        raise AskedTooLongAgo
    try:
        return _rewrite(project_id, account_id, work, path, kept=kept, rewrites_protected=rewrites_protected)
    except (Interrupted, SQLAlchemyError, *FINAL):
        raise
    except Exception as failure:
        if told := _read_told(project_id, work.id):
            return told
        raise NothingRemoved(failure) from failure


def _rewrite(
    project_id: int, account_id: int, work: Work, path: str, *, kept: Sequence[str], rewrites_protected: bool
) -> dict[str, Any] | None:
    """Make the new history the newest version; what the activity tells of it, None where there was nothing old."""
    with read_transaction() as session:
        actor = read_account(session, account_id)
    repository_id, before_bytes = _read_repository_id(project_id), _read_size(project_id)
    told = dict[str, Any]()

    def tell(session: Session, removed: Removed) -> None:
        recheck(session, project_id, actor, "owner")
        names = [update.name for update in removed.updates]
        _refuse_protected(session, project_id, names, allowed=rewrites_protected)
        told.update(
            path=show_unseen(path),
            versions=removed.versions,
            commits=removed.commits,
            refs=[short_name(name) for name in names[:NAMED_REFS]],
            ref_count=len(names),
            before_bytes=before_bytes,
            work=work.id,
        )
        record(session, project_id, actor=actor, kind=VERSIONS_REMOVED, details=dict(told))

    work.say("Reading the history")
    request = RemovalRequest(repository_id, path, actor.name, tell, frozenset(kept))
    done = remove_old_versions(request, work)
    return told if done else None


def _refuse_protected(session: Session, project_id: int, names: list[str], *, allowed: bool) -> None:
    protection = replace(read_protection(session, project_id), kept=list_kept(session, project_id))
    if kept := next(filter(protection.keeps, names), None):
        raise KeptForGood(kept)
    found = list_protected(names, protection)
    if found and not allowed:
        raise ProtectionInForce(found)


def _read_told(project_id: int, work_id: str) -> dict[str, Any] | None:
    """What an earlier run of the task has told of the new history, where it made one."""
    removals = select(Event.details).where(Event.project_id == project_id, Event.kind == VERSIONS_REMOVED)
    with read_transaction() as session:
        return next((told for told in session.scalars(removals) if told.get("work") == work_id), None)


def _read_repository_id(project_id: int) -> str:
    with read_transaction() as session:
        return session.get_one(Project, project_id).repository_id


def _read_size(project_id: int) -> int:
    return read_storage_usage(_read_repository_id(project_id)).size_bytes


def _summarise(told: dict[str, Any], after_bytes: int) -> str:
    """What to tell who asked for it; others may have added something meanwhile."""
    versions, commits, refs = told["versions"], told["commits"], told["ref_count"]
    freed = int(told["before_bytes"]) - after_bytes
    less = f", {format_size(freed)} less than before" if freed > 0 else ""
    return (
        f"{_count_of(versions, 'old version')} of {told['path']} {'was' if versions == 1 else 'were'} removed;"
        f" {_count_of(commits, 'commit')} on {_count_of(refs, 'branch or tag', 'branches and tags')} got new ids."
        f" The project takes {format_size(after_bytes)} now{less}."
    )


def _count_of(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _words(text: str) -> str:
    """The text as it is compared: a page shows blanks in a row as one."""
    return " ".join(text.split())
