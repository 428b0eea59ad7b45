"""The student plan's year: a link that confirms the address once more, and a mail before the year ends."""

from datetime import timedelta

from sqlalchemy import select

from framework.accounts.core import emails, plans, throttle
from framework.accounts.lifecycle.confirmation import LinkSent
from framework.accounts.models import User
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Conflict

REMINDED_BEFORE = timedelta(days=30)
REMINDED_WITHIN = timedelta(days=7)
"""A week to send it in: shorter than the outbox knows what was sent, longer than a server is away."""


class NothingToRenew(Conflict):
    """The plan does not depend on the address, or has a long way to go."""

    def __init__(self) -> None:
        super().__init__("Your plan does not need your address to be confirmed again now.")


def send_renewal_link(account_id: int) -> LinkSent:
    """Send a link that renews the student plan by confirming the address again, unless that was done often lately.

    Raises:
        NothingToRenew.
    """
    with transaction() as session:
        user = session.get_one(User, account_id)
        if not plans.is_renewable(user):
            raise NothingToRenew
        may = throttle.may_send_mail(session, user.id)
        if may:
            emails.mail_renewal_link(session, user)
    return LinkSent(user.email, sent=may)


def remind_students() -> int:
    """Tell everyone whose student plan ends about a month from now, each once; how many there are."""
    latest = now() - plans.STUDENT_TIME + REMINDED_BEFORE
    ending = (User.email_verified_at <= latest, User.email_verified_at > latest - REMINDED_WITHIN)
    query = select(User).where(*ending, User.plan.is_(None), User.suspended_at.is_(None))
    with transaction() as session:
        ends = [(user, plans.read_held_plan(session, user).ends_at) for user in session.scalars(query).all()]
        students = [(user, ends_at) for user, ends_at in ends if ends_at is not None]
        for user, ends_at in students:
            emails.mail_student_plan_ends(session, user, ends_at=ends_at)
    return len(students)
