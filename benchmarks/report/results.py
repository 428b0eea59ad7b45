"""The figures of the last run of each benchmark, kept in a file: var/bench.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table

SUMMARY = "summary"
"""The key, among those of the tables, below which each table's goals and seconds are."""


def read_results(file: Path) -> dict[str, Any]:
    """What is kept there: each table's figures by its name; nothing where there is no file."""
    return json.loads(file.read_text()) if file.exists() else {}


def read_goals(results: Mapping[str, Any], table: str) -> list[Figure]:
    """The figures with a goal of the table's last run."""
    kept = results.get(SUMMARY, {}).get(table, {})
    return [Figure(**goal) for goal in kept.get("goals", [])]


def keep_results(file: Path, results: dict[str, Any], found: Mapping[str, tuple[Table, float]]) -> None:
    """Keep these tables, with the seconds that each took, in place of their last run; those of others stay."""
    for name, (table, seconds) in found.items():
        results[name] = list(table.figures)
        goals: Sequence[dict[str, Any]] = [asdict(goal) for goal in table.goals]
        results.setdefault(SUMMARY, {})[name] = {"seconds": round(seconds, 1), "goals": goals}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results, indent=1))
