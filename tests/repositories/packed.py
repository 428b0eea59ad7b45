"""What tests of consolidation have in common: looks at packs, and a commit that is pushed away."""

import subprocess
from pathlib import Path

from sqlalchemy import select

from framework.celery.celery import app
from framework.celery.models import OutboxRow
from framework.database.session import read_transaction
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.marker import read_marker
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.pack_records import HISTORY, StoredPack
from framework.repositories.catalog.snapshot import read_snapshot, read_snapshot_and_packs
from framework.repositories.write.commit import commit, do_nothing
from tests.repositories.conftest import LARGE, Bench


def packs_of(bench: Bench) -> list[StoredPack]:
    """Those in use, history first."""
    return sorted(read_snapshot_and_packs(bench.repository_id)[1], key=lambda pack: pack.kind != HISTORY)


def has_superseded_packs(bench: Bench) -> bool:
    marker = read_marker(copy_path(bench.repository_id))
    return marker is not None and marker.has_superseded_packs


def git_in(path: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", path, *arguments], check=True, capture_output=True, text=True).stdout


def force_away(bench: Bench) -> str:
    """A commit that `main` pointed to and does not any more; its name."""
    kept = read_snapshot(bench.repository_id).branches["main"]
    lost = bench.write(bench.put("secret", b"secret"), bench.put("big secret", LARGE[1:]), message="To be lost").sha
    move = RefUpdate("refs/heads/main", lost, kept)
    change = Change(repository_id=bench.repository_id, actor="alice", updates=(move,))
    commit(change, precheck=do_nothing, in_transaction=do_nothing)
    return lost


def queued(task: str) -> list[list[object]]:
    """What the tasks of this name that were ever queued are given, oldest first."""
    with read_transaction() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.task == task).order_by(OutboxRow.created_at))
        return [row.args for row in rows]


def run_queued(task: str) -> bool:
    """Run the task of this name that was queued last, as a worker does; whether it had anything to do."""
    return any(app.tasks[task].run(*args) for args in queued(task)[-1:])
