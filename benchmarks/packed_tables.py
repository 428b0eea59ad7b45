"""The tables of what packs, versions and the journal cost."""

from dataclasses import asdict

from benchmarks import cloning, commits, journal, packing, packs, versions, waking
from benchmarks.table import Table, show_figures


def journal_of_a_large_project() -> Table:
    """What the journal keeps for a small change, however much the project has."""
    kept = list(journal.measure())
    return Table(
        f"{'journal, beside 10,000 refs and 10,000 Git LFS objects':<64} {'bytes':>11} {'budget':>11}",
        [f"{it.what:<64} {it.size_bytes:>11,} {it.budget_bytes:>11,}" for it in kept],
        [asdict(it) for it in kept],
        all(it.size_bytes <= it.budget_bytes for it in kept),
    )


def versions_of_large_files() -> Table:
    """What versions of large files take in the store, and what packing them takes."""
    found = list(packing.measure())
    return Table(
        f"{'neatly packed, beside git gc':<72} {'MiB':>7} {'git':>7} {'ratio':>6} {'CPU s':>6} {'peak':>6}",
        [
            f"{it.file:<72} {it.mib:>7.1f} {it.git_mib:>7.1f} {it.ratio:>6.2f}"
            f" {it.cpu_seconds:>6.1f} {it.peak_mib:>6.0f}"
            for it in found
        ],
        [asdict(it) for it in found],
        all(it.ratio <= packing.GOAL and it.peak_mib <= packing.MEMORY_MIB for it in found),
    )


def old_versions() -> Table:
    """What an old version of a large file of a cold project costs, beside its newest."""
    return show_figures("a large file of 15 versions, cold, S3 at 30 ms", list(versions.measure()))


def commits_of_one_file() -> Table:
    """What a commit of one file costs, however large the project is."""
    found = list(commits.measure())
    return Table(
        f"{f'a commit of one file by the API (goal: {commits.GOAL} of the smallest)':<60}"
        f" {'ms':>6} {'CPU':>6} {'ratio':>6} {'SQL':>4} {'S3':>3}",
        [
            f"{it.project:<60} {it.milliseconds:>6.0f} {it.cpu_milliseconds:>6.0f} {it.ratio:>6.2f}"
            f" {it.statements:>4.0f} {it.requests:>3.0f}"
            for it in found
        ],
        [asdict(it) for it in found],
    )


def pages_of_many_packs() -> Table:
    """How long the server works on a page of a project with many packs, beside one with two."""
    costs = list(packs.measure())
    head = f"{'few':>7} {'CPU':>7} {'many':>7} {'CPU':>7}"
    return Table(
        f"{f'pages with {packs.FEW} packs and with {packs.MANY}, ms':<48} {head}",
        [f"{it.page:<48} {it.few_ms:>7} {it.few_cpu_ms:>7} {it.many_ms:>7} {it.many_cpu_ms:>7}" for it in costs],
        [asdict(it) for it in costs],
    )


def waking_small_packs() -> Table:
    """What a cold project of small packs costs whoever wakes it; requests are exact, times are this machine's."""
    wakes = list(waking.measure())
    return Table(
        f"{'waking a project of small packs':<56} {'ms':>7} {'CPU ms':>7} {'asked':>6} {'budget':>7}",
        [
            f"{f'{it.packs} packs, indexes {_where(it)}, S3 at {it.round_trip_ms:.0f} ms':<56}"
            f" {it.milliseconds:>7} {it.cpu_milliseconds:>7} {it.requests:>6} {it.budget:>7}"
            for it in wakes
        ],
        [asdict(it) for it in wakes],
        all(it.requests <= it.budget for it in wakes),
    )


def _where(wake: waking.Wake) -> str:
    return "in the store" if wake.indexes_stored else "made here"


def consolidated_clone() -> Table:
    """The server's CPU for a clone before and after a consolidation."""
    before, after = clones = cloning.measure()
    ratio = after.cpu_seconds / before.cpu_seconds
    lines = [f"{clone.state:<72} {clone.cpu_seconds:>5.2f} {clone.sent_bytes / (1 << 20):>7.1f}" for clone in clones]
    return Table(
        f"{'clone of 20,000 commits':<72} {'CPU s':>5} {'MiB':>7}",
        [*lines, f"{'ratio, beside what it may be':<72} {ratio:>5.2f} {cloning.BUDGET:>7}"],
        [asdict(clone) for clone in clones],
        ratio <= cloning.BUDGET,
    )
