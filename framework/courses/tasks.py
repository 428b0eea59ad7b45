"""The room's tasks."""

from framework.celery.celery import app
from framework.celery.job import Job
from framework.courses import snapshots, starting


@app.task(name="framework.courses.tasks.fill_copy")
def fill_copy(hand_in_id: int) -> None:
    """Put the template's files into a participant's copy that has none yet."""
    starting.fill_copy(hand_in_id)


@app.task(base=Job, name="framework.courses.tasks.take_snapshots")
def take_snapshots() -> int:
    """Take the snapshots of the hand-ins whose deadlines have passed; how many."""
    return snapshots.take_snapshots()
