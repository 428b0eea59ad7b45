"""How people visit a million projects: a few are popular, fashions change, courses meet, and robots read everything.

A visit is one person's stay at one project, with however many requests. What it is made of:

returns   four visits in ten go where somebody was before, about a day ago in the mean: people work on something
popular   Zipf's law (exponent 0.9) over ranks; every day one rank in 200 goes to another project, as attention wanders
courses   a twentieth of the projects belong to courses of 100; in each of the semester's weeks the whole course visits
          within a day, and in between nobody does
robots    each project once in turn, whatever anybody thinks of it

The sizes are log-normal (median 1 MiB, sigma 2, so the mean is 7 MiB), cut at 5 GiB, the quota.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIB, GIB = 1 << 20, 1 << 30
ZIPF_EXPONENT = 0.9
DAILY_CHURN = 1 / 200
COURSE_PROJECTS = 100
COURSE_SHARE = 1 / 20
COURSE_EVERY_DAYS = 7
ROBOT_SHARE = 0.05
RETURN_SHARE = 0.4


@dataclass(frozen=True)
class Law:
    """How many projects there are, for how many days, and how many visits each day brings besides the courses'."""

    projects: int = 1_000_000
    days: int = 35
    daily_visits: int = 30_000
    seed: int = 8


@dataclass(frozen=True)
class Visits:
    """`projects[i]` is visited on day `days[i]`; the project `p` takes `sizes[p]` bytes."""

    projects: NDArray[np.int32]
    days: NDArray[np.int16]
    sizes: NDArray[np.int64]

    def of_one_machine(self, machines: int, seed: int) -> "Visits":
        """What one of so many machines sees, when each visit goes to any of them."""
        mine = np.random.default_rng(seed).integers(machines, size=len(self.projects)) == 0
        return Visits(self.projects[mine], self.days[mine], self.sizes)


def draw(law: Law) -> Visits:
    """The visits of all days in their order; the same for the same law."""
    random = np.random.default_rng(law.seed)
    sizes = np.minimum(MIB * np.exp(random.normal(0, 2, law.projects)), 5 * GIB).astype(np.int64)
    weights = np.cumsum(np.arange(1, law.projects + 1) ** -ZIPF_EXPONENT)
    ranked = random.permutation(law.projects).astype(np.int32)
    daily = [_one_day(law, random, weights, _churned(ranked, random), day) for day in range(law.days)]
    numbers = np.repeat(np.arange(law.days, dtype=np.int16), [len(visits) for visits in daily])
    return Visits(_with_returns(law, random, np.concatenate(daily)), numbers, sizes)


def _one_day(
    law: Law, random: np.random.Generator, weights: NDArray[np.float64], ranked: NDArray[np.int32], day: int
) -> NDArray[np.int32]:
    robots = int(law.daily_visits * ROBOT_SHARE)
    drawn = np.searchsorted(weights, random.random(law.daily_visits - robots) * weights[-1])
    popular = ranked[drawn]
    read = (np.arange(day * robots, (day + 1) * robots) % law.projects).astype(np.int32)
    visits = np.concatenate([popular, read, _courses(law, day)])
    random.shuffle(visits)
    return visits


def _courses(law: Law, day: int) -> NDArray[np.int32]:
    """The projects of the courses that meet on this day."""
    members = np.arange(int(law.projects * COURSE_SHARE), dtype=np.int32)
    meets_on = (members // COURSE_PROJECTS) % COURSE_EVERY_DAYS
    meeting: NDArray[np.int32] = members[meets_on == day % COURSE_EVERY_DAYS]
    return meeting


def _churned(ranked: NDArray[np.int32], random: np.random.Generator) -> NDArray[np.int32]:
    """Some ranks change places with others, in place."""
    moving = random.choice(len(ranked), int(len(ranked) * DAILY_CHURN), replace=False)
    ranked[moving] = ranked[random.permutation(moving)]
    return ranked


def _with_returns(law: Law, random: np.random.Generator, projects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Let visits repeat earlier ones; who repeats a repetition goes where that one went."""
    places = np.arange(len(projects))
    back = random.geometric(1 / law.daily_visits, len(projects))
    returning = (random.random(len(projects)) < RETURN_SHARE) & (back <= places)
    origin = np.where(returning, places - back, places)
    while (further := origin[origin]).tobytes() != origin.tobytes():
        origin = further
    repeated: NDArray[np.int32] = projects[origin]
    return repeated
