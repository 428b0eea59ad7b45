"""What a benchmark measures: figures with their limits, and what the runs of one piece of work took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

EXACT_UNITS = {"%", "", "bytes", "MiB"}
"""Units of what is counted, and not timed: no noise of the machine changes it."""


@dataclass(frozen=True)
class Figure:
    """What was measured, in this unit, and what it may be at most (or at least, where `at_least` says so).

    Of several runs it is the median, and knows the least and the most of them; None where there was one.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    least: float | None = None
    most: float | None = None

    @classmethod
    def of_runs(
        cls, name: str, runs: Sequence[float], unit: str, limit: float | None = None, *, at_least: bool = False
    ) -> "Figure":
        """What these runs found.

        Raises:
            statistics.StatisticsError: there was none.
        """
        return cls(name, median(runs), unit, limit, at_least, min(runs), max(runs))

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its limit."""
        return self.missing <= 1

    @property
    def missing(self) -> float:
        """How many times better it would have to be to keep its limit; 1 or less where it does, or has none."""
        if self.limit is None:
            return 1.0
        better, worse = (self.value, self.limit) if self.at_least else (self.limit, self.value)
        if worse <= better:
            return 1.0
        return worse / better if better > 0 else float("inf")

    @property
    def exact(self) -> bool:
        """Whether it is counted, and not timed."""
        return self.unit in EXACT_UNITS


@dataclass(frozen=True)
class Runs:
    """What each run of one piece of work took: seconds by the clock and, where counted, of the processors.

    `statements` to SQL and `requests` to the object store are medians of one run; None where nobody counted them.
    """

    seconds: Sequence[float]
    cpu_seconds: Sequence[float] = ()
    statements: float | None = None
    requests: float | None = None

    @property
    def median(self) -> float:
        """Seconds by the clock."""
        return median(self.seconds)

    @property
    def cpu_median(self) -> float | None:
        """Seconds of the processors, None where nobody counted them."""
        return median(self.cpu_seconds) if self.cpu_seconds else None


def ratios(runs: Iterable[float], others: Iterable[float]) -> list[float]:
    """How many times the other one each of these runs took, which were made in turns.

    Raises:
        ValueError: there are more of one.
    """
    return [run / other for run, other in zip(runs, others, strict=True)]


OURS = "Holdfast"


@dataclass(frozen=True)
class Comparison:
    """One piece of work, what it took us and each peer in the same run, and the figures that follow.

    A peer that cannot run on this machine is named in `absent`, with the reason.
    """

    work: str
    ours: Runs
    peers: Mapping[str, Runs]
    figures: Sequence[Figure] = ()
    absent: Mapping[str, str] | None = None


def speed(work: str, ours: Runs, peer: str, theirs: Runs, *, least: float) -> Figure:
    """How many times as fast as the peer we are by the clock, and have to be."""
    return Figure(f"{work}: speed, {peer} = 1", theirs.median / ours.median, "x", least, at_least=True)


def time_ratio(work: str, ours: Runs, peer: str, theirs: Runs, *, most: float) -> Figure:
    """How much more time than the peer we take by the clock, and may take."""
    return Figure(f"{work}: time, {peer} = 1", ours.median / theirs.median, "x", most)


def cpu_ratio(work: str, ours: Runs, peer: str, theirs: Runs, *, most: float | None = None) -> Figure:
    """How much more of the processors than the peer we take, and may take (where that is a goal).

    Raises:
        ValueError: nobody counted the CPU of one of them.
    """
    if ours.cpu_median is None or not theirs.cpu_median:
        raise ValueError(f"{work}: there is no CPU time to compare")
    return Figure(f"{work}: CPU, {peer} = 1", ours.cpu_median / theirs.cpu_median, "x", most)
