"""The mails that somebody gets about a project, beside the news of it."""

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.account import Account
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages
from framework.projects.access import ProjectAccess
from framework.web.pages import size

MAY = {"reader": "see and download its files", "writer": "change its files", "owner": "change everything in it"}


def added(session: Session, user: User, project: ProjectAccess, *, role: str, by: Account) -> None:
    """Tell somebody that they take part now, and what they may do."""
    facts = {
        "name": user.name,
        "by": by.name,
        "project": project.full_name,
        "role": role,
        "may": MAY[role],
        "link": f"{config.current().base_url}{project.path}",
    }
    key = f"added-{project.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, to=user.email, template="invitation", facts=facts, key=key)


def nearly_full(session: Session, owner: User, *, used_bytes: int, limit_bytes: int) -> None:
    """Tell an owner that the projects have used most of their quota; at most once a day."""
    facts = {
        "name": owner.name,
        "percent": used_bytes * 100 // limit_bytes,
        "used": size(used_bytes),
        "limit": size(limit_bytes),
        "link": f"{config.current().base_url}/{owner.name}",
    }
    messages.queue(session, to=owner.email, template="quota", facts=facts, key=f"quota-{owner.id}-{now():%Y%m%d}")
