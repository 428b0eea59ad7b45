"""Saying that one is done, and more time for one person."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import budgets
from framework.accounts.core.account import Account, name_person
from framework.accounts.core.addresses import find_confirmed_address
from framework.accounts.models import GroupMember, User
from framework.audit import log as audit
from framework.courses.access import UNCHANGED, AssignmentNotFound, Course, find_assignment, late_tag, recheck_course
from framework.courses.assignments import InvalidAssignment
from framework.courses.models import Assignment, Part
from framework.courses.snapshots import keep
from framework.courses.starting import find_copy
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.errors import Conflict
from framework.links.drop.drop_offs import format_moment
from framework.repositories.catalog.snapshot import read_snapshot
from framework.webhooks.outgoing import HAND_IN, queue_event


class NothingToHandIn(Conflict):
    """The participant has no copy, or nothing of their own in it."""

    def __init__(self) -> None:
        super().__init__("There is nothing to hand in yet: start the assignment and save your work in your copy first.")


def hand_in(account: Account, course: Course, assignment_id: int) -> bool:
    """Note that the participant is done with what is newest in their copy now; whether the deadline was still to come.

    They may repeat it, within a budget. What comes late is kept by a tag, as the version at the deadline is.

    Raises:
        NothingToHandIn, AssignmentNotFound, NotKept.
        BudgetSpent: they have handed in many times lately.
    """
    with read_transaction() as session:
        find_assignment(session, account, course, assignment_id)
        row = _find(session, assignment_id, account.id)
    if row is None or row.project_id is None:
        raise NothingToHandIn
    copy = find_copy(account, row.id)
    snapshot = read_snapshot(copy.repository_id)
    tip = snapshot.find_branch(snapshot.default_branch)
    if tip is None or tip == row.started_sha or copy.owner != course.name:
        raise NothingToHandIn
    budgets.spend_now(f"hand-in:{account.id}")
    moment = now()
    if moment > row.due_at and not _was_in_time(row):
        keep(copy.repository_id, tip, late_tag(moment))
    with transaction() as session:
        recheck_course(session, account, course.id)
        marked = session.get_one(Part, row.id, with_for_update=True, populate_existing=True)
        if moment <= marked.due_at or not _was_in_time(marked):
            marked.handed_in_at, marked.handed_in_sha = moment, tip
        queue_event(session, copy.id, HAND_IN, _tell(marked, tip))
    return moment <= marked.due_at


def _was_in_time(row: Part) -> bool:
    return row.handed_in_at is not None and row.handed_in_at <= row.due_at


def _tell(row: Part, sha: str) -> dict[str, object]:
    """What webhooks are told of a hand-in."""
    moments = {"due_at": row.due_at, "handed_in_at": row.handed_in_at}
    told = {name: moment.isoformat(timespec="seconds") if moment else None for name, moment in moments.items()}
    return {"assignment_id": row.assignment_id, "person": row.person, "sha": sha, **told}


def extend(account: Account, course: Course, assignment_id: int, person: str, until: datetime) -> str:
    """Give one participant a deadline of their own, at which their snapshot is taken then; their user name.

    It is later than that for all; one that was given before can be set back. They get a mail about it.

    Raises:
        InvalidAssignment: it is past, or no later than the deadline for all, or theirs already.
        AssignmentNotFound: nobody of this name takes part. TeachersOnly. BudgetSpent: the caller wrote too much lately.
    """
    if until <= now():
        raise InvalidAssignment("until", "Choose a moment in the future.")
    with transaction() as session:
        recheck_course(session, account, course.id, teaching=True)
        assignment = find_assignment(session, account, course, assignment_id, lock=UNCHANGED)
        user = find_participant(session, assignment, person)
        budgets.spend(session, [f"feedback:{account.id}"])
        values = {"person": user.name, "due_at": assignment.deadline, "extended": False}
        insert_if_absent(session, Part, assignment_id=assignment.id, user_id=user.id, **values)
        row = _find(session, assignment.id, user.id, lock=True)
        assert row
        _check_own_deadline(until, row, user, assignment)
        sooner = row.extended and until < row.due_at
        row.due_at, row.extended = until, True
        row.snapshot_at = row.snapshot_sha = None
        if row.project_id is None:  # what was handed in went with the deleted copy, and they may start again
            row.handed_in_at = row.handed_in_sha = None
        moment, title = until.isoformat(timespec="minutes"), assignment.title
        told: dict[str, Any] = {"who": user.name, "assignment": title, "until": moment}
        audit.record(session, "less_time" if sooner else "more_time", actor=account, person=user, group=course, **told)
        link = f"{config.current().base_url}{course.path}/{assignment.id}/people/{user.name}"
        _tell_deadline(session, user, row, assignment, {"link": link, "sooner": sooner})
        return user.name


def _check_own_deadline(until: datetime, row: Part, user: User, assignment: Assignment) -> None:
    called = name_person(user.name, user.full_name)
    if until == row.due_at or (until < row.due_at and not row.extended):
        present = format_moment(row.due_at, assignment.time_zone)
        raise InvalidAssignment("until", f"{called} has time until {present} already. Choose a later moment.")
    if until <= assignment.deadline:
        for_all = format_moment(assignment.deadline, assignment.time_zone)
        raise InvalidAssignment("until", f"Everyone has time until {for_all}. Choose a later moment for {called}.")


def _tell_deadline(session: Session, user: User, row: Part, assignment: Assignment, more: dict[str, Any]) -> None:
    email = find_confirmed_address(user)
    if email is None or user.suspended_at is not None:
        return
    facts = {
        "name": user.name,
        "assignment": assignment.title,
        "deadline": format_moment(row.due_at, assignment.time_zone),
        **more,
    }
    key = f"more-time-{row.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="more_time", facts=facts, key=key))


def find_participant(session: Session, assignment: Assignment, person: str) -> User:
    """Who takes part in the assignment under this user name, or did.

    Raises:
        AssignmentNotFound.
    """
    user = session.scalars(select(User).where(User.name_key == person.casefold())).one_or_none()
    if user is None:
        raise AssignmentNotFound
    member = session.get(GroupMember, (assignment.group_id, user.id))
    row = _find(session, assignment.id, user.id)
    is_taken = row is not None and (row.listed or row.opened_at is not None)
    is_participant = member is not None and member.role == "participant"
    if not is_taken and not (assignment.everyone and is_participant):
        raise AssignmentNotFound
    return user


def _find(session: Session, assignment_id: int, user_id: int, *, lock: bool = False) -> Part | None:
    mine = select(Part).where(Part.assignment_id == assignment_id, Part.user_id == user_id)
    return session.scalars(
        (mine.with_for_update() if lock else mine).execution_options(populate_existing=True)
    ).one_or_none()
