"""The mails about a project beside the news of it: to confirmed addresses, and to nobody who is suspended."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import GROUP, Account
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages
from framework.formatting import format_size
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Invitation

MAY = {
    "reader": "see and download its files",
    "writer": "change its files",
    "maintainer": "change its files, settings and people",
    "owner": "change everything in it",
}


def mail_added(session: Session, user: User, project: ProjectAccess, *, role: str, by: Account) -> bool:
    """Tell somebody that they take part now, and what they may do; whether a mail goes to them."""
    if not (email := _address_of(user)):
        return False
    facts = {
        "name": user.name,
        "by": by.called,
        "project": project.full_name,
        "role": role,
        "may": MAY[role],
        "link": f"{config.current().base_url}{project.path}",
    }
    key = f"added-{project.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="invitation", facts=facts, key=key))
    return True


def mail_invitation(
    session: Session, invitation: Invitation, project: ProjectAccess, *, link: str, by: Account, days: int
) -> None:
    """Send the link by which whoever has the address can take part, valid for so many days from now."""
    facts = {
        "name": invitation.email,
        "by": by.called,
        "project": project.full_name,
        "role": invitation.role,
        "may": MAY[invitation.role],
        "link": link,
        "days": days,
    }
    key = f"invited-{invitation.id}-{now():%Y%m%d%H%M%S%f}"
    ends = invitation.expires_at
    messages.queue(
        session, messages.prepare(to=invitation.email, template="invited", facts=facts, key=key, expires_at=ends)
    )


def mail_transfer_offer(
    session: Session, receiver: User, *, by: Account, path: str, facts: Mapping[str, object]
) -> None:
    """Ask somebody to take a project over, for themselves or a `group`, on a page that is valid for `days`."""
    _queue(session, receiver, "transfer_offer", path, {"by": by.called, **facts})


def mail_transfer_declined(session: Session, giver: User, full_name: str, *, by: Account) -> None:
    """Tell whoever wanted to hand a project over that it stays where it is."""
    _queue(session, giver, "transfer_declined", f"/{full_name}", {"by": by.called, "project": full_name})


def mail_moved(session: Session, person: User, *, by: Account, facts: Mapping[str, object]) -> None:
    """Tell an owner of a `project`, former or present, `to` whom it belongs now; its old address leads on."""
    _queue(session, person, "transfer_answer", f"/{facts['project']}", {"by": by.called, **facts})


def mail_embargo(session: Session, owner: User, full_name: str, *, days: int, public_at: datetime | None) -> None:
    """Tell an owner that a project turns public in so many days, at this moment, or with 0 that it has."""
    path = f"/{full_name}{'/settings/embargo' if days else ''}"
    day = f"{public_at:%-d %B %Y}" if public_at else ""
    _queue(session, owner, "embargo", path, {"project": full_name, "days": days, "day": day})


def _queue(session: Session, user: User, template: str, path: str, facts: Mapping[str, object]) -> None:
    """Queue a mail with a link to this path, where mail goes to the person; each has a key of its own."""
    if not (email := _address_of(user)):
        return
    told = {"name": user.name, "link": f"{config.current().base_url}{path}", **facts}
    key = f"{template}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template=template, facts=told, key=key))


def _address_of(user: User) -> str | None:
    """Where mail about projects goes: nowhere for somebody who is suspended or has confirmed no address."""
    return addresses.find_confirmed_address(user) if user.suspended_at is None else None


def mail_recovered(session: Session, owner: User, *, full_name: str, refs: Sequence[str]) -> None:
    """Tell an owner which branches and tags, by their full names, keep what another database wrote beside this one."""
    if not (email := _address_of(owner)):
        return
    branches = [name.removeprefix("refs/heads/") for name in refs if name.startswith("refs/heads/")]
    facts = {
        "name": owner.name,
        "project": full_name,
        "branches": branches,
        "tags": [name.removeprefix("refs/tags/") for name in refs if name.startswith("refs/tags/")],
        "link": f"{config.current().base_url}/{full_name}/branches",
    }
    key = f"recovered-{owner.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="recovered", facts=facts, key=key))


def mail_nearly_full(session: Session, user: User, owner: User, *, used_bytes: int, limit_bytes: int) -> None:
    """Tell somebody that their projects, or those of the group `owner`, have used most of what the plan allows."""
    if not (email := _address_of(user)):
        return
    path = f"/{owner.name}/settings/usage" if owner.kind == GROUP else "/settings/usage"
    facts = {
        "name": user.name,
        "group": owner.name if owner.kind == GROUP else "",
        "percent": used_bytes * 100 // limit_bytes,
        "used": format_size(used_bytes),
        "limit": format_size(limit_bytes),
        "link": f"{config.current().base_url}{path}",
    }
    key = f"quota-{owner.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="quota", facts=facts, key=key))
