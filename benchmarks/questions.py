"""The questions that `make bench` answers, each in a file of its own that measures and makes the table."""

from collections.abc import Callable, Mapping

from benchmarks.eviction import simulation
from benchmarks.git import cloning, far_pushes, throughput
from benchmarks.processes import footprint, memory, rest, stopping
from benchmarks.reading import beside_klaus, growth, listings, packs, pages, readers, slow_clients, unchanged
from benchmarks.report.table import Table
from benchmarks.storage import cold, mission, packing, raw, requests, versions, waking
from benchmarks.writing import commits, journal, storing, uploading

TABLES: Mapping[str, Callable[[], Table]] = {
    "requests": requests.tabulate,
    "journal": journal.tabulate,
    "packing": packing.tabulate,
    "versions": versions.tabulate,
    "commits": commits.tabulate,
    "raw": raw.tabulate,
    "storing": storing.tabulate,
    "uploading": uploading.tabulate,
    "cloning": cloning.tabulate,
    "pages": pages.tabulate,
    "klaus": beside_klaus.tabulate,
    "unchanged": unchanged.tabulate,
    "packs": packs.tabulate,
    "listings": listings.tabulate,
    "growth": growth.tabulate,
    "throughput": throughput.tabulate,
    "far": far_pushes.tabulate,
    "mission": mission.tabulate,
    "cold": cold.tabulate,
    "readers": readers.tabulate,
    "waking": waking.tabulate,
    "footprint": footprint.tabulate,
    "memory": memory.tabulate,
    "simulation": simulation.tabulate,
    "stopping": stopping.tabulate,
    "rest": rest.tabulate,
    "slow": slow_clients.tabulate,
}
"""Each table by the name that `python -m benchmarks` takes."""
