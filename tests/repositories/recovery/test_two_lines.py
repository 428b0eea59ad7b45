"""What two databases wrote beside each other is kept, on both lines."""

import hashlib

from sqlalchemy import select, update

from framework.database.session import read_transaction, transaction
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.journal.keys import list_entries
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, StagedPush
from framework.repositories.recovery.recovery import rebuild, resume
from framework.repositories.write import staging
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.staging import sweep
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench
from tests.repositories.recovery.test_recovery import LARGE, adopt

pytestmark = on_each_deployment


def _diverge(bench: Bench) -> None:
    """The database goes back while somebody writes on, and goes on by itself: version 2 is there twice."""
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    bench.write(bench.put("a", b"another line"))
    bench.write(bench.put("large", LARGE))
    hidden = list_entries(bench.repository_id)[1:]
    bodies = {key: store().read(key.key) for key in hidden}
    for key in hidden:
        store().delete(key.key)
    moments.put_back(backup)
    bench.write(bench.put("b", b"this line"))
    for key, body in bodies.items():
        store().put(key.key, body, sha256=hashlib.sha256(body).hexdigest())
    moments.start_anew()


def test_versions_that_two_databases_made_beside_each_other_are_all_kept(bench: Bench) -> None:
    _diverge(bench)
    [done] = resume(adopt)
    [ref] = done.kept
    branch = ref.removeprefix("refs/heads/")
    assert (done.parallel, done.versions, done.faults) == (2, 0, ())
    assert branch.startswith("recovered/")
    assert (bench.read("a"), bench.read("b")) == (b"1", b"this line")
    assert (bench.read("a", branch), bench.read("large", branch)) == (b"another line", LARGE)
    assert verify(bench.repository_id).faults == ()
    assert [again.parallel for again in resume(adopt)] == [0]


def test_packs_of_another_line_are_no_longer_on_their_way(bench: Bench) -> None:
    """The database was copied while a push was staged, which the other one has committed since."""
    _diverge(bench)
    with read_transaction() as session:
        known = set(session.scalars(select(Pack.name)))
    stored = {
        entry.key.rpartition("pack-")[2].partition(".")[0] for entry in store().list("repos/") if "/packs/" in entry.key
    }
    staging.stage(bench.repository_id, object_keys.new_id(), sorted(stored - known))
    list(resume(adopt))
    with transaction() as session:
        session.execute(update(StagedPush).values(state="doomed"))
    sweep()
    assert verify(bench.repository_id).faults == ()


def test_an_empty_database_gets_both_lines_back(bench: Bench) -> None:
    _diverge(bench)
    list(resume(adopt))
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    [branch] = [name for name in read_snapshot(bench.repository_id).branches if name != "main"]
    assert (bench.read("b"), bench.read("large", branch)) == (b"this line", LARGE)
    assert verify(bench.repository_id).faults == ()


def test_a_recovered_branch_that_was_deleted_does_not_return(bench: Bench) -> None:
    _diverge(bench)
    [done] = resume(adopt)
    [ref] = done.kept
    sha = read_snapshot(bench.repository_id).refs[ref]
    gone = Change(bench.repository_id, "alice", updates=(RefUpdate(ref, sha, None),))
    commit(gone, precheck=do_nothing, in_transaction=do_nothing)
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert list(read_snapshot(bench.repository_id).branches) == ["main"]
