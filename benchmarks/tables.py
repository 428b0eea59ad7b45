"""The tables of the benchmarks: each measures, and tells what it found in lines and as figures to keep."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from benchmarks import (
    cold,
    listings,
    memory,
    pages,
    requests,
    rest,
    simulation,
    slow_clients,
    stopping,
    storing,
    throughput,
    uploading,
)
from benchmarks.packed_tables import (
    commits_of_one_file,
    consolidated_clone,
    journal_of_a_large_project,
    old_versions,
    pages_of_many_packs,
    versions_of_large_files,
    waking_small_packs,
)
from benchmarks.table import Table, show_figures

UPLOAD_GROWTH_MIB = 32
EXACT_UNITS = {"%", ""}


def requests_made() -> Table:
    """What each operation asks of the object store."""
    costs = list(requests.measure())
    return Table(
        f"{'requests to the object store':<72} {'made':>5} {'budget':>7}",
        [f"{cost.operation:<72} {cost.requests:>5} {cost.budget:>7}" for cost in costs],
        [asdict(cost) for cost in costs],
        all(cost.requests <= cost.budget for cost in costs),
    )


def storing_a_file() -> Table:
    """CPU and memory for a file of 100 MiB, without HTTP."""
    ways = storing.measure()
    lines = [f"{way.way:<72} {way.cpu_seconds:>5} {way.growth_mib:>7}" for way in ways]
    ratio = ways[1].cpu_seconds / max(ways[0].cpu_seconds, 0.01)
    return Table(
        f"{'100 MiB of noise':<72} {'CPU s':>5} {'+ MiB':>7}",
        [*lines, f"{'ratio to the floor':<72} {ratio:>5.1f}"],
        [asdict(way) for way in ways],
    )


def uploading_a_file() -> Table:
    """Wall time of a file of 100 MiB with HTTP, and memory of eight at once."""
    found = uploading.measure()
    times = f"{found.http_seconds:>7} {found.floor_seconds:>7} {found.ratio:>5}"
    growth = "MiB that the web process grew for each of 8 uploads at once"
    return Table(
        f"{'upload of 100 MiB over loopback':<64} {'s':>7} {'floor':>7} {'ratio':>5}",
        [
            f"{'from first byte to answer, beside the same without HTTP (aim: 2)':<64} {times}",
            f"{growth:<72} {found.growth_mib_each:>5} {UPLOAD_GROWTH_MIB:>7}",
        ],
        [asdict(found)],
        found.growth_mib_each <= UPLOAD_GROWTH_MIB,
    )


def beside_http_backend() -> Table:
    """How fast clones and pushes are beside git's own server."""
    ratios = list(throughput.measure())
    head = f"{'speed':>7} {'goal':>6} {'s':>8} {'CPU s':>8} {'CPU ratio':>10}"
    return Table(
        f"{'beside git http-backend with fsck (1: as fast)':<48} {head}",
        [
            f"{it.operation:<48} {it.speed:>7.2f} {it.goal:>6} {it.ours_seconds:>8.2f} {it.ours_cpu_seconds:>8.2f}"
            f" {it.cpu:>10.2f}"
            for it in ratios
        ],
        [asdict(it) for it in ratios],
    )


def pages_of_a_large_project() -> Table:
    """How long the server works on each kind of page."""
    times = list(pages.measure())
    return Table(
        f"{'pages of 20,000 commits and 5,000 files, ms':<66} {'took':>5} {'CPU':>5} {'target':>7}",
        [f"{it.page:<66} {it.milliseconds:>5.0f} {it.cpu_milliseconds:>5.0f} {it.target:>7.0f}" for it in times],
        [asdict(it) for it in times],
    )


def lists_of_many_projects() -> Table:
    """How long the server works on pages that list, with 100,000 projects in the database."""
    times = list(listings.measure())
    return Table(
        f"{'pages beside 100,000 projects and 500,000 versions, ms':<72} {'took':>5} {'target':>7}",
        [f"{it.page:<72} {it.milliseconds:>5.0f} {it.target:>7.0f}" for it in times],
        [asdict(it) for it in times],
    )


def cold_projects() -> Table:
    """What a cold project of 1 GB costs whoever opens it; shares and counts are exact, times are this machine's."""
    return show_figures("S3 at 30 ms", cold.measure())


def a_million_projects() -> Table:
    """What each policy makes of a million projects on each kind of disk."""
    outcomes = list(simulation.measure())
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


def everything_ends() -> Table:
    """How long what `make run` starts takes to end; the time is this machine's."""
    stops = list(stopping.measure())
    return Table(
        f"{'make run ends after, s':<72} {'took':>5} {'limit':>7}",
        [f"{stop.way:<72} {stop.seconds:>5} {stopping.LIMIT_SECONDS:>7}" for stop in stops],
        [asdict(stop) for stop in stops],
    )


def memory_of_dynos() -> Table:
    """What a web dyno and a worker dyno take while eight people work at once."""
    dynos = list(memory.measure())
    lines = [
        f"{it.name:<48}{it.rest_mib:>6.0f}{it.most_mib:>6.0f}{it.git_mib:>8.0f}{it.after_mib:>6.0f}"
        f"{it.limit_mib or '':>6}"
        for it in dynos
    ]
    return Table(
        f"{'eight people at once, MiB of a dyno (PSS)':<48}{'rest':>6}{'most':>6}{'of git':>8}{'after':>6}{'limit':>6}",
        lines,
        [asdict(dyno) for dyno in dynos],
        all(dyno.most_mib <= dyno.limit_mib for dyno in dynos if dyno.limit_mib),
    )


def worker_at_rest() -> Table:
    """What a worker with the scheduler costs while there is nothing to do; the CPU is this machine's."""
    found = list(rest.measure())
    return Table(
        f"{'a worker at rest':<72} {'lines':>5} {'CPU %':>7}",
        [f"{one.deployment:<72} {one.lines_a_day:>5.0f} {one.core_percent:>7.2f}" for one in found],
        [asdict(one) for one in found],
        all(one.lines_a_day == 0 for one in found),
    )


def slow_connections() -> Table:
    """How soon a page comes while slow clients hold connections."""
    waits = list(slow_clients.measure())
    return Table(
        f"{f'front page, beside {slow_clients.SLOW} slow clients, ms':<64} {'median':>7} {'longest':>7}",
        [f"{it.slow_clients:<64} {it.median_ms:>7} {it.longest_ms:>7}" for it in waits],
        [asdict(it) for it in waits],
    )


TABLES: Mapping[str, Callable[[], Table]] = {
    "requests": requests_made,
    "journal": journal_of_a_large_project,
    "packing": versions_of_large_files,
    "versions": old_versions,
    "commits": commits_of_one_file,
    "storing": storing_a_file,
    "uploading": uploading_a_file,
    "cloning": consolidated_clone,
    "pages": pages_of_a_large_project,
    "packs": pages_of_many_packs,
    "listings": lists_of_many_projects,
    "throughput": beside_http_backend,
    "cold": cold_projects,
    "waking": waking_small_packs,
    "memory": memory_of_dynos,
    "simulation": a_million_projects,
    "stopping": everything_ends,
    "rest": worker_at_rest,
    "slow": slow_connections,
}
"""Each table by the name that `python -m benchmarks` takes."""
