"""What a benchmark prints: a head, lines, and the figures that are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.cold import Figure

EXACT_UNITS = {"%", ""}


@dataclass(frozen=True)
class Table:
    """What one benchmark found; `holds` says whether every budget was kept that no machine's noise can exceed."""

    head: str
    lines: Sequence[str]
    figures: Sequence[Mapping[str, Any]]
    holds: bool = True


def show_figures(head: str, figures: Sequence[Figure]) -> Table:
    """These figures, each with its limit; counts and shares have to keep theirs, times are this machine's."""
    return Table(
        f"{head:<72} {'measured':>12} {'limit':>9}",
        [_figure_line(figure) for figure in figures],
        [asdict(figure) for figure in figures],
        all(figure.holds for figure in figures if figure.unit in EXACT_UNITS),
    )


def _figure_line(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{'>=' if figure.at_least else '<='} {figure.limit:g}"
    failed = "" if figure.holds else "  beyond its limit"
    return f"{figure.name:<72} {figure.value:>8.2f} {figure.unit:<3} {limit:>9}{failed}"
