"""Invitations by e-mail address: a role for whoever confirms the address, and the signed link in its mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session, aliased

from framework.accounts.core import addresses, budgets
from framework.accounts.core.account import Account, name_person, read_account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.core.validation import email_key
from framework.accounts.lifecycle import invitations, signup
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, has_role, recheck
from framework.projects.core.description import describe
from framework.projects.models import Invitation, Member, Project
from framework.projects.notify import emails
from framework.projects.notify.activity import BY_ADDRESS, Audited, record
from framework.repositories.write.creation import change_about

PLACE = "/invitations/"
LINKS = invitations.Links(PLACE, salt="holdfast-invitation")


@dataclass(frozen=True)
class Pending:
    """An invitation as pages show it; `by`, and `inviter` with the full name, are None when the account is gone."""

    id: int
    created_at: datetime
    email: str
    role: str
    by: str | None
    inviter: str | None
    project_id: int
    project: str
    expires_at: datetime


def register(_app: Flask) -> None:
    """Have invitations taken when an address is confirmed, and let the invited sign up."""
    addresses.on_confirmation(take_now)
    signup.set_invitation_check(is_invited)
    signup.on_signup(PLACE, accept_on_arrival)


def invite(session: Session, row: Project, project: ProjectAccess, *, email: str, role: str, by: Account) -> int:
    """Keep an invitation for this address, in place of an earlier one, and send its link there; its number.

    Raises:
        RoleTooLow: somebody who is no owner asks for the role of one, or replaces an invitation to it.
    """
    theirs = (Invitation.project_id == row.id, Invitation.email_key == email.casefold())
    if "owner" in {role, session.scalar(select(Invitation.role).where(*theirs))}:
        recheck(session, row.id, by, "owner")
    kept = Invitation(project_id=row.id, email=email, role=role, invited_by_id=by.id)
    invitations.keep(session, kept, *theirs)
    _send(session, kept, project, by=by)
    return kept.id


def spend_mails(session: Session, project_id: int | str, person: str, *, by: Account) -> None:
    """Count one more mail to this name or address that somebody causes from a project or group; a refusal is free.

    Raises:
        BudgetSpent: there were too many lately, to them or to anyone.
    """
    invited = budgets.fingerprint(email_key(person))
    keys = [f"invite:{by.id}:{project_id}:{invited}", f"invite-person:{by.id}:{invited}", f"invites:{by.id}"]
    if not by.takes_part:
        keys += [f"invites-unconfirmed:{by.id}", f"invited-unconfirmed:{invited}"]
    with session.begin_nested():
        budgets.spend(session, keys)


def resend(account: Account, project: ProjectAccess, invitation_id: int) -> str:
    """Send an invitation's link once more, which is valid for as long again from now on; its address.

    Raises:
        InvitationGone: the project has none of this number.
        RoleTooLow: the caller is no maintainer any more, or no owner and it is for one.
        BudgetSpent: that was done too often lately.
    """
    with transaction() as session:
        kept = _find_to_change(session, account, project, invitation_id)
        spend_mails(session, project.id, kept.email, by=account)
        invitations.renew(session, kept, account.id)
        _send(session, kept, project, by=account)
        return kept.email


def invitations_to(project: ProjectAccess) -> list[Pending]:
    """The project's pending invitations, by address."""
    with read_transaction() as session:
        rows = session.execute(_select_pending().where(Project.id == project.id).order_by(Invitation.email_key))
        return [_describe(*row) for row in rows]


def is_invited(session: Session, email: str) -> bool:
    """Whether a project waits for whoever confirms this address."""
    waiting = select(Invitation.id).where(invitations.waits_for(Invitation, email))
    return session.scalar(waiting.limit(1)) is not None


def read_invitation(token: str) -> Pending:
    """The invitation that a mail's link is for.

    Raises:
        InvitationGone.
    """
    invitation_id, stamp = LINKS.read(token)
    with read_transaction() as session:
        mine = (Invitation.id == invitation_id, Project.trashed_at.is_(None))
        found = session.execute(_select_pending().where(*mine)).one_or_none()
    if found is None:
        raise invitations.InvitationGone
    invitations.refuse_other(found[0], stamp)
    return _describe(*found)


def withdraw(account: Account, project: ProjectAccess, invitation_id: int) -> str:
    """Take an invitation back; its address.

    Raises:
        InvitationGone: the project has none of this number.
        RoleTooLow: the caller is no maintainer any more, or no owner and it is for one.
    """
    with transaction() as session:
        kept = _find_to_change(session, account, project, invitation_id)
        session.delete(kept)
        _tell_audit(session, "invitation_withdrawn", kept, project, by=account)
        return kept.email


def withdraw_beyond(session: Session, row: Project, person_id: int, role: str | None) -> None:
    """Take back what somebody of this role may not invite to any more: perhaps themselves, by another address."""
    if role == "owner":
        return
    theirs = delete(Invitation).where(Invitation.project_id == row.id, Invitation.invited_by_id == person_id)
    session.execute(theirs.where(Invitation.role == "owner") if role == "maintainer" else theirs)


def accept(live: LiveSession, token: str) -> str:
    """Let the person who is signed in take what the link gives; the path of the project.

    Raises:
        InvitationGone: also since its page was shown.
        EmailTaken: the person claims the address, and another account has confirmed it.
    """
    pending = read_invitation(token)
    invitations.confirm_by_link(live, pending.email)
    taken = _take(live.account.id, pending)  # a confirmation takes it before
    if not _show_name(live.account.id, pending.project_id) and not taken:
        raise invitations.InvitationGone
    return f"/{pending.project}"


def accept_on_arrival(live: LiveSession, token: str) -> signup.Arrival:
    """Let somebody who signed up by the link of a mail take part at once.

    Raises:
        What `accept` raises.
    """
    project = accept(live, token)
    return signup.Arrival(project, f"Welcome, {live.account.name}. You were added to {project.removeprefix('/')}.")


def take_all(user_id: int) -> int:
    """Let somebody take every invitation for their confirmed address; how many.

    Doing so twice is fine. What fails here is done by a task that the confirmation has left in the outbox.
    """
    with read_transaction() as session:
        user = session.get(User, user_id)
        email = addresses.find_confirmed_address(user) if user else None
        mine = _select_pending().where(Invitation.email_key == (email or "").casefold())
        waiting = [_describe(*row) for row in session.execute(mine)] if email else []
    return sum(_take(user_id, pending) for pending in waiting)


def take_now(user_id: int) -> None:
    """The same, right after the confirmation, so that the next page has the projects."""
    invitations.take_after_confirmation(user_id, take_all)


def _send(session: Session, kept: Invitation, project: ProjectAccess, *, by: Account) -> None:
    emails.mail_invitation(session, kept, project, link=LINKS.link_to(kept), by=by, days=invitations.LASTS.days)
    _tell_audit(session, "invited", kept, project, by=by)


def _tell_audit(session: Session, kind: str, kept: Invitation, project: ProjectAccess, *, by: Account) -> None:
    told = audit.ToldProject(project.id, project.full_name)
    audit.record(session, kind, actor=by, project=told, who=kept.email, role=kept.role)


def _take(user_id: int, pending: Pending) -> bool:
    """Take this invitation, and none that got its number since; whether it was there still."""
    with read_transaction() as session:
        project = session.get(Project, pending.project_id)
        actor = read_account(session, user_id)
    if project is None:
        return False
    taken: list[str] = []

    def change(session: Session) -> dict[str, Any]:
        row = session.get_one(Project, project.id)
        kept = session.scalars(invitations.select_again(Invitation, pending).with_for_update()).one_or_none()
        if kept is not None:
            taken.append(_join(session, row, kept, session.get_one(User, user_id)))
        return describe(session, row)

    change_about(project.repository_id, change, actor=actor.name)
    return bool(taken)


def _join(session: Session, row: Project, kept: Invitation, user: User) -> str:
    """Make the invitation a part in the project; a higher role that the person has stays."""
    role = kept.role
    member = session.get(Member, (row.id, user.id))
    if user.id == row.owner_id or (member and has_role(member.role, role)):
        session.delete(kept)
        return role
    is_known = member is not None and member.added_as is None
    session.merge(Member(project_id=row.id, user_id=user.id, role=role, added_as=None if is_known else kept.email))
    inviter = session.get(User, kept.invited_by_id) if kept.invited_by_id else None
    by = Account.of(inviter) if inviter and inviter.suspended_at is None else None
    session.delete(kept)
    session.flush()
    details = {"person": user.name if is_known else BY_ADDRESS, "person_id": user.id, "role": role}
    record(session, row.id, actor=by, kind="person_added", details=details, audited=Audited(in_person=False))
    return role


def _show_name(user_id: int, project_id: int) -> bool:
    """Tell the project the name of somebody who has come to take part; whether they do."""
    theirs = (Member.project_id == project_id, Member.user_id == user_id)
    with transaction() as session:
        shown = update(Member).where(*theirs).values(added_as=None).returning(Member.user_id)
        return session.scalar(shown) is not None


def _find_to_change(session: Session, account: Account, project: ProjectAccess, invitation_id: int) -> Invitation:
    """The invitation, for somebody who may decide about its role."""
    recheck(session, project.id, account, "maintainer")
    mine = (Invitation.id == invitation_id, Invitation.project_id == project.id)
    kept = session.scalars(select(Invitation).where(*mine).with_for_update()).one_or_none()
    if kept is None:
        raise invitations.InvitationGone
    if kept.role == "owner":
        recheck(session, project.id, account, "owner")
    return kept


def _select_pending() -> Select[Invitation, str | None, str | None, str, str]:
    inviter = aliased(User)
    return (
        select(Invitation, inviter.name, inviter.full_name, User.name, Project.name)
        .join(Project, Project.id == Invitation.project_id)
        .join(User, User.id == Project.owner_id)
        .outerjoin(inviter, inviter.id == Invitation.invited_by_id)
        .where(Invitation.expires_at > now())
    )


def _describe(row: Invitation, by: str | None, full_name: str | None, *names: str) -> Pending:
    told = row.id, row.created_at, row.email, row.role, by, name_person(by, full_name) if by else None
    return Pending(*told, row.project_id, "/".join(names), row.expires_at)
