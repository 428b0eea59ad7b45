"""A fold beside pushes, consolidations, purges and other folds: what happens between its look and its commit."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework.celery.jobs import Work, track_progress
from framework.config import Config
from framework.database.session import read_transaction
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate, is_consolidated
from framework.repositories.maintenance.folding import fold
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import StagedPush
from framework.repositories.write.commit import commit, do_nothing
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, Bench, Meanwhile
from tests.repositories.packed import force_away, has_superseded_packs, packs_of

pytestmark = on_each_deployment_in_full


@pytest.fixture(autouse=True)
def few(with_settings: Callable[..., Config]) -> None:
    """More than two small packs are many."""
    with_settings(fold_packs=2)


def staged() -> int:
    """How many pushes own something in the store that no version names."""
    with read_transaction() as session:
        return len(session.scalars(select(StagedPush)).all())


def test_a_push_meanwhile_stays_beside(grown: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: grown.write(grown.put("late", b"late"), grown.put("large", LARGE[:-1])))
    assert fold(grown.repository_id) == 8
    assert len(packs_of(grown)) == 4
    assert grown.read("late") == b"late"
    assert verify(grown.repository_id).faults == ()


def test_a_push_that_saw_the_small_packs_lands_on_the_folded_ones(grown: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: fold(grown.repository_id))
    grown.write(grown.put("late", b"late"), grown.put("large", LARGE[:-1]))
    assert len(packs_of(grown)) == 4
    assert grown.read("late") == b"late"
    assert verify(grown.repository_id).faults == ()


def test_of_two_folds_one_wins_and_the_other_leaves_nothing(grown: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: fold(grown.repository_id))
    assert fold(grown.repository_id) == 0
    assert len(packs_of(grown)) == 2
    assert staged() == 0
    assert verify(grown.repository_id).faults == ()


@pytest.mark.parametrize("purge", [False, True])
def test_a_fold_that_loses_to_a_repacking_leaves_nothing(grown: Bench, meanwhile: Meanwhile, *, purge: bool) -> None:
    """What a purge has dropped does not come back."""
    lost = force_away(grown)
    with track_progress("the other") as other:
        meanwhile(lambda: consolidate(RepackRequest(grown.repository_id, purge=purge), other))
        assert fold(grown.repository_id) == 0
    assert is_consolidated(packs_of(grown))
    with open_copy(grown.repository_id, FULL) as copy:
        assert copy.has(lost) != purge
    assert staged() == 0
    assert verify(grown.repository_id).faults == ()


@pytest.mark.parametrize("purge", [False, True])
def test_a_repacking_replaces_what_was_folded_meanwhile(
    grown: Bench, work: Work, meanwhile: Meanwhile, *, purge: bool
) -> None:
    lost = force_away(grown)
    meanwhile(lambda: fold(grown.repository_id))
    assert consolidate(RepackRequest(grown.repository_id, purge=purge), work)
    assert is_consolidated(packs_of(grown))
    with open_copy(grown.repository_id, FULL) as copy:
        assert copy.has(lost) != purge
    assert grown.read("large") == LARGE
    assert verify(grown.repository_id).faults == ()


def test_a_consolidation_leaves_beside_what_was_folded_with_a_later_push(
    grown: Bench, work: Work, meanwhile: Meanwhile
) -> None:
    def push_and_fold() -> None:
        grown.write(grown.put("late", b"late"))
        fold(grown.repository_id)

    meanwhile(push_and_fold)
    assert consolidate(RepackRequest(grown.repository_id), work)
    assert not is_consolidated(packs_of(grown))
    assert len(packs_of(grown)) == 3, "the folded history has the late push"
    assert grown.read("late") == b"late"
    assert verify(grown.repository_id).faults == ()


def test_a_purge_begins_anew_after_what_it_drops_was_folded_with_a_later_push(
    grown: Bench, work: Work, meanwhile: Meanwhile
) -> None:
    lost = force_away(grown)

    def push_and_fold() -> None:
        grown.write(grown.put("late", b"late"))
        fold(grown.repository_id)

    meanwhile(push_and_fold)
    assert consolidate(RepackRequest(grown.repository_id, purge=True), work)
    with open_copy(grown.repository_id, FULL) as copy:
        assert not copy.has(lost)
    assert grown.read("late") == b"late"
    assert verify(grown.repository_id).faults == ()


def test_a_branch_meanwhile_on_what_a_purge_is_about_to_drop_keeps_it_though_folded(
    grown: Bench, work: Work, meanwhile: Meanwhile
) -> None:
    lost = force_away(grown)

    def rescue_and_fold() -> None:
        move = RefUpdate("refs/heads/rescued", None, lost)
        change = Change(repository_id=grown.repository_id, actor="alice", updates=(move,), pack_generation=0)
        commit(change, precheck=do_nothing, in_transaction=do_nothing)
        fold(grown.repository_id)

    meanwhile(rescue_and_fold)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert grown.read("secret", "rescued") == b"secret"
    assert verify(grown.repository_id).faults == ()


def test_a_reader_keeps_the_small_packs_until_it_ends(grown: Bench) -> None:
    with open_copy(grown.repository_id) as reader:
        fold(grown.repository_id)
        tip = read_snapshot(grown.repository_id).branches["main"]
        assert reader.commit(tip).id.decode() == tip
        assert has_superseded_packs(grown)
    with open_copy(grown.repository_id):
        pass
    assert not has_superseded_packs(grown)
