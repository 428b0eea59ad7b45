"""Courses: a group's assignments, for those who run it and those who take part."""

from flask import Blueprint, Response

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import LOCATION, answer
from framework.api.bodies import AssignmentBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.courses import AssignmentAnswer, ListedAssignmentAnswer, Participation
from framework.api.documents.projects import Project
from framework.api.paging import PAGE, links, page_number
from framework.courses import assignments, starting, table
from framework.courses.access import Course, course_for, find_assignment
from framework.courses.assignments import AssignmentText
from framework.database.session import read_transaction
from framework.projects.core.access import project_for

courses = Blueprint("courses", __name__, url_prefix="/groups/<group>/assignments")


@courses.get("")
@describe(Call({200: [ListedAssignmentAnswer]}, needs="token", query=PAGE))
def list_assignments(group: str) -> Response:
    """The assignments that the caller sets or takes part in, the latest deadline first."""
    account, number = callers.reader(), page_number()
    course = course_for(account, group)
    found, more = assignments.list_assignments(account, course, number)
    told = [ListedAssignmentAnswer.of(one, course.path) for one in found]
    return answer(told, headers=links(number, more=more))


@courses.post("")
@describe(Call({201: AssignmentAnswer}, needs="write", body=AssignmentBody, refusals=(409,)))
def set_assignment(group: str) -> Response:
    """Set the group's participants an assignment; for its owners and members."""
    account = callers.writer()
    course = course_for(account, group, teaching=True)
    body = read_body(AssignmentBody)
    people = None if body.people is None else tuple(body.people)
    told = AssignmentText(body.title, body.text, body.deadline, body.time_zone, body.template or "", people)
    number = assignments.create_assignment(account, course, told)
    place = f"/api/v1/groups/{course.name}/assignments/{number}"
    return answer(_describe(account, course, number), 201, headers={LOCATION: place})


@courses.get("/<int:assignment_id>")
@describe(Call({200: AssignmentAnswer}, needs="token"))
def show_assignment(group: str, assignment_id: int) -> Response:
    """An assignment, with the state of each participant for who teaches, and with their own for a participant."""
    account = callers.reader()
    return answer(_describe(account, course_for(account, group), assignment_id))


@courses.post("/<int:assignment_id>/open")
@describe(Call({201: Project}, needs="write", refusals=(409, 413)))
def open_assignment(group: str, assignment_id: int) -> Response:
    """Start on an assignment: make the caller's private copy, or tell it again."""
    account = callers.writer()
    made = starting.start(account, course_for(account, group), assignment_id)
    place = f"/api/v1/projects{made.path}"
    return answer(Project.of(project_for(account, made.owner, made.name)), 201, headers={LOCATION: place})


def _describe(account: Account, course: Course, assignment_id: int) -> AssignmentAnswer:
    with read_transaction() as session:
        assignment = find_assignment(session, account, course, assignment_id)
    own = table.read_entrant(assignment, course.name, account.name)
    entrants = table.list_entrants(assignment, course.name) if course.teaches else [own] if own else []
    alone = None if course.teaches else ((own and own.hand_in_id) or 0)
    states = table.read_states(assignment, alone)
    return AssignmentAnswer(
        id=assignment.id,
        title=assignment.title,
        text=assignment.text,
        template=(assignments.template_name(account, assignment) or None) if course.teaches else None,
        deadline=assignment.deadline,
        time_zone=assignment.time_zone,
        people=[Participation.of(one, states) for one in entrants],
    )
