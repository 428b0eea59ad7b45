"""Invitations to groups by e-mail address: a role for whoever confirms the address, and the signed link in its mail.

Whatever changes one locks its group first, then the invitation; a confirmation, which locks people, takes them once it
is committed.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import Account, name_person, read_account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.lifecycle import signup
from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.celery.outbox import enqueue
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
TAKE = "framework.groups.tasks.take_invitations"

log = logging.getLogger(__name__)


class GroupInvitationGone(NotFound):
    """The invitation was taken, withdrawn, has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("This invitation was accepted or withdrawn, or has expired. Ask for a new one.")


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
    if not _take(live.account.id, pending) and not _is_in(pending.group_id, live.account.id):
        raise GroupInvitationGone  # a confirmation takes it before
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
    try:
        take_all(user_id)
    except (HoldfastError, SQLAlchemyError) as failure:  # the confirmation is committed, whatever happens here
        log.warning("invitations of the account %d to groups wait for their task: %s", user_id, failure)


def forget_expired() -> int:
    """Delete the invitations that have ended; how many."""
    ended = delete(GroupInvitation).where(GroupInvitation.expires_at <= now()).returning(GroupInvitation.id)
    with transaction() as session:
        return len(session.scalars(ended).all())


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
        kept = session.scalars(_select_again(pending).with_for_update()).one_or_none()
        if row is None or kept is None:
            return False
        user = session.get_one(User, read_account(session, user_id).id)
        if session.get(GroupMember, (row.id, user.id)) is None:
            inviter = session.get(User, kept.invited_by_id) if kept.invited_by_id else None
            by = Account.of(inviter) if inviter and inviter.suspended_at is None else None
            join(session, row, user, role=kept.role, added_as=kept.email, by=by)
            note_change(session, row)
        session.delete(kept)
        return True


def _select_again(pending: PendingMembership) -> Select[GroupInvitation]:
    """The same invitation, if it can be taken still: SQLite gives the number of a row that is gone to another one."""
    same = (GroupInvitation.id == pending.id, GroupInvitation.created_at == pending.created_at)
    theirs = (GroupInvitation.group_id == pending.group_id, GroupInvitation.email_key == pending.email.casefold())
    return select(GroupInvitation).where(*same, *theirs, GroupInvitation.expires_at > now())


def _is_in(group_id: int, user_id: int) -> bool:
    with read_transaction() as session:
        return session.get(GroupMember, (group_id, user_id)) is not None


def _find(session: Session, group_id: int, invitation_id: int) -> GroupInvitation:
    mine = (GroupInvitation.id == invitation_id, GroupInvitation.group_id == group_id)
    kept = session.scalars(select(GroupInvitation).where(*mine).with_for_update()).one_or_none()
    if kept is None:
        raise GroupInvitationGone
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


def _link_to(row: GroupInvitation) -> str:
    return f"{config.current().base_url}{PLACE}{_signer().dumps([row.id, row.created_at.isoformat()])}"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-group-invitation")
