"""A million projects on a small disk: how often a visit finds its copy there, and what the others cost.

A visit that does not waits for a round trip to SQL and the store, and for the bytes.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks.eviction.access import GIB, Law, Visits, draw
from benchmarks.eviction.policies import POLICIES, Policy
from benchmarks.report.table import Table

WARM_UP_DAYS = 14
REQUESTS_PER_WAKING = 3
"""A consolidated project's first page: its history pack with the index, and the index of the large blobs."""
DOLLARS_PER_REQUEST = 0.4 / 1_000_000
DAYS_IN_MONTH = 30
ROUND_TRIPS_MS = 60
BYTES_PER_MS = 100_000
CACHES_GIB = (5, 20, 80, 320)
DISKS = ((1, False), (4, False), (4, True))
"""Machines, and whether their disks are wiped every day, as Heroku's are."""


@dataclass(frozen=True)
class Outcome:
    """One policy on one kind of disk: the share of visits that hit, what all wait in the mean, a month's requests."""

    machines: int
    wiped_daily: bool
    cache_gib: int
    policy: str
    hit_rate: float
    mean_wait_ms: float
    monthly_requests: int
    monthly_dollars: float


@dataclass(frozen=True)
class Tally:
    """What became of the visits after the warm-up."""

    visits: int = 0
    hits: int = 0
    fetched_bytes: int = 0

    @property
    def hit_rate(self) -> float:
        """The share that found their copy."""
        return self.hits / max(self.visits, 1)

    @property
    def mean_wait_ms(self) -> float:
        """What a visit waits for the store, in the mean of all."""
        misses = self.visits - self.hits
        return (misses * ROUND_TRIPS_MS + self.fetched_bytes / BYTES_PER_MS) / max(self.visits, 1)


def tabulate() -> Table:
    """What each policy makes of a million projects on each kind of disk."""
    outcomes = list(measure())
    lines = []
    for row in outcomes:
        disk = f"{row.machines} machine{'s' * (row.machines > 1)}{', wiped daily' * row.wiped_daily}"
        name = f"{disk}, {row.cache_gib} GiB, {row.policy}"
        month = f"{row.monthly_requests / 1e6:.2f} M GET, ${row.monthly_dollars:.2f}"
        lines.append(f"{name:<64} {row.hit_rate:>6.1%} {row.mean_wait_ms:>5.1f} ms {month:>20}")
    return Table(
        f"{'a million projects: cache on each machine, policy':<64} {'hits':>6} {'wait':>8} {'a month':>20}",
        lines,
        [asdict(row) for row in outcomes],
    )


def measure(law: Law | None = None) -> Iterator[Outcome]:
    """Every row of the table; the same visits for each."""
    law = law or Law()
    everything = draw(law)
    for machines, wiped in DISKS:
        visits = everything.of_one_machine(machines, law.seed)
        for cache_gib in CACHES_GIB:
            for name in POLICIES:
                tally = replay(visits, name, cache_gib * GIB, wiped_daily=wiped)
                asked = round(_monthly_visits(everything) * (1 - tally.hit_rate) * REQUESTS_PER_WAKING)
                yield Outcome(
                    machines=machines,
                    wiped_daily=wiped,
                    cache_gib=cache_gib,
                    policy=name,
                    hit_rate=round(tally.hit_rate, 4),
                    mean_wait_ms=round(tally.mean_wait_ms, 1),
                    monthly_requests=asked,
                    monthly_dollars=round(asked * DOLLARS_PER_REQUEST, 3),
                )


def replay(visits: Visits, policy: str, cache_bytes: int, *, wiped_daily: bool = False) -> Tally:
    """Have the visits meet a cache of this size."""
    cache: Policy = POLICIES[policy](cache_bytes)
    hits = counted = fetched = today = 0
    sizes = visits.sizes[visits.projects].tolist()
    for project, size, day in zip(visits.projects.tolist(), sizes, visits.days.tolist(), strict=True):
        if wiped_daily and day != today:
            cache, today = POLICIES[policy](cache_bytes), day
        hit = cache.visit(project, size)
        if day >= WARM_UP_DAYS:
            counted, hits, fetched = counted + 1, hits + hit, fetched + (0 if hit else size)
    return Tally(counted, hits, fetched)


def _monthly_visits(visits: Visits) -> float:
    return len(visits.projects) / (int(visits.days[-1]) + 1) * DAYS_IN_MONTH
