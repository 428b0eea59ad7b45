"""What happens to groups by itself."""

from framework.celery.celery import app
from framework.celery.job import Job
from framework.groups import invitations


@app.task(base=Job, name="framework.groups.tasks.forget_invitations")
def forget_invitations() -> int:
    """Delete the invitations to groups that have ended; how many."""
    return invitations.forget_expired()


@app.task(name="framework.groups.tasks.take_invitations")
def take_invitations(user_id: int) -> int:
    """Let somebody join every group that waits for the address that they have confirmed; how many there were."""
    return invitations.take_all(user_id)
