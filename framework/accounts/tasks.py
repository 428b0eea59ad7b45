"""Links that are sent to whoever has an account, and the recurring work: what has ended is forgotten."""

from typing import Any

from celery import Task

from framework.accounts.core import budgets, former_names, sessions
from framework.accounts.factors import challenges, totp
from framework.accounts.lifecycle import confirmation, invitations, resets, student
from framework.accounts.models import AccountInvitation
from framework.celery.celery import app
from framework.celery.job import Job


@app.task(base=Job, name="framework.accounts.tasks.forget_sessions")
def forget_sessions() -> int:
    """Delete the sessions that have expired; how many."""
    return sessions.forget_expired()


@app.task(base=Job, name="framework.accounts.tasks.forget_budgets")
def forget_budgets() -> int:
    """Delete what was counted of things that may happen again; how many."""
    return budgets.delete_expired_budgets()


@app.task(base=Job, name="framework.accounts.tasks.forget_address_changes")
def forget_address_changes() -> int:
    """Delete the changes of addresses that cannot be undone any more; how many."""
    return confirmation.forget_changes()


@app.task(base=Job, name="framework.accounts.tasks.forget_challenges")
def forget_challenges() -> int:
    """Delete the challenges of passkeys that were answered long ago; how many."""
    return challenges.forget_spent()


@app.task(base=Job, name="framework.accounts.tasks.seal_anew")
def seal_anew() -> int:
    """Seal the secrets of apps with the newest key; how many an earlier one had sealed."""
    return totp.seal_anew()


@app.task(base=Job, name="framework.accounts.tasks.free_names")
def free_names() -> int:
    """Let the names of accounts that were deleted a year ago be taken again; how many."""
    return former_names.free_names()


@app.task(base=Job, name="framework.accounts.tasks.forget_invitations")
def forget_invitations() -> int:
    """Delete the administrators' invitations that have ended; how many."""
    return invitations.forget_expired(AccountInvitation)


@app.task(base=Job, name="framework.accounts.tasks.remind_students")
def remind_students() -> int:
    """Tell students whose plan is about to end how to keep it; how many."""
    return student.remind_students()


@app.task(bind=True, name="framework.accounts.tasks.send_reset")
def send_reset(self: Task[Any, Any], email: str) -> None:
    """Send a link for a new password, if there is an account with this address."""
    resets.send_reset(email, request=str(self.request.id))
