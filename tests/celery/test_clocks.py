"""Leases end by the database's clock, whatever that of the process says who looks."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.celery import schedule
from framework.celery.models import RunningWorker
from framework.celery.worker import runs
from framework.celery.worker.presence import Presence
from framework.config import Config
from framework.database.session import transaction
from framework.database.types import from_now, now
from framework.projects.core.access import ProjectAccess
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.models import STAGED, WriterTicket
from framework.repositories.write import staging, write_queue
from tests.celery.rows import committed
from tests.servers.application.deployments import environment
from tests.servers.programs import program

pytestmark = pytest.mark.deployments("production-like")

ROOT = Path(__file__).parent.parent.parent
HOURS_AHEAD = 30
"""More than anything is leased for."""


def look_ahead(settings: Config, *arguments: str) -> dict[str, object]:
    """What a process sees whose clock is ahead."""
    command = [program("faketime"), "-f", f"+{HOURS_AHEAD}h", sys.executable, "-m", "tests.celery.ahead", *arguments]
    variables = {**environment(settings), "PATH": "/usr/bin:/bin", "DONT_FAKE_MONOTONIC": "1"}
    done = subprocess.run(command, cwd=ROOT, env=variables, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def test_a_clock_that_is_ahead_ends_no_lease(settings: Config, alice: Account, secret: ProjectAccess) -> None:
    task = committed("word")
    assert runs.claim(task, "somewhere")
    schedule.start_now("notices")
    assert write_queue.wait_for_turn(secret.repository_id, "1" * 32, deadline=0)
    staging.stage(secret.repository_id, "3" * 32, ["4" * 32])
    with transaction() as session:
        lfs_objects._own(session, secret.repository_id, StoredLfs("5" * 64, "6" * 32, 1), STAGED)
    worker = Presence("celery@here", [])
    worker.tell()
    with transaction() as session:  # the shortest leases last until the other process has looked, however slow it is
        session.execute(update(WriterTicket).values(expires_at=from_now(timedelta(hours=1))))
        session.execute(update(RunningWorker).values(seen_at=from_now(timedelta(hours=1))))
    seen = look_ahead(settings, secret.repository_id, task)
    worker.end()
    ahead = datetime.fromisoformat(str(seen.pop("clock"))) - now()
    assert ahead > timedelta(hours=HOURS_AHEAD - 1)
    assert seen == {
        "the job was started again": False,
        "the turn is taken": True,
        "the turn was given to another": False,
        "pushes swept": 0,
        "large files swept": 0,
        "workers that are up": [True],
        "tasks sent again": 0,
        "the task was claimed": False,
    }
