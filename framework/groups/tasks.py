"""What happens to groups by itself."""

from framework.accounts.lifecycle.invitations import forget_expired
from framework.accounts.models import GroupInvitation
from framework.celery.celery import app
from framework.celery.job import Job
from framework.groups import invitations


@app.task(base=Job, name="framework.groups.tasks.forget_invitations")
def forget_invitations() -> int:
    """Delete the invitations to groups that have ended; how many."""
    return forget_expired(GroupInvitation)


@app.task(name="framework.groups.tasks.take_invitations")
def take_invitations(user_id: int) -> int:
    """Let somebody join every group that waits for the address that they have confirmed; how many there were."""
    return invitations.take_all(user_id)
