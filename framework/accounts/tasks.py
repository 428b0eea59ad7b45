"""The recurring work of accounts: sessions that were not used for too long are forgotten."""

from framework.accounts import sessions
from framework.celery.celery import app
from framework.celery.job import Job


@app.task(base=Job, name="framework.accounts.tasks.forget_sessions")
def forget_sessions() -> int:
    """Delete the sessions that have expired; how many."""
    return sessions.forget_expired()
