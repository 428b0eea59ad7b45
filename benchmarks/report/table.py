"""What a benchmark prints: a head, lines, and the figures that are kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.report.figures import OURS, Comparison, Figure, Runs


@dataclass(frozen=True)
class Table:
    """What one benchmark found: lines to print, figures to keep, and the figures that have a goal for the summary."""

    head: str
    lines: Sequence[str]
    figures: Sequence[Mapping[str, Any]]
    goals: Sequence[Figure] = ()

    @property
    def holds(self) -> bool:
        """Whether every goal was kept that no machine's noise can exceed."""
        return all(goal.holds for goal in self.goals if goal.exact)


def show_figures(head: str, figures: Sequence[Figure]) -> Table:
    """These figures, with the least and the most of several runs; counts have to keep their limits, times need not."""
    return Table(
        f"{head:<72} {'median':>12} {'min':>8} {'max':>8} {'limit':>9}",
        [_figure_line(figure) for figure in figures],
        [asdict(figure) for figure in figures],
        _with_limits(figures),
    )


def show_limit(figure: Figure) -> str:
    """What the figure may be, such as "<= 4 ms"; nothing where it has no limit."""
    return "" if figure.limit is None else f"{'>=' if figure.at_least else '<='} {figure.limit:g} {figure.unit}".strip()


def show_verdict(figure: Figure) -> str:
    """PASS, or how many times better the figure has to become."""
    return "PASS" if figure.holds else f"{figure.missing:.2f} x missing"


def show_comparisons(head: str, comparisons: Sequence[Comparison]) -> Table:
    """Each piece of work with a line for us and for each peer, then its goals."""
    columns = f"{'median':>9} {'min':>9} {'max':>9} {'CPU':>9} {'SQL':>5} {'store':>6}"
    return Table(
        f"{head:<48} {columns}",
        [line for comparison in comparisons for line in _comparison_lines(comparison)],
        [kept for comparison in comparisons for kept in _comparison_figures(comparison)],
        _with_limits([figure for comparison in comparisons for figure in comparison.figures]),
    )


def show_seconds(seconds: float) -> str:
    """Seconds with a unit that suits them and three digits: "3.12 ms", "41.0 s"."""
    value, unit = (seconds * 1000, "ms") if seconds < 1 else (seconds, "s")
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def _with_limits(figures: Sequence[Figure]) -> list[Figure]:
    return [figure for figure in figures if figure.limit is not None]


def _figure_line(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{'>=' if figure.at_least else '<='} {figure.limit:g}"
    failed = "" if figure.holds else f"  {show_verdict(figure)}"
    value, least, most = map(_show_value, (figure.value, figure.least, figure.most))
    return f"{figure.name:<72} {value:>8} {figure.unit:<3} {least:>8} {most:>8} {limit:>9}{failed}".rstrip()


def _show_value(value: float | None) -> str:
    """With two digits behind the point, where it is not a whole number; nothing for None."""
    return "" if value is None else f"{value:,.2f}".removesuffix(".00")


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    yield comparison.work
    for side, runs in {OURS: comparison.ours, **comparison.peers}.items():
        yield f"  {side:<46} {_runs_columns(runs)}"
    for peer, reason in (comparison.absent or {}).items():
        yield f"  {peer:<46} not measured: {reason}"
    for figure in comparison.figures:
        measured = f"    {figure.name}: {figure.value:.2f} {figure.unit}".rstrip()
        yield f"{measured} (goal {show_limit(figure)}) {show_verdict(figure)}" if figure.limit is not None else measured


def _runs_columns(runs: Runs) -> str:
    cpu = "" if runs.cpu_median is None else show_seconds(runs.cpu_median)
    counted = ["" if count is None else f"{count:g}" for count in (runs.statements, runs.requests)]
    times = (show_seconds(seconds) for seconds in (runs.median, min(runs.seconds), max(runs.seconds)))
    return f"{' '.join(f'{time:>9}' for time in times)} {cpu:>9} {counted[0]:>5} {counted[1]:>6}".rstrip()


def _comparison_figures(comparison: Comparison) -> Iterator[Mapping[str, Any]]:
    for side, runs in {OURS: comparison.ours, **comparison.peers}.items():
        yield {
            "work": comparison.work,
            "side": side,
            "median_seconds": runs.median,
            "min_seconds": min(runs.seconds),
            "max_seconds": max(runs.seconds),
            "cpu_seconds": runs.cpu_median,
            "statements": runs.statements,
            "requests": runs.requests,
        }
    for peer, reason in (comparison.absent or {}).items():
        yield {"work": comparison.work, "side": peer, "absent": reason}
    yield from (asdict(figure) for figure in comparison.figures)
