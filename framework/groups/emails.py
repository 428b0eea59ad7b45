"""The mails about groups: to confirmed addresses and the invited, and to nobody who is suspended."""

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import Account
from framework.accounts.models import GroupInvitation, User
from framework.database.types import now
from framework.email import messages
from framework.groups.membership import first_page

MAY = {
    "owner": "manage the group and all of its projects",
    "member": "work in its projects",
    "participant": "take part in its assignments",
}


def mail_added(session: Session, user: User, group: User, *, role: str, by: Account) -> bool:
    """Tell somebody that they are in the group now, and what they may do; whether a mail goes to them."""
    email = addresses.find_confirmed_address(user) if user.suspended_at is None else None
    if not email:
        return False
    facts = {"name": user.name, "by": by.called, "group": group.name, "role": role, "may": MAY[role]}
    facts["link"] = f"{config.current().base_url}{first_page(group.name, role)}"
    key = f"group-added-{group.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="group_added", facts=facts, key=key))
    return True


def mail_invitation(
    session: Session, invitation: GroupInvitation, group: User, *, link: str, by: Account, days: int
) -> None:
    """Send the link by which whoever has the address can join, valid for so many days from now."""
    role = invitation.role
    facts = {"name": invitation.email, "by": by.called, "group": group.name, "role": role, "may": MAY[role]}
    key, ends = f"group-invited-{invitation.id}-{now():%Y%m%d%H%M%S%f}", invitation.expires_at
    told = {**facts, "link": link, "days": days}
    messages.queue(
        session,
        messages.prepare(to=invitation.email, template="group_invited", facts=told, key=key, expires_at=ends),
    )


def mail_suspension(session: Session, user: User, group: User, *, template: str, reason: str) -> None:
    """Tell an owner that the group is suspended, and why, or that it is so no longer, as the template says."""
    email = addresses.find_confirmed_address(user) if user.suspended_at is None else None
    if not email:
        return
    site = config.current().base_url
    facts = {"name": user.name, "group": group.name, "reason": reason, "site": site, "link": f"{site}/{group.name}"}
    key = f"{template}-{group.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template=template, facts=facts, key=key))
