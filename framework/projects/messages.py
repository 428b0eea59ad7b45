"""The mail that somebody gets who was added to a project."""

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.account import Account
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages
from framework.projects.access import ProjectAccess

MAY = {"reader": "see and download its files", "writer": "change its files", "owner": "change everything in it"}


def added(session: Session, user: User, project: ProjectAccess, *, role: str, by: Account) -> None:
    """Tell somebody that they take part now, and what they may do."""
    text = (
        f"Hello {user.name},\n\n{by.name} has added you to {project.full_name} as {role}: you may {MAY[role]}.\n\n"
        f"{config.current().base_url}{project.path}"
    )
    key = f"added-{project.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, to=user.email, subject=f"You take part in {project.full_name}", text=text, key=key)
