"""`python -m benchmarks [NAME …]`: measure, print each table, keep the figures, sum up.

The exit status is non-zero when a budget is exceeded that no machine's noise can exceed.
"""

import sys
import time
import traceback
from pathlib import Path

from benchmarks.peers.programs import Absent
from benchmarks.questions import TABLES
from benchmarks.report.figures import Figure
from benchmarks.report.results import keep_results, read_goals, read_results
from benchmarks.report.summary import summarize
from benchmarks.report.table import Table

RESULTS = Path("var") / "bench.json"


def main(chosen: list[str]) -> int:
    """All tables, or those of these names; figures of the others are kept. 1 when an operation takes more than it may.

    Raises:
        SystemExit: there is no table of a name.
    """
    if unknown := sorted(set(chosen) - TABLES.keys()):
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}; choose from {', '.join(TABLES)}.")
    results = read_results(RESULTS)
    before = {name: read_goals(results, name) for name in TABLES}
    found: dict[str, tuple[Table, float]] = {}
    for name in chosen or TABLES:
        began = time.monotonic()
        table = _answer(name)
        found[name] = (table, time.monotonic() - began)
        print(f"\n{table.head}", *table.lines, f"({name}: {found[name][1]:.0f} s)", sep="\n", flush=True)
        keep_results(RESULTS, results, {name: found[name]})
    print("", *summarize(found, before), sep="\n")
    return int(not all(table.holds for table, _seconds in found.values()))


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
