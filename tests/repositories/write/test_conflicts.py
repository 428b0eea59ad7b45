"""Writers who meet on one branch: who touched other paths lands on top, who touched the same ones is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.formatting import MIB
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.models import Pack, StagedPush
from framework.repositories.write.operations import (
    BranchMoved,
    Operation,
    PathsChanged,
)
from framework.repositories.write.staging import sweep
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full


@pytest.fixture
def rival(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[Operation], None]:
    """Has another write land between a writer's look at the tip and its commit point: when it sends its first pack."""
    send = store()._put

    def prepare(operation: Operation) -> None:
        def send_after_rival(key: str, source: bytes | Path, sha256: str) -> None:
            monkeypatch.setattr(store(), "_put", send)
            bench.write(operation)
            send(key, source, sha256)

        monkeypatch.setattr(store(), "_put", send_after_rival)

    return prepare


def test_two_writers_of_one_path_conflict(bench: Bench, rival: Callable[[Operation], None]) -> None:
    bench.write(bench.put("a", b"0"))
    rival(bench.put("a", b"theirs"))
    with pytest.raises(PathsChanged) as conflict:
        bench.write(bench.put("a", b"mine"))
    assert conflict.value.paths == ("a",)
    assert bench.read("a") == b"theirs"


def test_a_writer_whose_paths_nobody_touched_lands_on_top(bench: Bench, rival: Callable[[Operation], None]) -> None:
    bench.write(bench.put("a", b"0"))
    rival(bench.put("a", b"theirs"))
    bench.write(bench.put("b", b"mine"), bench.put("large", os.urandom(2 * MIB)))
    assert (bench.read("a"), bench.read("b")) == (b"theirs", b"mine")
    with open_copy(bench.repository_id) as copy:
        assert len(read_log(copy, resolve(copy, "main"))) == 3
    sweep()
    with read_transaction() as session:
        packs = session.scalars(select(Pack)).all()
        assert not session.scalars(select(StagedPush.id)).all()
    stored = [entry.key for entry in store().list(f"repos/{bench.repository_id}/packs/")]
    assert len(stored) == len(packs) + sum(pack.idx_stored for pack in packs), (
        "the packs of the attempt that lost are gone"
    )


def test_a_write_that_names_its_parent_does_not_land_on_top_of_a_rivals(
    bench: Bench, rival: Callable[[Operation], None]
) -> None:
    first = bench.write(bench.put("a", b"0"))
    rival(bench.put("b", b"theirs"))
    with pytest.raises(BranchMoved):
        bench.write(bench.put("c", b"mine"), parent=first.sha)
    assert bench.read("b") == b"theirs"


def test_what_others_changed_since_the_person_looked_is_a_conflict(bench: Bench) -> None:
    looked_at = bench.write(bench.put("a", b"0"), bench.put("b", b"0"))
    bench.write(bench.put("a", b"theirs"))
    with pytest.raises(PathsChanged) as conflict:
        bench.write(bench.put("a", b"mine"), bench.put("b", b"mine"), base=looked_at.sha)
    assert conflict.value.paths == ("a",)
    bench.write(bench.put("b", b"mine"), base=looked_at.sha)
    assert (bench.read("a"), bench.read("b")) == (b"theirs", b"mine")
