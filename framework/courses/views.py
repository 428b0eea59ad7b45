"""Pages of a course: for those who run it, and for who takes part."""

from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.core.account import Account
from framework.accounts.signin.login import require_account
from framework.browse.render.rendering import render_note, render_notes
from framework.courses import archive, assignments, feedback, handing_in, roster, starting, table
from framework.courses.access import AssignmentNotFound, Course, course_for, find_assignment
from framework.courses.forms import AssignmentForm, ExtensionForm, FeedbackForm, RosterForm
from framework.courses.models import Assignment
from framework.courses.teaching import ending
from framework.courses.teaching.lines import Wanted
from framework.courses.teaching.listed import read_awaited, read_people
from framework.courses.teaching.states import STATES
from framework.database.session import read_transaction
from framework.uploads.receiving import receive_form
from framework.web.answers import ViewResponse
from framework.web.forms import check_button
from framework.web.paging import page_number

blueprint = Blueprint("courses", __name__, url_prefix="/<owner>/assignments")

ROSTER_BYTES = 1 << 20
LONGEST_QUERY = 100


@blueprint.get("")
def show_assignments(owner: str) -> str:
    """The assignments that the caller sets or takes part in."""
    account, course = _enter(owner)
    number = page_number(request.args)
    found, more = assignments.list_assignments(account, course, number)
    return render_template("courses/assignments.html", course=course, assignments=found, number=number, more=more)


@blueprint.route("/new", methods=["GET", "POST"])
def new(owner: str) -> ViewResponse:
    """A new assignment."""
    account, course = _enter(owner, teaching=True)
    form = AssignmentForm()
    number = form.attempt(lambda: assignments.create_assignment(account, course, form.told()))
    if number is None:
        templates = assignments.list_templates(account, course)
        return render_template("courses/edit.html", course=course, form=form, templates=templates), form.status
    flash("The assignment is set. Participants see it now.", "success")
    return redirect(f"{course.path}/{number}")


@blueprint.route("/<int:assignment_id>/edit", methods=["GET", "POST"])
def edit(owner: str, assignment_id: int) -> ViewResponse:
    """Change an assignment."""
    account, course = _enter(owner, teaching=True)
    assignment = _find(account, course, assignment_id)
    people, awaited = read_people(assignment), read_awaited(assignment)
    shown = [*(people or ()), *(awaited if course.owns else ())]
    local = assignment.deadline.astimezone(ZoneInfo(assignment.time_zone))
    present = {name: getattr(assignment, name) for name in ("title", "text", "time_zone")}
    present |= {"deadline": f"{local:%Y-%m-%dT%H:%M}", "template": assignments.template_name(account, assignment)}
    present |= {
        "who": "everyone" if people is None else "some",
        "people": "\n".join(shown),
    }
    form = AssignmentForm(data=present)
    done = form.attempt(lambda: assignments.change_assignment(account, course, assignment_id, form.told()))
    if done is None:
        facts = {"templates": assignments.list_templates(account, course), "assignment": assignment}
        facts |= {"has_begun": ending.has_begun(assignment_id), "hidden": 0 if course.owns else len(awaited)}
        return render_template("courses/edit.html", course=course, form=form, **facts), form.status
    flash("The assignment is saved.", "success")
    return redirect(f"{course.path}/{assignment_id}")


@blueprint.post("/<int:assignment_id>/delete")
def delete(owner: str, assignment_id: int) -> ViewResponse:
    """Delete an assignment on which nobody has started."""
    account, course = _enter(owner, teaching=True)
    check_button()
    title = ending.delete_assignment(account, course, assignment_id)
    flash(f"“{title}” was deleted.", "success")
    return redirect(course.path)


@blueprint.post("/<int:assignment_id>/archive")
def archive_assignment(owner: str, assignment_id: int) -> ViewResponse:
    """Hide an assignment from who has not begun."""
    account, course = _enter(owner, teaching=True)
    check_button()
    title = ending.archive_assignment(account, course, assignment_id, archived=True)
    flash(f"“{title}” is archived. Participants who have not started do not see it any more.", "success")
    return redirect(f"{course.path}/{assignment_id}")


@blueprint.post("/<int:assignment_id>/restore")
def restore_assignment(owner: str, assignment_id: int) -> ViewResponse:
    """Show an archived assignment to all of its participants again."""
    account, course = _enter(owner, teaching=True)
    check_button()
    title = ending.archive_assignment(account, course, assignment_id, archived=False)
    flash(f"“{title}” is not archived any more. All its participants see it.", "success")
    return redirect(f"{course.path}/{assignment_id}")


@blueprint.route("/participants", methods=["GET", "POST"])
def participants(owner: str) -> ViewResponse:
    """Add people from a list; shows first what each line does."""
    account, course = _enter(owner, teaching=True)
    if request.method == "GET":
        return render_template(
            "courses/participants.html", course=course, form=RosterForm(), outcomes=None, done=False
        ), 200
    with receive_form(request, most_bytes=ROSTER_BYTES) as files:
        form = RosterForm()
        if files:
            form.people.data = files[0][1].path.read_bytes().decode("utf-8-sig", errors="replace")
    done = "add" in request.form
    outcomes = form.attempt(lambda: _read_roster(account, course, form, done=done))
    page = render_template("courses/participants.html", course=course, form=form, outcomes=outcomes, done=done)
    return page, form.status


@blueprint.get("/participants.csv")
def export_participants(owner: str) -> AnyResponse:
    """Everybody in the course, as CSV."""
    _account, course = _enter(owner, teaching=True)
    return _csv(roster.write(course), f"{course.name}-participants.csv")


@blueprint.get("/<int:assignment_id>")
def show(owner: str, assignment_id: int) -> AnyResponse | str:
    """The teacher's table, or the participant's own part."""
    account, course = _enter(owner)
    assignment = _find(account, course, assignment_id)
    if not course.teaches:
        return redirect(f"{course.path}/{assignment_id}/people/{account.name}")
    query = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    state = request.args.get("state", "")
    wanted = Wanted(query, state if state in STATES else "", addresses=course.owns)
    found = table.read_table(assignment, course.name, wanted, page=page_number(request.args))
    facts = {"course": course, "assignment": assignment, "table": found, "wanted": wanted}
    facts |= {"checks": table.read_checks(found.entrants), "text": render_note(assignment.text)}
    return render_template("courses/table.html", **facts, template=assignments.template_name(account, assignment))


@blueprint.post("/<int:assignment_id>/open")
def start(owner: str, assignment_id: int) -> ViewResponse:
    """Make the participant's copy, or lead to it."""
    account, course = _enter(owner)
    check_button()
    return redirect(starting.start(account, course, assignment_id).path)


@blueprint.post("/<int:assignment_id>/hand-in")
def hand_in(owner: str, assignment_id: int) -> ViewResponse:
    """Say that one is done."""
    account, course = _enter(owner)
    check_button()
    in_time = handing_in.hand_in(account, course, assignment_id)
    after = "You can still change your files until the deadline." if in_time else "The deadline has passed."
    flash(f"Handed in. {after}", "success")
    return redirect(f"{course.path}/{assignment_id}")


@blueprint.get("/<int:assignment_id>/people/<person>")
def show_person(owner: str, assignment_id: int, person: str) -> str:
    """One person's part: for that person, and for those who run the course."""
    account, course = _enter(owner)
    return _person_page(account, course, assignment_id, person, ExtensionForm(None), FeedbackForm(None))


@blueprint.post("/<int:assignment_id>/people/<person>/extend")
def extend(owner: str, assignment_id: int, person: str) -> ViewResponse:
    """Another deadline for one person."""
    account, course = _enter(owner, teaching=True)
    assignment = _find(account, course, assignment_id)
    form = ExtensionForm()
    done = form.attempt(
        lambda: handing_in.extend(account, course, assignment_id, person, form.moment(assignment.time_zone))
    )
    if done is None:
        return _person_page(account, course, assignment_id, person, form, FeedbackForm(None)), form.status
    flash(f"{done} has a new deadline.", "success")
    return redirect(f"{course.path}/{assignment_id}/people/{person}")


@blueprint.post("/<int:assignment_id>/people/<person>/feedback")
def write_feedback(owner: str, assignment_id: int, person: str) -> ViewResponse:
    """Add to the conversation about a hand-in."""
    account, course = _enter(owner)
    form = FeedbackForm()
    done = form.attempt(lambda: feedback.write_feedback(account, course, assignment_id, person, form.text.data))
    if done is None:
        return _person_page(account, course, assignment_id, person, ExtensionForm(None), form), form.status
    return redirect(f"{course.path}/{assignment_id}/people/{person}#feedback")


@blueprint.get("/<int:assignment_id>/hand-ins.zip")
def download(owner: str, assignment_id: int) -> AnyResponse:
    """What everybody handed in, a folder each."""
    account, course = _enter(owner, teaching=True)
    assignment = _find(account, course, assignment_id)
    entrants = table.list_entrants(assignment, course.name)
    answer = Response(archive.stream_hand_ins(assignment, entrants), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{assignment.slug}.zip"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/<int:assignment_id>/states.csv")
def export_states(owner: str, assignment_id: int) -> AnyResponse:
    """Everybody's state, as CSV."""
    account, course = _enter(owner, teaching=True)
    assignment = _find(account, course, assignment_id)
    return _csv(table.states_csv(assignment, course.name, addresses=course.owns), f"{assignment.slug}.csv")


def _enter(owner: str, *, teaching: bool = False) -> tuple[Account, Course]:
    account = require_account()
    return account, course_for(account, owner, teaching=teaching)


def _find(account: Account, course: Course, assignment_id: int) -> Assignment:
    with read_transaction() as session:
        return find_assignment(session, account, course, assignment_id)


def _person_page(
    account: Account, course: Course, assignment_id: int, person: str, more_time: ExtensionForm, message: FeedbackForm
) -> str:
    assignment = _find(account, course, assignment_id)
    if not course.teaches and person.casefold() != account.name.casefold():
        raise AssignmentNotFound
    entrant = table.read_entrant(assignment, course.name, person)
    if entrant is None:
        raise AssignmentNotFound
    written = feedback.list_feedback(entrant.hand_in_id)
    facts = {"course": course, "assignment": assignment, "entrant": entrant}
    facts["written"] = list(zip(written, render_notes([one.text for one in written]), strict=True))
    facts["combined"] = next(iter(table.read_checks([entrant]).values()), None)
    facts["text"] = Markup() if course.teaches else render_note(assignment.text)
    return render_template("courses/person.html", **facts, more_time=more_time, message=message)


def _read_roster(account: Account, course: Course, form: RosterForm, *, done: bool) -> list[roster.Outcome]:
    lines = roster.parse(form.people.data or "")
    return roster.add(account, course, lines) if done else roster.preview(course, lines)


def _csv(text: str, name: str) -> AnyResponse:
    answer = Response(text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
