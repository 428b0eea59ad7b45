"""What the journal keeps for small changes to a large project: bytes, which no machine's noise can hide."""

import hashlib
import os
from collections.abc import Iterator

from sqlalchemy import insert

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.deployment import Project, project
from framework import config
from framework.celery.jobs import track_progress
from framework.database.session import transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.changes import Change, RefUpdate, StoredLfs
from framework.repositories.history.refs import resolve
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.models import RECEIVED, StagedLfs
from framework.repositories.tasks import write_checkpoints
from framework.repositories.write.commit import commit, do_nothing
from framework.storage.current import store

MANY = 10_000
CHANGES = 1000
BEYOND_BYTES = 1 << 20
"""What the entries of the changes may take beside the last two checkpoints."""
GROWTH = 2.0
"""How much larger the entry of a change may be in a large project than in an empty one."""


def tabulate() -> Table:
    """What the journal keeps for a small change, however much the project has."""
    return show_figures("journal, beside 10,000 refs and 10,000 Git LFS objects", list(measure()))


def measure() -> Iterator[Figure]:
    """A thousand changes of a small file in a project of ten thousand refs and as many Git LFS objects."""
    with project() as made:
        made.upload({"first": 100})
        made.upload({"first": 100})
        alone = _entries(made)[-1]
        _grow(made)
        write_checkpoint(made.repository_id, least_bytes=0)
        before = sum(_entries(made))
        for number in range(1, CHANGES + 1):
            made.upload({"first": 100})
            if number % config.current().consolidate_packs == 0:  # what the worker does
                with track_progress("consolidation") as work:
                    consolidate(RepackRequest(made.repository_id), work)
                write_checkpoints()
        entries = _entries(made)  # the last one is the consolidation's
        checkpoints = _sizes(made, "checkpoints")
        yield Figure("a change in an empty project", alone, "bytes")
        yield Figure("a change in a large one", entries[-2], "bytes", int(alone * GROWTH))
        kept = sum(entries) - before + sum(checkpoints[:-2])
        yield Figure(f"{CHANGES:,} changes, beside the last two checkpoints", kept, "bytes", BEYOND_BYTES)
        yield Figure("one of these checkpoints", checkpoints[-1], "bytes")


def _grow(made: Project) -> None:
    with open_copy(made.repository_id) as copy:
        tip = resolve(copy, "main")
    updates = tuple(RefUpdate(f"refs/tags/v{number}", None, tip) for number in range(MANY))
    lfs = tuple(StoredLfs(hashlib.sha256(os.urandom(16)).hexdigest(), object_keys.new_id(), 1) for _ in range(MANY))
    rows = [
        {"repository_id": made.repository_id, "state": RECEIVED, "expires_at": now(), **one.__dict__} for one in lfs
    ]
    with transaction() as session:
        session.execute(insert(StagedLfs), rows)
    commit(
        Change(made.repository_id, "bench", updates=updates, lfs=lfs), precheck=do_nothing, in_transaction=do_nothing
    )


def _entries(made: Project) -> list[int]:
    return _sizes(made, "log")


def _sizes(made: Project, part: str) -> list[int]:
    return [entry.size_bytes for entry in store().list(f"repos/{made.repository_id}/{part}/")]
