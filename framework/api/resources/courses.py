"""Courses: a group's assignments, for those who run it and those who take part."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import LOCATION, answer, no_content
from framework.api.bodies import AssignmentBody, AssignmentChanges, MoreTimeBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.courses import AssignmentAnswer, ListedAssignmentAnswer, ListedPerson, Participation
from framework.api.documents.projects import Project
from framework.api.paging import PAGE, links, page_number
from framework.courses import archive, assignments, handing_in, roster, starting, table
from framework.courses.access import AssignmentNotFound, Course, course_for, find_assignment
from framework.courses.assignments import AssignmentText
from framework.courses.models import Assignment
from framework.courses.teaching import ending
from framework.database.session import read_transaction
from framework.errors import Invalid
from framework.projects.core.access import project_for
from framework.web.answers import stream_response

courses = Blueprint("courses", __name__, url_prefix="/groups/<group>/assignments")
participants = Blueprint("participants", __name__, url_prefix="/groups/<group>/participants")

CSV = "text/csv"
LONGEST_LIST_BYTES = 1 << 20


class NotCsv(Invalid):
    """A list of people is of another media type."""

    status = 415

    def __init__(self) -> None:
        super().__init__(f"Send the list as CSV, with the header Content-Type: {CSV}.")


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


@courses.patch("/<int:assignment_id>")
@describe(Call({200: AssignmentAnswer}, needs="write", body=AssignmentChanges))
def change_assignment(group: str, assignment_id: int) -> Response:
    """Archive an assignment, or show it to all its participants again; for those who run the course."""
    account = callers.writer()
    course = course_for(account, group, teaching=True)
    archived = read_body(AssignmentChanges).archived
    ending.archive_assignment(account, course, assignment_id, archived=archived)
    return answer(_describe(account, course, assignment_id))


@courses.delete("/<int:assignment_id>")
@describe(Call({204: None}, needs="admin", refusals=(409,)))
def delete_assignment(group: str, assignment_id: int) -> Response:
    """Delete an assignment on which nobody has started; for those who run the course."""
    account = callers.administrator()
    ending.delete_assignment(account, course_for(account, group, teaching=True), assignment_id)
    return no_content()


@courses.post("/<int:assignment_id>/open")
@describe(Call({201: Project}, needs="write", refusals=(409, 413)))
def open_assignment(group: str, assignment_id: int) -> Response:
    """Start on an assignment: make the caller's private copy, or tell it again."""
    account = callers.writer()
    made = starting.start(account, course_for(account, group), assignment_id)
    place = f"/api/v1/projects{made.path}"
    return answer(Project.of(project_for(account, made.owner, made.name)), 201, headers={LOCATION: place})


@courses.post("/<int:assignment_id>/extensions")
@describe(Call({200: Participation}, needs="write", body=MoreTimeBody, refusals=(429,)))
def extend_deadline(group: str, assignment_id: int) -> Response:
    """Give one participant a later deadline than all have, and tell them by mail; for those who run the course.

    One that was given before can be set back.
    """
    account = callers.writer()
    course = course_for(account, group, teaching=True)
    body = read_body(MoreTimeBody)
    person = handing_in.extend(account, course, assignment_id, body.person, body.until)
    assignment = _find(account, course, assignment_id)
    entrant = table.read_entrant(assignment, course.name, person)
    if entrant is None:  # they left the group at this moment
        raise AssignmentNotFound
    return answer(Participation.of(entrant, table.read_states(assignment, entrant.hand_in_id)))


@courses.get("/<int:assignment_id>/states.csv")
@describe(Call({200: "*/*"}, needs="token"))
def export_assignment(group: str, assignment_id: int) -> Response:
    """Everybody's state as CSV, without addresses; for those who run the course."""
    account = callers.reader()
    course = course_for(account, group, teaching=True)
    assignment = _find(account, course, assignment_id)
    return _csv(table.states_csv(assignment, course.name, addresses=False))


@courses.get("/<int:assignment_id>/hand-ins.zip")
@describe(Call({200: "*/*"}, needs="token"))
def download_assignment(group: str, assignment_id: int) -> AnyResponse:
    """What everybody handed in, a folder for each person, as ZIP; for those who run the course."""
    account = callers.reader()
    course = course_for(account, group, teaching=True)
    assignment = _find(account, course, assignment_id)
    entrants = table.list_entrants(assignment, course.name)
    return stream_response(
        archive.stream_hand_ins(assignment, entrants),
        Content_Type="application/zip",
        Content_Disposition=f'attachment; filename="{assignment.slug}.zip"',
    )


@participants.get("")
@describe(Call({200: "*/*"}, needs="admin"))
def export_participants(group: str) -> Response:
    """The participants of a course as CSV, for those who run it; owners see addresses, and who is invited."""
    return _csv(roster.write(course_for(callers.administrator(), group, teaching=True)))


@participants.post("")
@describe(Call({200: [ListedPerson]}, needs="admin", media=CSV, refusals=(400, 413, 415)))
def add_participants(group: str) -> Response:
    """Add the people of a CSV list with names, and e-mail addresses or user names; tells what each line did.

    Addresses without an account are invited. A line that cannot be used costs no other, and a list can be sent again.
    """
    account = callers.administrator()
    course = course_for(account, group, teaching=True)
    if request.mimetype != CSV:
        raise NotCsv
    request.max_content_length = LONGEST_LIST_BYTES
    lines = roster.parse(request.get_data(cache=False).decode("utf-8-sig", errors="replace"))
    return answer([ListedPerson.of(outcome) for outcome in roster.add(account, course, lines)])


def _csv(text: str) -> Response:
    return Response(text, headers={"Cache-Control": "private, no-store"}, content_type=f"{CSV}; charset=utf-8")


def _find(account: Account, course: Course, assignment_id: int) -> Assignment:
    with read_transaction() as session:
        return find_assignment(session, account, course, assignment_id)


def _describe(account: Account, course: Course, assignment_id: int) -> AssignmentAnswer:
    assignment = _find(account, course, assignment_id)
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
        archived=assignment.archived_at is not None,
        invited=table.count_invited(assignment) if course.teaches else None,
        invited_addresses=list(table.list_invited(assignment)) if course.owns and callers.administers() else None,
        people=[Participation.of(one, states) for one in entrants],
    )
