"""`python -m tests.crash.run --pairs N --seed S`: kills writers at every point, and pairs of writers at drawn ones.

With `--repack consolidation` or `--repack purge` that is killed at every point instead, beside a writer who lives.

Every case runs in processes forked from this one, which has everything imported and never opens an engine. Prints one
JSON object: points, pairs, and the violations that were found.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from framework import config
from tests.crash import case
from tests.crash.fuse import Fuse

FAILED = 1
CONSOLIDATION, PURGE = REPACKERS = ("consolidation", "purge")
LANES = os.cpu_count() or 1


class Child:
    """A forked process that runs `work` and sends what it returns as JSON."""

    def __init__(self, work: Callable[[], Any]) -> None:
        reader, writer = os.pipe()
        self._id = os.fork()
        if self._id == 0:
            os.close(reader)
            _run(work, writer)
        os.close(writer)
        self._answer = os.fdopen(reader)

    def answer(self) -> Any:
        """What it returned; None when it was killed."""
        with self._answer:
            text = self._answer.read()
        _, status = os.waitpid(self._id, 0)
        if os.waitstatus_to_exitcode(status) > 0:
            raise RuntimeError(text)
        return json.loads(text) if text else None


def _run(work: Callable[[], Any], writer: int) -> None:
    status = 0
    try:
        text = json.dumps(work())
    except BaseException:
        text, status = traceback.format_exc(), FAILED
    os.write(writer, text.encode())
    os._exit(status)


def writer(data: Path, name: str, burns_at: int) -> Callable[[], Any]:
    """The work of one writer, or of a consolidation: what it acknowledged, and the points that it passed."""

    def work() -> Any:
        config.use(case.settings(data))
        fuse = Fuse(burns_at)
        fuse.lay()
        if name in REPACKERS:
            case.repack(purge=name == PURGE)
            return {"points": fuse.points}
        sha = case.store_files(data, name, case.contents(name))
        return {"sha": sha, "points": fuse.points}

    return work


def checked(data: Path, names: Sequence[str], acknowledged: Sequence[str]) -> list[str]:
    """The violations after the writers have ended, and after everything was repeated."""

    def work() -> Any:
        config.use(case.settings(data))
        writers = [name for name in names if name not in REPACKERS]
        found = case.violations(writers, acknowledged) + case.violations_after_repeat(data, writers)
        return found + (case.violations_after_repacking() if len(writers) < len(names) else [])

    found: list[str] = Child(work).answer()
    return found


def kill_at(template: Path, burns: dict[str, int]) -> list[str]:
    """Run one writer for each name at once, each killed at its point, and check what is left."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(template, data)
        children = {name: Child(writer(data, name, burns_at)) for name, burns_at in burns.items()}
        answers = {name: child.answer() for name, child in children.items()}
        acknowledged = [name for name, answer in answers.items() if answer and name not in REPACKERS]
        return [f"{burns}: {problem}" for problem in checked(data, list(burns), acknowledged)]


def main() -> int:
    """Run all cases; 1 when something was violated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repack", choices=REPACKERS)
    parser.add_argument("--every", type=int, default=1, help="kill at every n-th point only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        Child(lambda: case.prepare(template)).answer()
        points = len(_points(template, options.repack or "alone"))
        drawn = random.Random(options.seed)
        if options.repack:
            cases = [{options.repack: point, "beside": 0} for point in range(1, points + 1, options.every)]
        else:
            cases = _cases(range(1, points + 1, options.every), options.pairs, drawn)
        lanes = [Child(_lane(template, cases[lane::LANES])) for lane in range(LANES)]
        found = [problem for lane in lanes for problem in lane.answer()]
    print(json.dumps({"points": points, "pairs": options.pairs, "violations": found}))  # noqa: T201
    return int(bool(found))


def _cases(points: Sequence[int], pairs: int, drawn: random.Random) -> list[dict[str, int]]:
    """A writer alone killed at each point, then pairs: one killed at a drawn point, the other too or not at all."""
    alone = [{"alone": point} for point in points]
    together = [
        {"killed": drawn.choice(points), "other": drawn.choice([0, drawn.choice(points)])} for _ in range(pairs)
    ]
    return alone + together


def _lane(template: Path, cases: Sequence[dict[str, int]]) -> Callable[[], Any]:
    """The work of one core: these cases, one after the other."""
    return lambda: [problem for burns in cases for problem in kill_at(template, burns)]


def _points(template: Path, name: str) -> list[str]:
    """The points that an undisturbed writer of this name passes."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(template, data)
        answer = Child(writer(data, name, 0)).answer()
        return list(answer["points"])


if __name__ == "__main__":
    sys.exit(main())
