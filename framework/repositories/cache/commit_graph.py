"""Commit-graphs with changed paths, which a local copy writes for itself: they make the history of a path quick.

A copy without one, or with an old one, is right and only slower (commit-graph-format in Git's documentation).
"""

import logging
import threading
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from framework.errors import HoldfastError
from framework.gitcore import git
from framework.repositories.cache import copies, locks
from framework.repositories.cache.eviction import copy_path, lock_path
from framework.repositories.cache.marker import read_marker
from framework.repositories.cache.scratch import scratch
from framework.repositories.cache.threads import Threads
from framework.repositories.catalog.snapshot import read_snapshot

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 600
PACKS_BEFORE_ANOTHER = 8
"""Fewer than there may be before they are folded, which makes one newer pack of them."""

_threads = Threads("commit-graph", lambda: 1)
_one_at_a_time = threading.Lock()


def graph_later(repository_id: str) -> None:
    """Write the copy's commit-graph in the background when it has none or an old one; no more than one at a time."""
    if not is_wanted(copy_path(repository_id)) or not _one_at_a_time.acquire(blocking=False):
        return
    _threads.submit(_write_and_release, repository_id)


def is_wanted(copy: Path) -> bool:
    """Whether the copy has no commit-graph, or many packs that are newer."""
    try:
        written = _graph(copy).stat().st_mtime
    except FileNotFoundError:
        return True
    return sum(idx.stat().st_mtime > written for idx in copy.glob("objects/pack/*.idx")) >= PACKS_BEFORE_ANOTHER


def write_graph(repository_id: str) -> bool:
    """Write the commit-graph of what the copy's refs lead to; whether it was put in place.

    It is made in scratch beside readers, and moved there under the `update` lock, unless packs went away meanwhile.

    Raises:
        What `lease_copy` raises; GitFailed.
    """
    with scratch("graph") as folder:
        generation = _make(repository_id, folder)
        with locks.lock_exclusive(lock_path(repository_id, "update")):
            path = copy_path(repository_id)
            made = folder / "info" / "commit-graph"
            is_same = read_snapshot(repository_id).pack_generation == generation and read_marker(path) is not None
            if is_same and made.exists():
                _graph(path).parent.mkdir(exist_ok=True)
                made.replace(_graph(path))
                return True
    return False


def _make(repository_id: str, folder: Path) -> int:
    """The generation of packs that the graph in `folder` was made from; git takes its own old one as a beginning."""
    with copies.lease_copy(repository_id) as (path, snapshot):
        for name in ("info", "pack"):
            (folder / name).mkdir()
        (folder / "info" / "alternates").write_text(f"{path / 'objects'}\n")
        arguments = ["commit-graph", "write", "--no-progress", "--reachable", "--changed-paths"]
        environment = {"GIT_OBJECT_DIRECTORY": str(folder)}
        with git.start(path, *arguments, environment=environment, deadline_seconds=DEADLINE_SECONDS) as process:
            assert process.stdout
            process.stdout.read()
        return snapshot.pack_generation


def _write_and_release(repository_id: str) -> None:
    try:
        write_graph(repository_id)
    except (HoldfastError, OSError, SQLAlchemyError) as error:
        log.warning("The commit-graph of %s was not written: %s", repository_id, error)
    finally:
        _one_at_a_time.release()


def _graph(copy: Path) -> Path:
    return copy / "objects" / "info" / "commit-graph"
