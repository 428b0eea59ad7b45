"""A fold beside pushes, consolidations, purges and other folds: what happens between its look and its commit."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from framework.celery.jobs import Work, track_progress
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.gitcore.pack_objects import pack_objects
from framework.gitcore.packs import WrittenPack, measure_pack
from framework.repositories import object_keys
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.pack_records import HISTORY, NewPack
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate, is_consolidated
from framework.repositories.maintenance.fold_hold import hold_folds_off
from framework.repositories.maintenance.folding import fold
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Repository, StagedPush
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.pack_upload import send
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, Bench, Meanwhile
from tests.repositories.packed import force_away, git_in, has_superseded_packs, packs_of

pytestmark = on_each_deployment_in_full


@pytest.fixture(autouse=True)
def few(with_settings: Callable[..., Config]) -> None:
    """More than two small packs are many."""
    with_settings(fold_packs=2)


def staged() -> int:
    """How many pushes own something in the store that no version names."""
    with read_transaction() as session:
        return len(session.scalars(select(StagedPush)).all())


def fold_after_all(bench: Bench) -> int:
    """Fold, as if a purge had taken longer than folds stand back for it."""
    with transaction() as session:
        session.execute(update(Repository).values(folds_held_until=None))
    return fold(bench.repository_id)


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
    meanwhile(lambda: fold_after_all(grown))
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
        assert fold_after_all(grown)

    meanwhile(push_and_fold)
    assert consolidate(RepackRequest(grown.repository_id, purge=True), work)
    with open_copy(grown.repository_id, FULL) as copy:
        assert not copy.has(lost)
    assert grown.read("late") == b"late"
    assert verify(grown.repository_id).faults == ()


@pytest.mark.long
def test_a_branch_meanwhile_on_what_a_purge_is_about_to_drop_keeps_it_though_folded(
    grown: Bench, work: Work, meanwhile: Meanwhile
) -> None:
    lost = force_away(grown)

    def rescue_and_fold() -> None:
        move = RefUpdate("refs/heads/rescued", None, lost)
        change = Change(repository_id=grown.repository_id, actor="alice", updates=(move,), pack_generation=0)
        commit(change, precheck=do_nothing, in_transaction=do_nothing)
        assert fold_after_all(grown)

    meanwhile(rescue_and_fold)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert grown.read("secret", "rescued") == b"secret"
    assert verify(grown.repository_id).faults == ()


def test_folds_stand_back_while_a_project_is_purged(grown: Bench, work: Work, meanwhile: Meanwhile) -> None:
    folded = list[int]()
    meanwhile(lambda: folded.append(fold(grown.repository_id)))
    assert consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert folded == [0]
    for number in range(4):
        grown.write(grown.put("late", b"%d" % number))
    assert fold(grown.repository_id) == 4, "they are let go on afterwards"


def test_a_fold_that_began_before_a_purge_does_not_land_in_it(grown: Bench) -> None:
    with hold_folds_off(grown.repository_id):
        assert fold(grown.repository_id) == 0
    assert len(packs_of(grown)) == 8
    assert staged() == 0


def test_what_is_pushed_again_during_a_purge_stays_though_it_is_folded(
    grown: Bench, work: Work, monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., Config]
) -> None:
    """A purge that loses two races, the second one to a fold of all packs but the largest, which is on top of it."""
    with_settings(fold_packs=6)
    kept = read_snapshot(grown.repository_id).refs["refs/heads/main"]
    lost = force_away(grown)

    def push_again() -> None:
        pack = repack(grown, lost, kept)
        name, push_id = object_keys.new_id(), object_keys.new_id()
        send(grown.repository_id, push_id, {name: pack})
        change = Change(
            repository_id=grown.repository_id,
            actor="bob",
            push_id=push_id,
            updates=(RefUpdate("refs/heads/again", None, lost),),
            packs=(NewPack.of(name, HISTORY, pack, {}),),
        )
        commit(change, precheck=do_nothing, in_transaction=do_nothing)
        files = [grown.put(f"on top {number}", random.Random(number).randbytes(900_000)) for number in range(5)]
        grown.write(*files, branch="again")

    acts: list[Callable[[], object]] = [push_again, lambda: fold_after_all(grown)]

    def commit_late(change: Change, **given: Any) -> object:
        if change.kind == "purge" and acts:
            acts.pop(0)()
        return commit(change, **given)

    monkeypatch.setattr("framework.repositories.maintenance.publishing.commit", commit_late)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert not acts
    assert grown.read("secret", "again") == b"secret"
    assert verify(grown.repository_id).faults == ()


def repack(bench: Bench, wanted: str, known: str) -> WrittenPack:
    """What a client would push that has this commit, to a server that has the other one."""
    with open_copy(bench.repository_id, FULL) as copy:
        listed = git_in(copy.path, "rev-list", "--objects", wanted, f"^{known}").splitlines()
        names = bench.folder / "names"
        names.write_text("".join(f"{line[:40]}\n" for line in listed))
        made = pack_objects(copy.path, names, bench.folder / "pushed")
    assert made
    return measure_pack(made)


def test_a_reader_keeps_the_small_packs_until_it_ends(grown: Bench) -> None:
    with open_copy(grown.repository_id) as reader:
        fold(grown.repository_id)
        tip = read_snapshot(grown.repository_id).branches["main"]
        assert reader.commit(tip).id.decode() == tip
        assert has_superseded_packs(grown)
    with open_copy(grown.repository_id):
        pass
    assert not has_superseded_packs(grown)
