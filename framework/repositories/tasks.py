"""The recurring work of repositories: what a process that died left for others to finish."""

from dataclasses import asdict
from uuid import NAMESPACE_OID, uuid5

from celery.utils.log import get_task_logger

from framework.celery.celery import app
from framework.celery.job import Job
from framework.celery.jobs import track_items, track_progress
from framework.errors import HoldfastError, Interrupted
from framework.repositories.cache import archived, eviction, repair
from framework.repositories.catalog.small_packs import find_consolidated_version
from framework.repositories.catalog.snapshot import RepositoryMissing, read_packs, read_snapshot
from framework.repositories.journal import checkpoints, writer
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.maintenance import collector, scrub, storage_class
from framework.repositories.maintenance.archiving import archive
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import (
    STEPS,
    UNCHANGED,
    RepackRequest,
    consolidate,
)
from framework.repositories.maintenance.folding import fold
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LEAST_ENTRIES_BYTES
from framework.repositories.write import staging
from framework.storage.contract import StoreRefused, StoreUnavailable
from framework.storage.current import ownership
from framework.storage.ownership.refusals import NotOwner

logger = get_task_logger(__name__)


@app.task(base=Job, name="framework.repositories.tasks.renew_mark")
def renew_mark() -> dict[str, bool]:
    """Renew this database's mark in the bucket while it is used; whether the bucket was lost, as the log tells, too."""
    try:
        ownership().renew_unless_resting()
    except NotOwner:
        return {"lost": True}
    return {"lost": False}


@app.task(base=Job, name="framework.repositories.tasks.confirm_log")
def confirm_log() -> int:
    """Write the journal entries that the store lacks; how many repositories lacked some."""
    lacking = writer.list_unconfirmed_repositories()
    for repository_id in lacking:
        try:
            writer.confirm(repository_id)
        except NotConfirmed:
            logger.warning("the journal of %s is still not confirmed", repository_id)
    return len(lacking)


@app.task(base=Job, name="framework.repositories.tasks.write_checkpoints")
def write_checkpoints() -> int:
    """Write the checkpoints of journals that have grown enough since the one before; how many."""
    return sum(_try_checkpoint(repository_id) for repository_id in checkpoints.list_due())


@app.task(name="framework.repositories.tasks.write_checkpoint")
def write_checkpoint(repository_id: str) -> bool:
    """Write a checkpoint of one repository's journal if it is due; whether it was."""
    return checkpoints.write_checkpoint(repository_id)


def _try_checkpoint(repository_id: str, least_bytes: int = LEAST_ENTRIES_BYTES) -> bool:
    """Whether one was written; where the store fails, the next run tries again."""
    try:
        return checkpoints.write_checkpoint(repository_id, least_bytes=least_bytes)
    except (StoreUnavailable, StoreRefused, NotOwner) as failure:
        logger.warning("the journal of %s gets no checkpoint: %s", repository_id, failure.sentence)
        return False


@app.task(name="framework.repositories.tasks.consolidate_packs")
def consolidate_packs(repository_id: str, consolidated: int) -> bool:
    """Consolidate unless that was done since the version `consolidated`, 0 for never; whether it was done."""
    if find_consolidated_version(read_packs(repository_id)) != consolidated:
        return False
    work_id = uuid5(NAMESPACE_OID, f"{repository_id} {consolidated}").hex  # a run after a failure takes its row over
    with track_progress("consolidation", total=STEPS, work_id=work_id) as work:
        done = consolidate(RepackRequest(repository_id), work)
        work.say(done.sentence if done else UNCHANGED)
    return done is not None


@app.task(name="framework.repositories.tasks.fold_packs")
def fold_packs(repository_id: str, generation: int) -> int:
    """Fold small packs unless a newer pack generation exists; how many went out of use."""
    return fold(repository_id) if read_snapshot(repository_id).pack_generation == generation else 0


@app.task(base=Job, name="framework.repositories.tasks.archive_idle")
def archive_idle() -> int:
    """Archive what nobody has used for `IDLE_DAYS`; how many repositories."""
    archived.drop_archived()
    count = 0
    for repository_id in archived.idle_repositories():
        try:
            with track_progress("archive of an idle project", total=STEPS) as work:
                archive(repository_id, work)
            count += 1
        except Interrupted:
            raise
        except HoldfastError as refusal:  # one that is too large for this machine must not keep the others from it
            logger.warning("%s is not archived: %s", repository_id, refusal.sentence)
    return count


@app.task(base=Job, name="framework.repositories.tasks.demote_archived")
def demote_archived() -> int:
    """Move what archived projects keep to `ARCHIVE_STORAGE_CLASS`, when there is one; how many objects."""
    return storage_class.demote_archived()


@app.task(base=Job, name="framework.repositories.tasks.sweep_staged")
def sweep_staged() -> int:
    """Clean up after pushes and LFS objects that were refused or took too long; how many."""
    return staging.sweep() + collector.sweep_lfs()


@app.task(base=Job, name="framework.repositories.tasks.collect_orphans")
def collect_orphans() -> int:
    """Delete what no version and no push names any more; how many objects."""
    return sum(found.objects for found in track_items("collection", collect()))


@app.task(base=Job, name="framework.repositories.tasks.scrub_copies")
def scrub_copies() -> int:
    """Compare every local copy with what SQL recorded, and mend it; how many were damaged."""
    found = eviction.copies()
    with track_progress("check of local copies", total=len(found)) as work:
        damaged = repair.scrub(found, work.advance)
        work.say(f"{damaged} mended.")
    return damaged


@app.task(base=Job, name="framework.repositories.tasks.read_back")
def read_back() -> dict[str, int]:
    """Read a few packs back from the store, those checked longest ago; what was found."""
    return asdict(scrub.scrub())


@app.task(base=Job, name="framework.repositories.tasks.restore_sample")
def restore_sample() -> dict[str, object]:
    """Restore a random hundredth of all repositories onto an empty folder and check all of it; what was wrong."""
    chosen, restored, faults = scrub.sample(), 0, []
    with track_progress("restore of a sample", total=len(chosen)) as work:
        for repository_id in chosen:
            fault = _try_restore(repository_id)
            restored += fault is not None
            faults += [fault] if fault else []
            work.advance()
        unread = f" {len(chosen) - restored} could not be read." if restored < len(chosen) else ""
        work.say((f"{len(faults)} of {restored} damaged." if faults else f"{restored} whole.") + unread)
    return {"repositories": len(chosen), "faults": faults}


def _try_restore(repository_id: str) -> str | None:
    """What is wrong, empty when nothing is; None when it could not be read, which says nothing about it."""
    try:
        found = verify(repository_id)
    except Interrupted:
        raise
    except (StoreUnavailable, StoreRefused, RepositoryMissing) as failure:
        logger.warning("%s could not be restored for a check: %s", repository_id, failure.sentence)
        return None
    except HoldfastError as refusal:  # one that cannot be checked must not hide the others
        logger.warning("%s could not be restored for a check: %s", repository_id, refusal.sentence)
        return f"{repository_id}: {refusal.sentence}"
    scrub.record_restore(found)
    if found.journal_incomplete:
        _try_checkpoint(repository_id, least_bytes=0)
    return f"{repository_id}: {' '.join(found.faults)}" if found.faults else ""
