"""Old journal entries go when two checkpoints tell what they led to, and nothing else does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from framework.database.session import read_transaction
from framework.database.types import now
from framework.repositories.catalog.fingerprint import differences as fingerprint_differences
from framework.repositories.catalog.fingerprint import read_fingerprints
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.journal.keys import journal_keys, list_journal
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.journal_retention import list_expired
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Version
from framework.repositories.recovery.recovery import rebuild
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.repositories.maintenance.test_collector import Settings
from tests.repositories.recovery.test_recovery import adopt
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@pytest.fixture
def old(bench: Bench, with_settings: Settings) -> Bench:
    """Six versions, with checkpoints of the second, fourth and sixth; nothing is too young to go."""
    for number in range(1, 7):
        bench.write(bench.put("a", str(number).encode()))
        if number % 2 == 0:
            write_checkpoint(bench.repository_id, least_bytes=0)
    with_settings(log_retention_days=0)
    return bench


def versions_left(bench: Bench) -> tuple[list[int], list[int]]:
    """The versions that the journal has entries and checkpoints of."""
    journal = list_journal(bench.repository_id)
    return [key.version for key in journal.entries], [one.entry.version for one in journal.checkpoints]


def test_what_two_checkpoints_tell_goes(old: Bench) -> None:
    assert [found.objects for found in collect(24)] == [4]
    assert versions_left(old) == ([4, 5, 6], [4, 6])
    assert verify(old.repository_id).faults == ()
    with read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(Version)) == 6
    assert [found.objects for found in collect(24)] == [0]


def test_the_rest_brings_everything_back(old: Bench) -> None:
    list(collect(24))
    old.write(old.put("b", b"7"))
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert (done.versions, done.faults) == (4, ())
    assert (old.read("a"), old.read("b")) == (b"6", b"7")
    assert verify(old.repository_id).faults == ()


def test_entries_go_up_to_a_checkpoint(old: Bench, with_settings: Settings) -> None:
    """So that the rest begins with a complete state, though some of what could go is too young."""
    listed = list(store().list(f"repos/{old.repository_id}/"))
    young = list_journal(old.repository_id).entries[2].key
    aged = [replace(one, modified_at=now() - timedelta(days=2 * (one.key < young))) for one in listed]
    with_settings(log_retention_days=1)
    expired = list_expired(old.repository_id, list_journal(old.repository_id), aged)
    assert [key.version for key in journal_keys(expired)] == [1]


def test_the_drill_knows_of_it(old: Bench) -> None:
    [before] = read_fingerprints()
    list(collect(24))
    [after] = read_fingerprints()
    assert (before.versions, after.versions) == (6, 3)
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert list(fingerprint_differences(after)) == []


def test_two_checkpoints_of_one_version_are_one(bench: Bench, with_settings: Settings) -> None:
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    for _checkpoint in range(2):
        write_checkpoint(bench.repository_id, least_bytes=0)
    with_settings(log_retention_days=0)
    assert [found.objects for found in collect(24)] == [0]


def test_what_is_young_stays(old: Bench, with_settings: Settings) -> None:
    with_settings(log_retention_days=1)
    assert [found.objects for found in collect(24)] == [0]


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_goes_while_one_of_the_two_is_damaged(old: Bench, number: int) -> None:
    alter(list_journal(old.repository_id).checkpoints[number].key, b"{}")
    assert [found.objects for found in collect(24)] == [0]


def test_one_checkpoint_is_not_enough(bench: Bench, with_settings: Settings) -> None:
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    write_checkpoint(bench.repository_id, least_bytes=0)
    with_settings(log_retention_days=0)
    assert [found.objects for found in collect(24)] == [0]
