"""How much a web process grows over a thousand previews of files of every kind, beside the sandbox that reads them."""

from itertools import cycle, islice
from pathlib import Path

import requests as browser

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from tests.browse.kinds.photographs import site
from tests.browse.kinds.specimens import SPECIMENS
from tests.memory import children

PREVIEWS, WARM = 1_000, 1
MIB = 1 << 20
MOST_GROWTH_MIB = 20


def tabulate() -> Table:
    """MiB of a web process after its first previews and after all of them (PSS)."""
    with site() as place:
        worker = children(place.process_id)[0]
        _look(place.url, WARM * len(SPECIMENS), number=0)
        before = _own_bytes(worker)
        _look(place.url, PREVIEWS, number=1)
        after = _own_bytes(worker)
    growth = Figure(f"a web process, growth over {PREVIEWS:,} previews", (after - before) / MIB, "MiB", MOST_GROWTH_MIB)
    first = Figure("a web process, after a preview of each kind", before / MIB, "MiB")
    return show_figures("previews", [first, growth])


def _look(url: str, count: int, number: int) -> None:
    """Open so many pages, each with a query of its own, so that none was rendered before."""
    for turn, name in enumerate(islice(cycle(SPECIMENS), count)):
        answer = browser.get(f"{url}/blob/main/{name}?filter={number}-{turn}", timeout=60)
        assert answer.status_code == 200, (name, answer.status_code)


def _own_bytes(process_id: int) -> int:
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
