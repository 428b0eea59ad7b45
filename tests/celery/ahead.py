"""What a process whose clock is hours ahead makes of leases that are held; prints it as JSON. Run under faketime."""

import json
import sys
import time

from framework import config
from framework.celery import outbox, schedule
from framework.celery.schedule import JobRuns
from framework.celery.worker import presence, runs
from framework.config import Config
from framework.database.types import now
from framework.repositories.maintenance import collector
from framework.repositories.write import staging, write_queue


def look(repository_id: str, task: str) -> dict[str, object]:
    """Each lease, as this process sees it."""
    try:
        schedule.start_now("notices")
        started = True
    except JobRuns:
        started = False
    return {
        "clock": now().isoformat(),
        "the job was started again": started,
        "the turn is taken": write_queue.is_taken(repository_id),
        "the turn was given to another": write_queue.wait_for_turn(repository_id, "2" * 32, deadline=time.monotonic()),
        "pushes swept": staging.sweep(),
        "large files swept": collector.sweep_lfs(),
        "workers that are up": [each.up for each in presence.workers()],
        "tasks sent again": outbox.poll(),
        "the task was claimed": runs.claim(task) is not None,
    }


if __name__ == "__main__":
    config.use(Config.from_environment())
    sys.stdout.write(json.dumps(look(*sys.argv[1:])))
