"""Side files: git reads faster with them, and nothing is wrong without them."""

import hashlib
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from framework.celery.jobs import Work
from framework.database.session import read_transaction
from framework.gitcore.side_files import INSTALLED, side_file_path
from framework.repositories import object_keys
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.repair import heal
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LargeBlob
from framework.repositories.recovery import recovery
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, Bench
from tests.repositories.packed import force_away, git_in, has_superseded_packs, packs_of

pytestmark = on_each_deployment_in_full


def test_a_copy_elsewhere_follows(grown: Bench, work: Work, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.git"
    grown.read("a")
    shutil.copytree(copy_path(grown.repository_id), elsewhere)
    consolidate(RepackRequest(grown.repository_id), work)
    shutil.rmtree(copy_path(grown.repository_id))
    elsewhere.rename(copy_path(grown.repository_id))
    assert grown.read("a") == b"4" * 1000
    assert not has_superseded_packs(grown)
    with open_copy(grown.repository_id, FULL) as copy:
        assert len(list((copy.path / "objects" / "pack").glob("pack-*.pack"))) == 2
        git_in(copy.path, "multi-pack-index", "verify")
        git_in(copy.path, "fsck", "--full")


def test_later_pushes_live_beside_the_side_files(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    grown.write(grown.put("late", LARGE[2:]))
    with open_copy(grown.repository_id, FULL) as copy:
        assert git_in(copy.path, "rev-list", "--count", "--use-bitmap-index", "--objects", "--all") == "27\n"
        git_in(copy.path, "fsck", "--full")
    evict(grown.repository_id)
    with open_copy(grown.repository_id, FULL) as copy:
        assert git_in(copy.path, "log", "--format=%s", "--", "late") == "A change\n"
    consolidate(RepackRequest(grown.repository_id), work)
    with open_copy(grown.repository_id, FULL) as copy:
        assert len(list((copy.path / "objects" / "pack").iterdir())) == 6
        git_in(copy.path, "fsck", "--full")


@pytest.mark.parametrize("suffix", INSTALLED)
def test_a_side_file_that_is_lost_or_damaged_only_makes_things_slower(grown: Bench, work: Work, suffix: str) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    key = object_keys.side_key(grown.repository_id, packs_of(grown)[0].name, suffix)
    store().delete(key)
    evict(grown.repository_id)
    with open_copy(grown.repository_id, FULL) as copy:
        git_in(copy.path, "fsck", "--full")
    assert verify(grown.repository_id).faults == (f"{key} is missing in the object store.",)
    store().put(key, b"x", sha256=hashlib.sha256(b"x").hexdigest())
    evict(grown.repository_id)
    with open_copy(grown.repository_id, FULL) as copy:
        git_in(copy.path, "fsck", "--full")
    assert verify(grown.repository_id).faults == (f"{key} has another length or SHA-256 than the database recorded.",)


@pytest.mark.parametrize("suffix", INSTALLED)
def test_a_side_file_that_is_damaged_on_the_disk_is_fetched_anew(grown: Bench, work: Work, suffix: str) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    file = side_file_path(copy_path(grown.repository_id), suffix)
    whole = file.read_bytes()
    file.chmod(0o600)
    file.unlink()
    file.write_bytes(whole[:-30] + b"x" + whole[-29:])
    assert heal(grown.repository_id)
    with open_copy(grown.repository_id, FULL) as copy:
        assert side_file_path(copy.path, suffix).read_bytes() == whole


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("backup_at", ["never", "before", "between"])
def test_the_log_brings_it_back(grown: Bench, work: Work, backup_at: str, *, purge: bool) -> None:
    lost = force_away(grown)
    backup = {"never": moments.NOTHING, "before": moments.remember()}
    grown.write(grown.put("late", LARGE[3:]))
    backup["between"] = moments.remember()
    consolidate(RepackRequest(grown.repository_id, purge=purge), work)
    grown.write(grown.put("later", LARGE[4:]))
    with read_transaction() as session:
        expected = dict(session.execute(select(LargeBlob.sha, LargeBlob.size_bytes)).all())
    moments.put_back(backup[backup_at])
    assert all(found.faults == () for found in recovery.resume(lambda _session, _id, project: dict(project)))
    with read_transaction() as session:
        assert dict(session.execute(select(LargeBlob.sha, LargeBlob.size_bytes)).all()) == expected
    assert verify(grown.repository_id).faults == ()
    with open_copy(grown.repository_id, FULL) as copy:
        assert (copy.path / "objects" / "info" / "commit-graph").exists()
        assert copy.has(lost) is not purge
