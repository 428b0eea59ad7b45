"""What tests of consolidation have in common: looks at packs, and a commit that is pushed away."""

import subprocess
from pathlib import Path

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
