"""A purge drops the Git LFS objects that only dropped commits needed, and none that anything else does."""

import hashlib
import os

import pytest

from framework.celery.jobs import track_progress
from framework.database.session import read_transaction
from framework.gitcore.lfs.pointer import Pointer
from framework.lfs.pushing import LfsUnknown
from framework.lfs.reading import LfsAbsent, find_content, find_object
from framework.lfs.writing import write
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.journal.keys import list_entries, list_journal
from framework.repositories.journal.versions import read_version
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Repository
from framework.repositories.tasks import sweep_staged
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.operations import Write
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.catalog.test_lfs_objects import expire
from tests.repositories.conftest import AUTHOR, Bench, Meanwhile

pytestmark = on_each_deployment_in_full

KEPT, SECRET = os.urandom(400_000), os.urandom(300_000)
OID = hashlib.sha256(SECRET).hexdigest()


def upload(bench: Bench, **files: bytes) -> str:
    """Commit these files, those in `films` by Git LFS; the commit's name."""
    puts = [bench.put(path.replace("__", "/"), data) for path, data in files.items()]
    wanted = Write(bench.repository_id, "main", puts, "A change", AUTHOR, "alice")
    return write(wanted, precheck=do_nothing, in_transaction=do_nothing).sha


@pytest.fixture
def leaked(bench: Bench) -> Bench:
    """A film on `main`, and another in a commit that was pushed away."""
    upload(bench, **{".gitattributes": b"films/** filter=lfs\n"})
    upload(bench, films__kept=KEPT)
    kept = read_snapshot(bench.repository_id).branches["main"]
    lost = upload(bench, films__secret=SECRET)
    move = RefUpdate("refs/heads/main", lost, kept)
    commit(Change(bench.repository_id, "alice", updates=(move,)), precheck=do_nothing, in_transaction=do_nothing)
    return bench


def purge(bench: Bench) -> str:
    with track_progress("purge") as work:
        done = consolidate(RepackRequest(bench.repository_id, purge=True), work)
    assert done
    return done.sentence


def named(bench: Bench) -> set[str]:
    return {one.oid for one in lfs_objects.read_all_named(bench.repository_id, until=99)}


def stored(bench: Bench) -> set[str]:
    return {entry.key.rpartition("/")[2][:64] for entry in store().list(f"repos/{bench.repository_id}/lfs/")}


def film(bench: Bench, path: str) -> bytes:
    with open_copy(bench.repository_id) as copy:
        return b"".join(find_content(copy, find(copy, resolve(copy, "main"), path).sha).blob.chunks)


def test_it_goes_with_the_commit_that_needed_it(leaked: Bench) -> None:
    with read_transaction() as session:
        before = session.get_one(Repository, leaked.repository_id).stored_bytes
    assert "1 Git LFS objects that nothing needs were dropped" in purge(leaked)
    assert named(leaked) == {hashlib.sha256(KEPT).hexdigest()}
    with pytest.raises(LfsAbsent):
        find_object(leaked.repository_id, OID, None)
    with read_transaction() as session:
        assert session.get_one(Repository, leaked.repository_id).stored_bytes < before - 0.9 * len(SECRET)
    journal = list_journal(leaked.repository_id)
    assert [one.oid for one in read_version(journal, journal.entries[-1]).state.lfs] == [
        hashlib.sha256(KEPT).hexdigest()
    ]
    assert film(leaked, "films/kept") == KEPT
    assert verify(leaked.repository_id).faults == ()


def test_its_bytes_stay_for_who_may_be_reading_and_are_collected_then(leaked: Bench) -> None:
    purge(leaked)
    sweep_staged()
    assert sum(found.objects for found in collect(0)) == 0
    assert OID in stored(leaked)
    expire()
    sweep_staged()
    assert sum(found.objects for found in collect(0)) > 0
    assert stored(leaked) == named(leaked)
    assert verify(leaked.repository_id).faults == ()


def test_the_collector_keeps_it_until_the_log_has_the_purge(leaked: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = list_entries(leaked.repository_id)
    purge(leaked)
    [newest] = [key for key in list_entries(leaked.repository_id) if key not in entries]
    body = store().read(newest.key)
    store().delete(newest.key)
    expire()
    sweep_staged()
    list(collect(0))
    assert OID in stored(leaked)
    store().put(newest.key, body, sha256=hashlib.sha256(body).hexdigest())
    list(collect(0))
    assert OID not in stored(leaked)


def test_a_write_that_needs_it_meanwhile_keeps_it(leaked: Bench, meanwhile: Meanwhile) -> None:
    """It was committed before the purge, which looks again: in a file that the new packs need not have."""
    another = Pointer(OID, len(SECRET)).text.replace(b"\n", b"\r\n")
    meanwhile(lambda: upload(leaked, other=another))
    purge(leaked)
    assert OID in named(leaked)
    assert film(leaked, "other") == SECRET
    assert verify(leaked.repository_id).faults == ()


def test_a_write_that_found_it_before_the_purge_stores_it_again(leaked: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: purge(leaked))
    upload(leaked, films__again=SECRET)
    assert film(leaked, "films/again") == SECRET
    assert verify(leaked.repository_id).faults == ()


def test_a_pointer_to_what_a_purge_dropped_meanwhile_is_refused(leaked: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: purge(leaked))
    with pytest.raises(LfsUnknown, match="that the project does not have"):
        upload(leaked, other=Pointer(OID, len(SECRET)).text)
    assert OID not in named(leaked)


def test_it_can_be_stored_again_while_the_old_one_waits_for_the_collector(leaked: Bench) -> None:
    purge(leaked)
    upload(leaked, films__again=SECRET)
    expire()
    sweep_staged()
    list(collect(0))
    assert film(leaked, "films/again") == SECRET
    assert verify(leaked.repository_id).faults == ()


def test_a_purge_of_a_project_without_git_lfs_looks_for_none(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench.write(bench.put("a", b"1"))
    monkeypatch.setattr("framework.repositories.maintenance.repacking.find_pointed_objects", None)
    assert purge(bench)
