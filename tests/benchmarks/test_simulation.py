"""The simulation: the same every time, no more bytes than the cache has, and each policy as its paper tells it."""

import numpy as np
import pytest

from benchmarks.eviction.access import GIB, Law, Visits, draw
from benchmarks.eviction.policies import POLICIES
from benchmarks.eviction.simulation import replay

LAW = Law(projects=4000, days=20, daily_visits=600)


def test_the_same_law_draws_the_same_visits() -> None:
    first, again = draw(LAW), draw(LAW)
    assert np.array_equal(first.projects, again.projects)
    assert not np.array_equal(first.projects, draw(Law(LAW.projects, LAW.days, LAW.daily_visits, seed=9)).projects)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_cache_for_everything_misses_each_project_once(policy: str) -> None:
    visits = draw(LAW)
    cache = POLICIES[policy](int(visits.sizes.sum()))
    missed = [project for project in visits.projects.tolist() if not cache.visit(project, int(visits.sizes[project]))]
    assert len(missed) == len(set(missed)) == len(np.unique(visits.projects))


@pytest.mark.parametrize("policy", POLICIES)
def test_no_cache_holds_more_than_its_size(policy: str) -> None:
    cache = POLICIES[policy](1000)
    for project in range(50):
        cache.visit(project, 100)
    assert sum(cache.visit(project, 100) for project in range(40, 50)) == 10
    assert not cache.visit(0, 100)


@pytest.mark.parametrize(("policy", "kept"), [("least recently used", False), ("SIEVE", True), ("S3-FIFO", True)])
def test_robots_drive_out_what_is_used_only_where_the_policy_lets_them(policy: str, kept: bool) -> None:
    cache = POLICIES[policy](1000)
    for _ in range(3):
        cache.visit(-1, 100)
    for robot in range(12):
        cache.visit(robot, 100)
    assert cache.visit(-1, 100) == kept


def test_the_size_aware_cache_keeps_many_small_copies_rather_than_a_large_one() -> None:
    cache = POLICIES["size-aware"](GIB)
    for small in range(100):
        cache.visit(small, 1 << 20)
    cache.visit(1000, GIB // 2)
    for _ in range(10):
        cache.visit(0, 1 << 20)
    cache.visit(1001, GIB // 2)
    assert not cache.visit(1000, GIB // 2)


def test_what_the_cache_uses_is_the_best_of_all() -> None:
    law = Law(projects=100_000, days=20, daily_visits=3000)
    visits = draw(law)
    for cache_bytes in (GIB, 8 * GIB):
        tallies = {policy: replay(visits, policy, cache_bytes) for policy in POLICIES}
        chosen = tallies.pop("size-aware")
        assert all(chosen.hit_rate > other.hit_rate for other in tallies.values())
        assert all(chosen.mean_wait_ms <= other.mean_wait_ms for other in tallies.values())


def test_a_machine_of_four_sees_a_quarter_of_the_visits() -> None:
    visits = draw(LAW)
    seen = visits.of_one_machine(4, seed=1)
    assert isinstance(seen, Visits)
    assert abs(len(seen.projects) / len(visits.projects) - 0.25) < 0.02
