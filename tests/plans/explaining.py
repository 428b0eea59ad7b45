"""What PostgreSQL did for each statement: the plans that its module auto_explain tells, those of triggers included."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import Pool

Node = dict[str, Any]

SMALL = {
    *("alembic_version", "cache_days", "deployment", "plans", "scheduled_jobs", "storage_totals", "workers"),
    *("staged_lfs", "staged_pushes", "writer_tickets"),
}
"""Tables that do not grow with projects, people or what they did; the last have what is on its way now."""

_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_level": "notice",
    "auto_explain.log_format": "json",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",
}


@dataclass(frozen=True)
class Plan:
    """A statement as it was executed, and the steps that it took, each with how many rows it looked at."""

    statement: str
    root: Node

    def faults(self, most_rows: int) -> Iterator[str]:
        """Which growing tables it read from end to end, or more rows of than `most_rows`."""
        for node in _nodes(self.root):
            table = node.get("Relation Name")
            if table is None or table in SMALL or table.startswith("pg_"):
                continue
            passed_over = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
            touched = (node["Actual Rows"] + passed_over) * node["Actual Loops"]
            if node["Node Type"] == "Seq Scan" and node["Actual Loops"]:
                yield f"Seq Scan on {table}: {self.statement}"
            elif touched > most_rows:
                yield f"{touched:,.0f} rows of {table}: {self.statement}"


def explained(url: str) -> str:
    """The address of the same database, which tells each connection the plans of its statements."""
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    return make_url(url).update_query_dict({"options": options}).render_as_string(hide_password=False)


@contextmanager
def recorded_plans() -> Iterator[list[Plan]]:
    """Fills with the plans that connections opened within the block are told of, whichever thread uses them."""
    plans: list[Plan] = []

    def listen(connection: Any, _record: object) -> None:
        connection.add_notice_handler(lambda notice: plans.extend(_plans_of(notice.message_primary or "")))

    event.listen(Pool, "connect", listen)
    try:
        yield plans
    finally:
        event.remove(Pool, "connect", listen)


def _plans_of(message: str) -> Iterator[Plan]:
    _duration, mark, told = message.partition("plan:\n")
    if mark:
        found = json.loads(told)
        yield Plan(" ".join(found["Query Text"].split()), found["Plan"])


def _nodes(plan: Node) -> Iterator[Node]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
