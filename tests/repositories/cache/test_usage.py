"""How the cache fares is summed up in SQL, without a write for each read; ghosts tell what more room would bring."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from framework import config
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories.cache import eviction, usage
from framework.repositories.models import CacheDay, Repository
from tests.cast import on_each_deployment, on_one_deployment
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _fresh(settings: Config) -> None:
    """What other tests of this process left unwritten is none of this test's."""
    usage.write()
    with transaction() as session:
        session.execute(delete(CacheDay))


def make_room_for(bench: Bench, settings: Config) -> None:
    """Everything but nothing has to go."""
    config.use(replace(settings, cache_max_bytes=0))
    assert eviction.make_room(keep="") > 0
    config.use(settings)
    assert not eviction.copy_path(bench.repository_id).exists()


def last_access_at(bench: Bench) -> datetime:
    with read_transaction() as session:
        return session.get_one(Repository, bench.repository_id).last_access_at


def test_hits_and_misses_of_all_processes_are_summed_up(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    bench.read("a")
    usage.write()
    before = usage.read_figures()
    eviction.evict(bench.repository_id)
    for _ in range(4):
        bench.read("a")
    usage.write()
    after = usage.read_figures()
    assert (after.hits - before.hits, after.misses - before.misses, after.regained) == (3, 1, 0)
    assert after.hit_rate
    assert 0 < after.hit_rate < 1


def test_before_the_first_reader_there_is_no_rate(settings: Config) -> None:
    figures = usage.read_figures()
    assert (figures.hit_rate, figures.hit_rate_with_more) == (None, None)


def test_a_read_writes_nothing_until_it_is_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(bench.put("a", b"1"))
    monkeypatch.setattr(usage, "_written_at", 1e12)
    bench.read("a")
    with read_transaction() as session:
        assert session.scalars(select(CacheDay)).all() == []
    monkeypatch.setattr(usage, "_written_at", float("-inf"))
    bench.read("a")
    with read_transaction() as session:
        assert session.scalars(select(CacheDay)).one().hits > 0


def test_sql_learns_when_a_repository_was_used_on_any_machine(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    with transaction() as session:
        session.get_one(Repository, bench.repository_id).last_access_at = now() - timedelta(days=40)
    bench.read("a")
    usage.write()
    assert now() - last_access_at(bench) < timedelta(minutes=5)


def test_what_is_written_late_tells_when_it_was_used(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    bench.read("a")
    read_by = now()
    with transaction() as session:
        session.get_one(Repository, bench.repository_id).last_access_at = now() - timedelta(days=40)
    usage.write()
    assert last_access_at(bench) <= read_by


def test_what_another_machine_wrote_meanwhile_is_not_put_back(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    bench.read("a")
    later = now() + timedelta(hours=1)
    with transaction() as session:
        session.get_one(Repository, bench.repository_id).last_access_at = later
    usage.write()
    assert last_access_at(bench) == later


def test_upkeep_within_upkeep_is_nobodys_use(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    usage.write()
    before = usage.read_figures()
    with usage.suppress_usage():
        with usage.suppress_usage():
            bench.read("a")
        bench.read("a")
    usage.write()
    assert usage.read_figures().hits == before.hits
    bench.read("a")
    usage.write()
    assert usage.read_figures().hits == before.hits + 1


def test_a_copy_that_went_lately_is_a_miss_that_more_room_would_spare(bench: Bench, settings: Config) -> None:
    bench.write(bench.put("a", b"1"))
    make_room_for(bench, settings)
    bench.read("a")
    eviction.evict(bench.repository_id)
    bench.read("a")
    usage.write()
    figures = usage.read_figures()
    assert figures.regained == 1, "who was dropped on demand is no ghost"
    assert figures.hit_rate_with_more
    assert figures.hit_rate is not None
    assert figures.hit_rate_with_more > figures.hit_rate


def test_ghosts_are_remembered_up_to_a_gib(settings: Config) -> None:
    for number in range(5):
        eviction.add_ghost(f"{number:032}", 300 * MIB)
    stayed = [eviction.take_ghost(f"{number:032}") for number in range(5)]
    assert stayed == [False, False, True, True, True]
    assert not eviction.take_ghost(f"{4:032}"), "it is here again"


def test_small_ghosts_are_no_end_of_files(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eviction, "MOST_GHOSTS", 10)
    for number in range(30):
        eviction.add_ghost(f"{number:032}", 1)
    assert len(list((settings.data / "ghosts").iterdir())) == 10


@on_one_deployment
def test_a_database_that_is_away_costs_the_news_only(
    bench: Bench, with_settings: Callable[..., Config], caplog: pytest.LogCaptureFixture
) -> None:
    usage.note_opened(bench.repository_id, hit=True)
    with_settings(database_url="sqlite:////nowhere/at/all.sqlite3")
    usage.write()
    assert "is not recorded" in caplog.text


def test_a_repository_that_was_deleted_meanwhile_takes_no_news_with_it(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    bench.read("a")
    usage.note_opened("0" * 32, hit=True)
    with transaction() as session:
        session.execute(update(Repository).values(last_access_at=now() - timedelta(days=40)))
    usage.write()
    assert now() - last_access_at(bench) < timedelta(days=1)
