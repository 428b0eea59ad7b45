"""`python -m benchmarks [NAME …]`: measure, print each table, keep the figures; non-zero when a budget is exceeded."""

import json
import sys
from pathlib import Path

from benchmarks.tables import TABLES

RESULTS = Path("var") / "bench.json"


def main(chosen: list[str]) -> int:
    """All tables, or those of these names; figures of the others are kept. 1 when an operation takes more than it may.

    Raises:
        SystemExit: there is no table of a name.
    """
    if unknown := sorted(set(chosen) - TABLES.keys()):
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}; choose from {', '.join(TABLES)}.")
    figures = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    held = True
    for name in chosen or TABLES:
        table = TABLES[name]()
        print(f"\n{table.head}", *table.lines, sep="\n", flush=True)
        figures[name], held = table.figures, held and table.holds
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(figures, indent=1))
    return int(not held)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
