"""`python -m benchmarks [--minutes N] [NAME …]`: measure, print each table, keep the figures, sum up.

No question begins after so many minutes; those that are left are named, and their figures of before are kept. The exit
status is non-zero when a budget is exceeded that no machine's noise can exceed.
"""

import sys
import time
import traceback
from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.peers.programs import Absent
from benchmarks.questions import TABLES
from benchmarks.report.figures import Figure
from benchmarks.report.results import keep_results, read_goals, read_results
from benchmarks.report.summary import summarize
from benchmarks.report.table import Table

RESULTS = Path("var") / "bench.json"
MINUTES = 60


def main(arguments: list[str]) -> int:
    """All tables, or those of these names; figures of the others are kept. 1 when an operation takes more than it may.

    Raises:
        SystemExit: there is no table of a name.
    """
    given = _parse(arguments)
    if unknown := sorted(set(given.names) - TABLES.keys()):
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}; choose from {', '.join(TABLES)}.")
    results, names = read_results(RESULTS), given.names or list(TABLES)
    before = {name: read_goals(results, name) for name in TABLES}
    found, ends_at = dict[str, tuple[Table, float]](), time.monotonic() + given.minutes * 60
    for name in names:
        began = time.monotonic()
        if began >= ends_at:
            break
        table = _answer(name)
        found[name] = (table, time.monotonic() - began)
        print(f"\n{table.head}", *table.lines, f"({name}: {found[name][1]:.0f} s)", sep="\n", flush=True)
        keep_results(RESULTS, results, {name: found[name]})
    print("", *summarize(found, before), sep="\n")
    if left := names[len(found) :]:
        print(f"The {given.minutes:g} minutes were over before: {', '.join(left)}.")
    return int(not all(table.holds for table, _seconds in found.values()))


def _parse(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("names", nargs="*")
    return parser.parse_args(arguments)


def _answer(name: str) -> Table:
    """The table, or one that says why there is none: a peer that cannot run here, or a failure, which is printed."""
    try:
        return TABLES[name]()
    except Absent as absence:
        return Table(name, [f"not measured: {absence}"], [{"absent": str(absence)}])
    except Exception as error:  # the other questions have answers, and the run fails in the end
        traceback.print_exc()
        return Table(name, [f"failed: {error!r}"], [], [Figure("measured to the end", 0, "", 1, at_least=True)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
