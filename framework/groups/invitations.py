"""Invitations to groups by e-mail address: a role for whoever confirms the address, and the signed link in its mail.

Whatever changes one locks its group first, then the invitation; a confirmation, which locks people, takes them once it
is committed.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.core import addresses
from framework.accounts.core.account import Account, name_person, read_account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.lifecycle import invitations, signup
from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.groups import emails
from framework.groups.access import GroupAccess, recheck_group
from framework.groups.membership import first_page, join, note_address, note_change
from framework.projects.core.groups import OWNER, PARTICIPANT
from framework.projects.members.invitations import spend_mails

PLACE = "/groups/invitations/"
LINKS = invitations.Links(PLACE, salt="holdfast-group-invitation")
TAKE = "framework.groups.tasks.take_invitations"


@dataclass(frozen=True)
class PendingMembership:
    """An invitation as pages show it; `inviter` is who invited, None when the account is gone."""

    id: int
    email: str
    role: str
    inviter: str | None
    group_id: int
    group: str
    created_at: datetime
    expires_at: datetime


def register(_app: Flask) -> None:
    """Have invitations taken when an address is confirmed, and let the invited sign up."""
    addresses.within_confirmation(_ask_to_take)
    addresses.on_confirmation(take_now)
    signup.set_invitation_check(is_invited)
    signup.on_signup(PLACE, accept_on_arrival)


def invite(session: Session, row: User, *, email: str, role: str, by: Account) -> int:
    """Keep an invitation for this address, in place of an earlier one, and send its link there; its number."""
    kept = GroupInvitation(group_id=row.id, email=email, role=role, invited_by_id=by.id)
    invitations.keep(session, kept, GroupInvitation.group_id == row.id, GroupInvitation.email_key == email.casefold())
    _send(session, kept, row, by=by)
    return kept.id


def resend(account: Account, group: GroupAccess, invitation_id: int) -> str:
    """Send an invitation's link once more, which is valid for as long again from now on; its address.

    Raises:
        InvitationGone: the group has none of this number. OwnersOnly, GroupNotFound: the caller is no owner.
        BudgetSpent: that was done too often lately.
    """
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        kept = _find(session, row.id, invitation_id)
        spend_mails(session, f"group-{row.id}", kept.email, by=account)
        invitations.renew(session, kept, account.id)
        _send(session, kept, row, by=account)
        return kept.email


def withdraw(account: Account, group: GroupAccess, invitation_id: int) -> str:
    """Take an invitation back; its address.

    Raises:
        InvitationGone: the group has none of this number. OwnersOnly, GroupNotFound: the caller is no owner.
    """
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        kept = _find(session, row.id, invitation_id)
        session.delete(kept)
        audit.record(session, "invitation_withdrawn", actor=account, group=row, who=kept.email, role=kept.role)
        return kept.email


def withdraw_of(session: Session, group_id: int, person_id: int) -> None:
    """Take back whom somebody invited who owns the group no longer: perhaps themselves, by another address."""
    theirs = (GroupInvitation.group_id == group_id, GroupInvitation.invited_by_id == person_id)
    session.execute(delete(GroupInvitation).where(*theirs))


def list_invitations(group: GroupAccess) -> list[PendingMembership]:
    """The group's pending invitations, by address."""
    query = _select_pending().where(GroupInvitation.group_id == group.id).order_by(GroupInvitation.email_key)
    with read_transaction() as session:
        return [_describe(*row) for row in session.execute(query)]


def is_invited(session: Session, email: str) -> bool:
    """Whether a group waits for whoever confirms this address."""
    return (
        session.scalar(select(GroupInvitation.id).where(invitations.waits_for(GroupInvitation, email)).limit(1))
        is not None
    )


def read_invitation(token: str) -> PendingMembership:
    """The invitation that a mail's link is for.

    Raises:
        InvitationGone.
    """
    invitation_id, stamp = LINKS.read(token)
    with read_transaction() as session:
        found = session.execute(_select_pending().where(GroupInvitation.id == invitation_id)).one_or_none()
    if found is None:
        raise invitations.InvitationGone
    invitations.refuse_other(found[0], stamp)
    return _describe(*found)


def accept(live: LiveSession, token: str) -> str:
    """Let the person who is signed in join by the link; the path of the page they see first.

    Raises:
        InvitationGone: also since its page was shown.
        EmailTaken: the person claims the address, and another account has confirmed it.
    """
    pending = read_invitation(token)
    invitations.confirm_by_link(live, pending.email)
    taken = _take(live.account.id, pending)  # a confirmation takes it before
    if not _show_name(pending.group_id, live.account.id) and not taken:
        raise invitations.InvitationGone
    return first_page(pending.group, pending.role)


def accept_on_arrival(live: LiveSession, token: str) -> signup.Arrival:
    """Let somebody who signed up by the link of a mail join at once.

    Raises:
        What `accept` raises.
    """
    place = accept(live, token)
    return signup.Arrival(place, f"Welcome, {live.account.name}. You are in the group {place.split('/')[1]} now.")


def take_all(user_id: int) -> int:
    """Let somebody join every group that waits for their confirmed address; how many.

    Doing so twice is fine. What fails here is done by a task that the confirmation has left in the outbox.
    """
    with read_transaction() as session:
        user = session.get(User, user_id)
        waiting = _list_waiting(session, user) if user else []
    return sum(_take(user_id, pending) for pending in waiting)


def take_now(user_id: int) -> None:
    """The same, right after the confirmation, so that the next page has the groups."""
    invitations.take_after_confirmation(user_id, take_all)


def _send(session: Session, kept: GroupInvitation, row: User, *, by: Account) -> None:
    emails.mail_invitation(session, kept, row, link=LINKS.link_to(kept), by=by, days=invitations.LASTS.days)
    audit.record(session, "invited", actor=by, group=row, who=kept.email, role=kept.role)


def _ask_to_take(session: Session, user: User) -> None:
    if _list_waiting(session, user):
        enqueue(session, TAKE, user.id)


def _list_waiting(session: Session, user: User) -> list[PendingMembership]:
    email = addresses.find_confirmed_address(user)
    if email is None:
        return []
    mine = _select_pending().where(GroupInvitation.email_key == email.casefold()).order_by(GroupInvitation.id)
    return [_describe(*row) for row in session.execute(mine)]


def _take(user_id: int, pending: PendingMembership) -> bool:
    """Make this invitation a membership, and none that got its number since; whether it was there still.

    Whoever is in the group already keeps their role.
    """
    with transaction() as session:
        row = session.get(User, pending.group_id, with_for_update={"key_share": True})
        kept = session.scalars(invitations.select_again(GroupInvitation, pending).with_for_update()).one_or_none()
        if row is None or kept is None:
            return False
        user = session.get_one(User, read_account(session, user_id).id)
        if session.get(GroupMember, (row.id, user.id)) is None:
            inviter = session.get(User, kept.invited_by_id) if kept.invited_by_id else None
            by = Account.of(inviter) if inviter and inviter.suspended_at is None else None
            join(session, row, user, role=kept.role, added_as=kept.email, by=by)
            note_change(session, row)
        elif kept.role == PARTICIPANT:
            note_address(session, row, user, kept.email)
        session.delete(kept)
        return True


def _show_name(group_id: int, user_id: int) -> bool:
    """Tell the group the name of somebody who has come; whether they are in it.

    A participant's address stays, too, since lists of participants know people by it.
    """
    with transaction() as session:
        member = session.get(GroupMember, (group_id, user_id), with_for_update=True)
        if member is not None and member.role != PARTICIPANT:
            member.added_as = None
        return member is not None


def _find(session: Session, group_id: int, invitation_id: int) -> GroupInvitation:
    mine = (GroupInvitation.id == invitation_id, GroupInvitation.group_id == group_id)
    kept = session.scalars(select(GroupInvitation).where(*mine).with_for_update()).one_or_none()
    if kept is None:
        raise invitations.InvitationGone
    return kept


def _select_pending() -> Select[GroupInvitation, str | None, str | None, str]:
    inviter = aliased(User)
    return (
        select(GroupInvitation, inviter.name, inviter.full_name, User.name)
        .join(User, User.id == GroupInvitation.group_id)
        .outerjoin(inviter, inviter.id == GroupInvitation.invited_by_id)
        .where(GroupInvitation.expires_at > now())
    )


def _describe(row: GroupInvitation, by: str | None, full_name: str | None, group: str) -> PendingMembership:
    called = name_person(by, full_name) if by else None
    return PendingMembership(row.id, row.email, row.role, called, row.group_id, group, row.created_at, row.expires_at)
