"""`python -m tests.crash.run --pairs N --seed S`: kills writers at every point, and pairs of writers at drawn ones.

With `--repack consolidation`, `--repack purge` or `--repack fold` that is killed at every point instead, beside a
writer who lives.

Every case runs in processes forked from this one, which has rehearsed it. Prints one JSON object: points, pairs, and
the violations that were found.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from framework import config
from tests.crash import case
from tests.crash.children import Child, copy_of, new_folder, rehearse, try_each
from tests.crash.fuse import Fuse

REPACKERS: Mapping[str, Callable[[], None]] = {
    "consolidation": partial(case.repack, purge=False),
    "purge": partial(case.repack, purge=True),
    "fold": case.fold_small,
}


def writer(data: Path, name: str, burns_at: int) -> Callable[[], Any]:
    """The work of one writer, or of a consolidation: what it acknowledged, and the points that it passed."""

    def work() -> Any:
        config.use(case.settings(data))
        fuse = Fuse(burns_at)
        fuse.lay()
        if name in REPACKERS:
            REPACKERS[name]()
            return {"points": fuse.points}
        sha = case.store_files(data, name, case.contents(name))
        return {"sha": sha, "points": fuse.points}

    return work


def check(data: Path, names: Sequence[str], acknowledged: Sequence[str]) -> Callable[[], list[str]]:
    """The work of who looks after the writers have ended, and repeats everything: the violations."""

    def work() -> list[str]:
        config.use(case.settings(data))
        writers = [name for name in names if name not in REPACKERS]
        found = case.violations(writers, acknowledged) + case.violations_after_repeat(data, writers)
        return found + (case.violations_after_repacking() if len(writers) < len(names) else [])

    return work


def kill_at(template: Path, burns: dict[str, int]) -> list[str]:
    """Run one writer for each name at once, each killed at its point, and check what is left."""
    with copy_of(template) as data:
        children = {name: Child(writer(data, name, burns_at)) for name, burns_at in burns.items()}
        answers = {name: child.answer() for name, child in children.items()}
        acknowledged = [name for name, answer in answers.items() if answer and name not in REPACKERS]
        return [f"{burns}: {problem}" for problem in Child(check(data, list(burns), acknowledged)).answer()]


def main() -> int:
    """Run all cases; 1 when something was violated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repack", choices=REPACKERS)
    parser.add_argument("--every", type=int, default=1, help="kill at every n-th point only")
    options = parser.parse_args()
    rehearse(_undisturbed(options.repack))
    with new_folder() as folder:
        template = folder / "template"
        Child(lambda: case.prepare(template)).answer()
        points = len(_points(template, options.repack or "alone"))
        drawn = random.Random(options.seed)
        if options.repack:
            cases = [{options.repack: point, "beside": 0} for point in range(1, points + 1, options.every)]
        else:
            cases = _cases(range(1, points + 1, options.every), options.pairs, drawn)
        found = try_each(cases, lambda burns: kill_at(template, burns))
    print(json.dumps({"points": points, "pairs": options.pairs, "violations": found}))  # noqa: T201
    return int(bool(found))


def _cases(points: Sequence[int], pairs: int, drawn: random.Random) -> list[dict[str, int]]:
    """A writer alone killed at each point, then pairs: one killed at a drawn point, the other too or not at all."""
    alone = [{"alone": point} for point in points]
    together = [
        {"killed": drawn.choice(points), "other": drawn.choice([0, drawn.choice(points)])} for _ in range(pairs)
    ]
    return alone + together


def _undisturbed(repacker: str | None) -> Callable[[Path], None]:
    """A writer or a consolidation that nobody kills, and the looks at what it left."""

    def work(folder: Path) -> None:
        data = folder / "data"
        case.prepare(data)
        if repacker:
            REPACKERS[repacker]()
        case.store_files(data, "alone", case.contents("alone"))
        found = check(data, ["alone", *([repacker] if repacker else [])], ["alone"])()
        assert not found, found

    return work


def _points(template: Path, name: str) -> list[str]:
    """The points that an undisturbed writer of this name passes."""
    with copy_of(template) as data:
        return list(Child(writer(data, name, 0)).answer()["points"])


if __name__ == "__main__":
    sys.exit(main())
