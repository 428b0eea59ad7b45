"""The drill: everything is rebuilt from the object store alone into a scratch database, and compared with this one.

It runs in a process of its own, since a process has one database and one store. That one reads the real store and
writes beside it, so that a rehearsal never leaves a trace in the log.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import select

from framework import config, rooms
from framework.config import Config
from framework.database import engine, schema
from framework.database.session import read_transaction
from framework.errors import Interrupted, Unavailable
from framework.gitcore.failures import was_interrupted
from framework.projects.lifecycle.adoption import restore_recorded_project
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.fingerprint import Fingerprint, differences, read_fingerprints
from framework.repositories.models import Repository
from framework.repositories.recovery import recovery
from framework.storage import current
from framework.storage.overlay import OverlayStore

EXPECTED = "expected.jsonl"
TOLD_FAULTS = 20


class DrillFailed(Unavailable):
    """The rebuild ended in the middle; its words are in the server's log."""


@dataclass(frozen=True)
class Drill:
    """What came of it: how much came back, in which time, and what did not, the first `TOLD_FAULTS` in words."""

    repositories: int
    versions: int
    seconds: float
    fault_count: int
    faults: list[str]


@dataclass(frozen=True)
class Rebuilt:
    """What the process with the scratch database tells: faults, and repositories that were not expected."""

    versions: int
    faults: list[str]
    strangers: list[str]


def rehearse() -> Drill:
    """Rebuild and compare with what the database has now; what changes meanwhile is no fault.

    Raises:
        DrillFailed: the rebuild did not come to its end. Interrupted: it was ended from outside.
    """
    started = monotonic()
    with scratch("drill") as folder:
        with (folder / EXPECTED).open("w") as expected:
            count = sum(bool(expected.write(likeness.line())) for likeness in read_fingerprints())
        rebuilt = _in_another_process(folder)
    faults = [*rebuilt.faults, *_unknown(rebuilt.strangers)]
    seconds = round(monotonic() - started, 1)
    return Drill(count, rebuilt.versions, seconds, len(faults), faults[:TOLD_FAULTS])


def _in_another_process(folder: Path) -> Rebuilt:
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    given = json.dumps(asdict(config.current()), default=str)
    done = subprocess.run(
        [sys.executable, "-m", "framework.drill.drill", str(folder)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=Path(__file__).parent.parent.parent,
    )
    if was_interrupted(done.returncode):
        raise Interrupted
    if done.returncode:
        raise DrillFailed(f"The rebuild did not come to its end: {done.stderr.strip().splitlines()[-1:]}")
    return Rebuilt(**json.loads(done.stdout))


def _unknown(strangers: list[str]) -> Iterator[str]:
    """Repositories that the log knows and the database does not, even now that those made meanwhile are there."""
    with read_transaction() as session:
        known = set(session.scalars(select(Repository.id)))
    yield from (
        f"The log has a repository {name}, which the database does not know." for name in strangers if name not in known
    )


def _rebuild(folder: Path) -> Rebuilt:
    faults = [fault for done in recovery.rebuild(restore_recorded_project) for fault in done.faults]
    seen: set[str] = set()
    versions = 0
    with (folder / EXPECTED).open() as lines:
        for line in lines:
            expected = Fingerprint.of_line(line)
            seen.add(expected.repository_id)
            versions += expected.versions
            faults += differences(expected)
    with read_transaction() as session:
        rebuilt = set(session.scalars(select(Repository.id)))
    return Rebuilt(versions, faults, sorted(rebuilt - seen))


def _settings(text: str) -> Config:
    """The settings of the process that asked; JSON knows neither paths nor tuples."""
    given: dict[str, Any] = json.loads(text)
    for field in fields(Config):
        value = given[field.name]
        if isinstance(value, list):
            given[field.name] = tuple(map(tuple, value))
        elif field.type in {Path, Path | None} and value is not None:
            given[field.name] = Path(value)
    return Config(**given)


def main(folder: Path) -> None:
    """Rebuild into this folder, with the settings that standard input has, and print what came of it."""
    real = _settings(sys.stdin.read())
    own = replace(
        real,
        data=folder,
        database_url=f"sqlite:///{folder / 'drill.sqlite3'}",
        broker_url="filesystem://",
        s3_bucket=None,
        metrics_folder=None,
    )
    config.use(own)
    current.use(OverlayStore(current.open_store(real), current.open_store(own)))
    rooms.load_models()
    schema.upgrade()
    print(json.dumps(asdict(_rebuild(folder))))  # noqa: T201
    current.dispose()
    engine.dispose()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
