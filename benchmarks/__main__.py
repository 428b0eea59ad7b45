"""Run every benchmark, print the tables, keep the figures; non-zero when a budget is exceeded."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks import cloning, requests, storing, throughput, uploading

RESULTS = Path("var") / "bench.json"


def main() -> int:
    """All tables; 1 when an operation asks for more than it may."""
    costs = list(requests.measure())
    print(f"{'requests to the object store':<72} {'made':>5} {'budget':>7}")
    for cost in costs:
        print(f"{cost.operation:<72} {cost.requests:>5} {cost.budget:>7}")
    ways = storing.measure()
    print(f"\n{'100 MiB of noise':<72} {'CPU s':>5} {'+ MiB':>7}")
    for way in ways:
        print(f"{way.way:<72} {way.cpu_seconds:>5} {way.growth_mib:>7}")
    print(f"{'ratio to the floor':<72} {ways[1].cpu_seconds / max(ways[0].cpu_seconds, 0.01):>5.1f}")
    before, after = clones = cloning.measure()
    ratio = after.cpu_seconds / before.cpu_seconds
    print(f"\n{'clone of 20,000 commits':<72} {'CPU s':>5} {'MiB':>7}")
    for clone in clones:
        print(f"{clone.state:<72} {clone.cpu_seconds:>5.2f} {clone.sent_bytes / (1 << 20):>7.1f}")
    print(f"{'ratio, which may be ' + str(cloning.BUDGET) + ' at most':<72} {ratio:>5.2f}")
    head = f"{'speed':>7} {'goal':>6} {'s':>8} {'CPU s':>8} {'CPU ratio':>10}"
    print(f"\n{'beside git http-backend (1: as fast)':<36} {head}")
    ratios = list(throughput.measure())
    for it in ratios:
        times = f"{it.ours_seconds:>8.2f} {it.ours_cpu_seconds:>8.2f} {it.cpu:>10.2f}"
        print(f"{it.operation:<36} {it.speed:>7.2f} {it.goal:>6} {times}")
    upload = uploading.measure()
    print(f"\n{'upload of 100 MiB over loopback: with HTTP, without, ratio (aim: 2)':<58}", end="")
    print(f" {upload.http_seconds:>7} {upload.floor_seconds:>7} {upload.ratio:>5}")
    print(f"{'MiB that the web process grew for each of 8 uploads at once':<72} {upload.growth_mib_each:>5} {32:>7}")
    RESULTS.parent.mkdir(exist_ok=True)
    figures = {"requests": [asdict(cost) for cost in costs], "storing": [asdict(way) for way in ways]}
    figures["cloning"] = [asdict(clone) for clone in clones]
    figures["throughput"] = [asdict(it) for it in ratios]
    figures |= {"uploading": [asdict(upload)]}
    RESULTS.write_text(json.dumps(figures, indent=1))
    over = any(cost.requests > cost.budget for cost in costs) or ratio > cloning.BUDGET
    return int(over or upload.growth_mib_each > 32)


if __name__ == "__main__":
    sys.exit(main())
