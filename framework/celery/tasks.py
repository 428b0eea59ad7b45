"""The tasks of this room: re-sending, forgetting, and an answer that proves the whole way."""

from framework.celery import jobs, outbox
from framework.celery.celery import app
from framework.celery.job import Job


@app.task(base=Job, name="framework.celery.tasks.poll_outbox")
def poll_outbox() -> int:
    """Send again what waits or was lost; how many."""
    return outbox.poll()


@app.task(base=Job, name="framework.celery.tasks.forget_finished")
def forget_finished() -> int:
    """Delete the rows of tasks and long works that ended long ago; how many."""
    return outbox.forget_finished() + jobs.forget_ended()


@app.task(name="framework.celery.tasks.echo")
def echo(word: str) -> str:
    """Return the word: broker, worker and results work when it comes back."""
    return word
