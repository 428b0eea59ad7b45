"""`python -m tests.crash.take_over [--every N]`: a take-over is killed at every point while its former owner writes on.

One bucket, two databases: the first one's writer stores files until it is refused; the second one takes the bucket over
and rebuilds from the journal, is killed at a point, and repeats it. Whatever the writer was told is stored has to be in
the second database then, on the main line or beside it. Prints one JSON object: points and violations.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from framework import config
from framework.config import Config
from framework.database import schema
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.maintenance.verification import verify
from framework.repositories.recovery import recovery
from framework.storage.current import ownership
from framework.storage.ownership.refusals import NotOwner
from tests.crash import case
from tests.crash.children import CORES, Child, copy_of, new_folder, rehearse, try_each
from tests.crash.fuse import Fuse

WRITES = 200


def settings(folder: Path, name: str) -> Config:
    """One of the two deployments; what a look permits is over after a second."""
    return replace(case.settings(folder / name), owner_look_seconds=1)


def prepare(folder: Path) -> None:
    """The first deployment with a project, and an empty second one with the same bucket."""
    folder.mkdir()
    case.prepare(folder / "first")
    config.use(settings(folder, "first"))
    ownership().look(renew=True)  # the mark tells how long a take-over has to wait
    (folder / "second").mkdir()
    (folder / "second" / "objects").symlink_to("../first/objects")
    config.use(settings(folder, "second"))
    schema.upgrade()


def write_until_refused(folder: Path) -> Callable[[], Any]:
    """The work of the first deployment's writer: the names that it was told are stored."""

    def work() -> list[str]:
        config.use(settings(folder, "first"))
        acknowledged = []
        for number in range(WRITES):
            try:
                case.store_files(folder / "first", f"w{number}", {f"w{number}": str(number).encode()})
            except (NotOwner, NotConfirmed):
                break
            acknowledged.append(f"w{number}")
        return acknowledged

    return work


def take_over(folder: Path, burns_at: int) -> Callable[[], Any]:
    """The work of the operator: what `flask storage rebuild --take-over` does; the points that it passed."""

    def work() -> list[str]:
        config.use(settings(folder, "second"))
        fuse = Fuse(burns_at)
        fuse.lay()
        _recover()
        return fuse.points

    return work


def repeat(folder: Path) -> Callable[[], Any]:
    """The work of an operator whose command was killed."""

    def work() -> None:
        config.use(settings(folder, "second"))
        _recover()

    return work


def violations(folder: Path, acknowledged: Sequence[str]) -> Callable[[], Any]:
    """The work of who repeats the command and looks for everything."""

    def work() -> list[str]:
        repeat(folder)()
        found = [f"{name} was acknowledged and is nowhere" for name in acknowledged if not _is_somewhere(name)]
        case.store_files(folder / "second", "after", {"after": b"after"})
        found += verify(case.PROJECT).faults
        config.use(settings(folder, "first"))
        try:
            case.store_files(folder / "first", "late", {"late": b"late"})
            found.append("the former owner still writes")
        except NotOwner:
            pass
        return found

    return work


def kill_at(template: Path, point: int) -> list[str]:
    """Kill the take-over there, beside a writer who lives, and check what is left."""
    with copy_of(template) as folder:
        writer, taker = Child(write_until_refused(folder)), Child(take_over(folder, point))
        taker.answer()
        Child(repeat(folder)).answer()
        acknowledged = writer.answer()
        return [f"{point}: {problem}" for problem in Child(violations(folder, acknowledged)).answer()]


def main() -> int:
    """Run all cases; 1 when something was violated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1, help="kill at every n-th point only")
    options = parser.parse_args()
    rehearse(_undisturbed)
    with new_folder() as folder:
        template = folder / "template"
        Child(lambda: prepare(template)).answer()
        points = len(_points(template))
        chosen = range(1, points + 1, options.every)
        found = try_each(chosen, lambda point: kill_at(template, point), at_once=4 * CORES)
    print(json.dumps({"points": points, "violations": found}))  # noqa: T201
    return int(bool(found))


def _undisturbed(folder: Path) -> None:
    """A take-over that nobody kills, and a former owner who notices it."""
    both = folder / "both"
    prepare(both)
    config.use(settings(both, "first"))
    case.store_files(both / "first", "before", {"before": b"before"})
    found = violations(both, ["before"])()
    assert not found, found


def _points(template: Path) -> list[str]:
    with copy_of(template) as folder:
        return list(Child(take_over(folder, 0)).answer())


def _recover() -> None:
    ownership().take_over(force=True)
    for _ in recovery.resume(_adopt):
        pass


def _adopt(_session: Session, _repository_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """No rooms above."""
    return dict(told)


def _is_somewhere(name: str) -> bool:
    branches = read_snapshot(case.PROJECT).branches
    with open_copy(case.PROJECT) as copy:
        for branch in branches:
            try:
                find(copy, resolve(copy, branch), name)
            except PathAbsent:
                continue
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
