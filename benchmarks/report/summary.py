"""The end of a run: each goal with PASS or the ratio that is missing, and the difference to the last run."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_limit, show_verdict

Goals = Mapping[str, Sequence[Figure]]
"""The figures with a goal of each table, by the table's name."""


def summarize(found: Mapping[str, tuple[Table, float]], before: Goals) -> list[str]:
    """The lines for these tables, with the seconds that each took; `before` has the goals of the runs before."""
    goals = [goal for table, _seconds in found.values() for goal in table.goals]
    kept = sum(goal.holds for goal in goals)
    total = sum(seconds for _table, seconds in found.values())
    return [
        f"{'summary':<76} {'measured':>11} {'goal':>11} {'':<13} {'last run':>18}",
        *_goal_lines(found, before),
        f"{kept} of {len(goals)} goals are kept. The benchmarks took {total:.0f} s: {_slowest(found)}.",
    ]


def show_difference(goal: Figure, before: Figure | None) -> str:
    """The last run's value, and by how many per cent this one differs; nothing where there was none."""
    if before is None:
        return ""
    change = f" ({(goal.value / before.value - 1) * 100:+.0f} %)" if before.value else ""
    return f"{before.value:.2f}{change}"


def _goal_lines(found: Mapping[str, tuple[Table, float]], before: Goals) -> Iterator[str]:
    for name, (table, _seconds) in found.items():
        last = {goal.name: goal for goal in before.get(name, ())}
        for goal in table.goals:
            measured = f"{goal.value:.2f} {goal.unit}".strip()
            difference = show_difference(goal, last.get(goal.name))
            line = f"{f'{name}: {goal.name}':<76} {measured:>11} {show_limit(goal):>11} {show_verdict(goal):<13}"
            yield f"{line} {difference:>18}".rstrip()


def _slowest(found: Mapping[str, tuple[Table, float]]) -> str:
    """The seconds of each table, the longest first."""
    taken = sorted(((seconds, name) for name, (_table, seconds) in found.items()), reverse=True)
    return ", ".join(f"{name} {seconds:.0f}" for seconds, name in taken)
