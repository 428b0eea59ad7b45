"""Invitations to groups by e-mail address: a role for whoever confirms the address, and the signed link in its mail.

A confirmation takes them in its own transaction: joining a group is no version of any project.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import Account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.lifecycle import signup
from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import HoldfastError, NotFound
from framework.groups import emails
from framework.groups.access import GroupAccess, recheck_group
from framework.groups.membership import first_page, join, note_change
from framework.projects.core.groups import OWNER
from framework.projects.members.invitations import spend_mails

LASTS = timedelta(days=14)
PLACE = "/groups/invitations/"


class GroupInvitationGone(NotFound):
    """The invitation was taken, withdrawn, has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("This invitation was accepted or withdrawn, or has expired. Ask for a new one.")


@dataclass(frozen=True)
class PendingMembership:
    """An invitation as pages show it; `by` is None when the account that invited is gone."""

    id: int
    email: str
    role: str
    by: str | None
    group: str
    created_at: datetime
    expires_at: datetime


def register(_app: Flask) -> None:
    """Have invitations taken when an address is confirmed, and let the invited sign up."""
    addresses.within_confirmation(take_all)
    signup.set_invitation_check(is_invited)
    signup.on_signup(accept_on_arrival)


def invite(session: Session, row: User, *, email: str, role: str, by: Account) -> int:
    """Keep an invitation for this address, in place of an earlier one, and send its link there; its number."""
    key, moment = email.casefold(), now()
    theirs = (GroupInvitation.group_id == row.id, GroupInvitation.email_key == key)
    session.execute(delete(GroupInvitation).where(*theirs))
    kept = GroupInvitation(group_id=row.id, email=email, email_key=key, role=role, invited_by_id=by.id)
    kept.created_at, kept.expires_at = moment, moment + LASTS
    session.add(kept)
    session.flush()
    emails.mail_invitation(session, kept, row, link=_link_to(kept), by=by, days=LASTS.days)
    return kept.id


def resend(account: Account, group: GroupAccess, invitation_id: int) -> str:
    """Send an invitation's link once more, which is valid for as long again from now on; its address.

    Raises:
        GroupInvitationGone: the group has none of this number. OwnersOnly, GroupNotFound: the caller is no owner.
        BudgetSpent: that was done too often lately.
    """
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        kept = _find(session, row.id, invitation_id)
        spend_mails(session, f"group-{row.id}", kept.email, by=account)
        kept.expires_at, kept.invited_by_id = now() + LASTS, account.id
        session.flush()
        emails.mail_invitation(session, kept, row, link=_link_to(kept), by=account, days=LASTS.days)
        return kept.email


def withdraw(account: Account, group: GroupAccess, invitation_id: int) -> str:
    """Take an invitation back; its address.

    Raises:
        GroupInvitationGone: the group has none of this number. OwnersOnly, GroupNotFound: the caller is no owner.
    """
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        kept = _find(session, row.id, invitation_id)
        session.delete(kept)
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
    mine = (GroupInvitation.email_key == email.casefold(), GroupInvitation.expires_at > now())
    return session.scalar(select(GroupInvitation.id).where(*mine).limit(1)) is not None


def read_invitation(token: str) -> PendingMembership:
    """The invitation that a mail's link is for.

    Raises:
        GroupInvitationGone.
    """
    try:
        invitation_id, stamp = _signer().loads(token)
    except BadSignature as error:
        raise GroupInvitationGone from error
    with read_transaction() as session:
        found = session.execute(_select_pending().where(GroupInvitation.id == invitation_id)).one_or_none()
    if found is None or found[0].created_at.isoformat() != stamp:
        raise GroupInvitationGone
    return _describe(*found)


def accept(live: LiveSession, token: str) -> str:
    """Let the person who is signed in join by the link; the path of the page they see first.

    The link was sent to the address alone, so whoever has it and claims the address has confirmed it.

    Raises:
        GroupInvitationGone: also since its page was shown.
        EmailTaken: the person claims the address, and another account has confirmed it.
    """
    pending = read_invitation(token)
    with addresses.catch_races(), transaction() as session:
        user = session.get_one(User, live.account.id)
        addresses.confirm_first(session, user, pending.email, keep=live)
        same = (GroupInvitation.id == pending.id, GroupInvitation.created_at == pending.created_at)
        kept = session.scalars(select(GroupInvitation).where(*same).with_for_update()).one_or_none()
        if kept is not None:
            _take(session, kept, user)
        elif not _is_in(session, pending.group, user):
            raise GroupInvitationGone
    return first_page(pending.group, pending.role)


def accept_on_arrival(live: LiveSession, path: str) -> signup.Arrival | None:
    """Let somebody who signed up by the link of a mail join at once; None on any other way, or when it has ended."""
    if not path.startswith(PLACE):
        return None
    try:
        place = accept(live, path.removeprefix(PLACE))
    except HoldfastError:
        return None  # the link's own page tells why
    return signup.Arrival(place, f"Welcome, {live.account.name}. You are in the group {place.split('/')[1]} now.")


def take_all(session: Session, user: User) -> None:
    """Let somebody join every group that waits for their confirmed address, in the transaction of the confirmation."""
    email = addresses.find_confirmed_address(user)
    if email is None:
        return
    mine = (GroupInvitation.email_key == email.casefold(), GroupInvitation.expires_at > now())
    query = select(GroupInvitation).where(*mine).order_by(GroupInvitation.id).with_for_update()
    for kept in session.scalars(query).all():
        _take(session, kept, user)


def forget_expired() -> int:
    """Delete the invitations that have ended; how many."""
    ended = delete(GroupInvitation).where(GroupInvitation.expires_at <= now()).returning(GroupInvitation.id)
    with transaction() as session:
        return len(session.scalars(ended).all())


def _take(session: Session, kept: GroupInvitation, user: User) -> None:
    """Make the invitation a membership; whoever is in the group already keeps their role."""
    row = session.get_one(User, kept.group_id, with_for_update={"key_share": True})
    member = session.get(GroupMember, (row.id, user.id))
    if member is None:
        inviter = session.get(User, kept.invited_by_id) if kept.invited_by_id else None
        by = Account.of(inviter) if inviter and inviter.suspended_at is None else None
        join(session, row, user, role=kept.role, added_as=kept.email, by=by)
        note_change(session, row)
    session.delete(kept)
    session.flush()


def _is_in(session: Session, group: str, user: User) -> bool:
    mine = (User.name_key == group.casefold(), GroupMember.user_id == user.id)
    joined = select(GroupMember.user_id).join(User, User.id == GroupMember.group_id)
    return session.scalar(joined.where(*mine)) is not None


def _find(session: Session, group_id: int, invitation_id: int) -> GroupInvitation:
    mine = (GroupInvitation.id == invitation_id, GroupInvitation.group_id == group_id)
    kept = session.scalars(select(GroupInvitation).where(*mine).with_for_update()).one_or_none()
    if kept is None:
        raise GroupInvitationGone
    return kept


def _select_pending() -> Select[GroupInvitation, str | None, str]:
    inviter = aliased(User)
    return (
        select(GroupInvitation, inviter.name, User.name)
        .join(User, User.id == GroupInvitation.group_id)
        .outerjoin(inviter, inviter.id == GroupInvitation.invited_by_id)
        .where(GroupInvitation.expires_at > now())
    )


def _describe(row: GroupInvitation, by: str | None, group: str) -> PendingMembership:
    return PendingMembership(row.id, row.email, row.role, by, group, row.created_at, row.expires_at)


def _link_to(row: GroupInvitation) -> str:
    return f"{config.current().base_url}{PLACE}{_signer().dumps([row.id, row.created_at.isoformat()])}"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-group-invitation")
