"""What SQL lost comes back from the journal: every version, refs, packs and what the journal tells of the project."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.errors import Conflict
from framework.repositories.catalog.changes import SYSTEM_ACTOR, Change
from framework.repositories.catalog.deletion import remove_rows
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.journal.keys import NO_VERSION, Journal, list_repositories, pick_journal
from framework.repositories.models import LargeBlob, Repository
from framework.repositories.recovery.merging import keep_parallel_line, settle_entries
from framework.repositories.recovery.planning import Plan, Recovered, plan_recovery
from framework.repositories.recovery.replay import record_versions, replay
from framework.repositories.write.commit import commit, do_nothing

Adopt = Callable[[Session, str, Mapping[str, Any]], dict[str, Any]]
"""Brings the rows of the rooms above in line with what the journal tells of a project, as far as they may be, in the
transaction that recovers its repository; gives back what is true now."""


class DatabaseNotEmpty(Conflict):
    """A rebuild fills an empty database; one that has projects is brought up to date by a resume."""

    def __init__(self) -> None:
        super().__init__(
            "The database has projects already, so nothing was changed. To add what the journal knows beyond it, "
            "use `flask storage resume`."
        )


class StillInUse(Conflict):
    """Somebody wrote to a project while it was being recovered."""

    def __init__(self) -> None:
        super().__init__("Somebody is writing to the project. Stop the web processes and workers, then repeat this.")


Tell = Callable[[Session, str, Sequence[str], Sequence[Mapping[str, Any]]], dict[str, Any] | None]
"""Has the people of a repository's project know, in the transaction that recovers it, which refs were kept of other
databases' lines of history, and sees to it that nobody reads there what people had closed: it is given what they had
changed of the project in each line. Gives back what is true of the project now, when that has changed."""


def tell_nobody(
    _session: Session, _repository_id: str, _refs: Sequence[str], _decided: Sequence[Mapping[str, Any]]
) -> None:
    """A `tell` where there are no people to tell."""


def resume(adopt: Adopt, *, tell: Tell = tell_nobody, rehearse: bool = False) -> Iterator[Recovered]:
    """Bring every repository up to what its journal tells, one after the other, each in an epoch of its own afterwards.

    Nothing else may write meanwhile. With `rehearse` nothing is written, neither to SQL nor to the store.

    Raises:
        StillInUse: something does.
    """
    seen: set[str] = set()
    for repository_id, listed in list_repositories():
        journal = pick_journal(listed)
        if not journal.entries:
            continue
        seen.add(repository_id)
        if done := recover(repository_id, journal, adopt, tell=tell, rehearse=rehearse):
            yield done
    for repository_id in sorted(_repository_ids() - seen):
        if done := recover(repository_id, Journal(), adopt, tell=tell, rehearse=rehearse):
            yield done


def rebuild(adopt: Adopt, *, rehearse: bool = False) -> Iterator[Recovered]:
    """The same for a database that knows no repository.

    Raises:
        DatabaseNotEmpty: it knows one.
    """
    refuse_used_database()
    return resume(adopt, rehearse=rehearse)


def refuse_used_database() -> None:
    """Return when SQL knows no repository.

    Raises:
        DatabaseNotEmpty.
    """
    if _repository_ids():
        raise DatabaseNotEmpty


def recover(
    repository_id: str, journal: Journal, adopt: Adopt, *, tell: Tell = tell_nobody, rehearse: bool = False
) -> Recovered | None:
    """Bring one repository up to what its journal tells, and start an epoch; None without any version.

    What grew from SQL's newest version is replayed. What another database wrote beside it stays, too: its packs, and
    the refs that it changed, as branches below `recovered/`.
    """
    plan = plan_recovery(repository_id, journal)
    if plan is None or rehearse:
        return plan.outcome if plan else None
    if plan.before is None and plan.ahead is None:
        return plan.outcome
    if plan.deletes:
        _delete(plan, adopt)
        return plan.outcome
    with transaction() as session:
        repository = _row(session, plan)
        _go_ahead(session, repository, plan, adopt)
        _keep_others(session, repository, plan, tell)
        repository.epoch, repository.diverged_at, repository.uncheckpointed_bytes = plan.epoch, None, None
        about = repository.about
    commit(
        Change(repository_id=repository_id, actor=SYSTEM_ACTOR, kind="recovery"),
        precheck=do_nothing,
        in_transaction=do_nothing,
    )
    write_checkpoint(repository_id, least_bytes=0)  # what was recovered is not to depend on one entry
    return replace(plan.outcome, project=about)


def _go_ahead(session: Session, repository: Repository, plan: Plan, adopt: Adopt) -> None:
    if plan.lines.ahead is None or plan.ahead is None:
        return
    record_versions(session, plan.lines.ahead.entries)
    if plan.repacked:  # what SQL knows may be large blobs that no pack holds any more
        session.execute(delete(LargeBlob).where(LargeBlob.repository_id == repository.id))
    for sha, size in plan.sizes.items():
        session.merge(LargeBlob(repository_id=repository.id, sha=sha, size_bytes=size))
    replay(session, repository, plan.ahead)
    session.flush()
    repository.about = adopt(session, repository.id, plan.about)


def _keep_others(session: Session, repository: Repository, plan: Plan, tell: Tell) -> None:
    settle_entries(
        session,
        (entry.key for line in plan.lines.parallel for entry in line.entries if entry.key.settled in plan.settled),
    )
    for one in plan.parallel:
        if one.fault is None:
            keep_parallel_line(session, repository, one)
    if plan.parallel:
        repository.pack_generation += 1
    if kept := plan.outcome.kept:
        decided = [one.facts for one in plan.parallel if one.refs]
        repository.about = tell(session, repository.id, kept, decided) or repository.about


def _repository_ids() -> set[str]:
    with read_transaction() as session:
        return set(session.scalars(select(Repository.id)))


def _delete(plan: Plan, adopt: Adopt) -> None:
    """A project that was deleted for good does not return; the collector takes what is left of it in the store."""
    assert plan.ahead is not None
    with transaction() as session:
        adopt(session, plan.repository_id, plan.ahead.state.project)
        remove_rows(session, plan.repository_id)


def _row(session: Session, plan: Plan) -> Repository:
    row = session.get(Repository, plan.repository_id, with_for_update=True)
    found = None if row is None else ((row.epoch, row.version) if row.version else NO_VERSION)
    if found != plan.before:
        raise StillInUse
    if row is None:
        created_at = plan.history.lines[0].at
        row = Repository(id=plan.repository_id, epoch=0, version=0, about={}, created_at=created_at)
        session.add(row)
        session.flush()
    return row
