"""The questions that `make bench` answers, each in a file of its own that measures and makes the table."""

from collections.abc import Callable, Mapping

from benchmarks.eviction import simulation
from benchmarks.git import cloning, far_pushes, throughput
from benchmarks.processes import dyno, footprint, memory, previews, rest, stopping
from benchmarks.reading import (
    beside_klaus,
    course_pages,
    growth,
    listings,
    packs,
    pages,
    readers,
    slow_clients,
    unchanged,
)
from benchmarks.report.table import Table
from benchmarks.storage import cold, mission, packing, raw, requests, versions, waking
from benchmarks.writing import commits, journal, storing, upload_form, uploading

TABLES: Mapping[str, Callable[[], Table]] = {
    "requests": requests.tabulate,
    "mission": mission.tabulate,
    "unchanged": unchanged.tabulate,
    "klaus": beside_klaus.tabulate,
    "throughput": throughput.tabulate,
    "far": far_pushes.tabulate,
    "raw": raw.tabulate,
    "storing": storing.tabulate,
    "uploading": uploading.tabulate,
    "form": upload_form.tabulate,
    "commits": commits.tabulate,
    "cold": cold.tabulate,
    "readers": readers.tabulate,
    "waking": waking.tabulate,
    "versions": versions.tabulate,
    "footprint": footprint.tabulate,
    "previews": previews.tabulate,
    "dyno": dyno.tabulate,
    "memory": memory.tabulate,
    "rest": rest.tabulate,
    "stopping": stopping.tabulate,
    "slow": slow_clients.tabulate,
    "pages": pages.tabulate,
    "packs": packs.tabulate,
    "listings": listings.tabulate,
    "course": course_pages.tabulate,
    "growth": growth.tabulate,
    "cloning": cloning.tabulate,
    "journal": journal.tabulate,
    "packing": packing.tabulate,
    "simulation": simulation.tabulate,
}
"""Each table by the name that `python -m benchmarks` takes; what people feel first, since the time of a run may end."""
