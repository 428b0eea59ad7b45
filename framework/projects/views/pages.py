"""Pages that list and create projects: start page, explore, profiles, the new project and the trash."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request

from framework import config
from framework.accounts.core.validation import NAME_LENGTH
from framework.accounts.lifecycle import student
from framework.accounts.signin.login import current_account, require_account, require_session
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.core import queries
from framework.projects.core.access import ProjectAccess
from framework.projects.core.creators import list_creating_owners
from framework.projects.lifecycle import deletion, operations
from framework.projects.members import invitations
from framework.projects.members.usage import list_own_trash, usage_of
from framework.projects.notify.activity import activity_in
from framework.projects.views.forms import ConfirmationForm, ConfirmNameForm, NewProjectForm
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm, check_button
from framework.web.paging import page_number

projects = Blueprint("projects", __name__)

LONGEST_QUERY = 200
NEWS = 12


@projects.get("/")
def home() -> str:
    """What this is, for visitors; the dashboard for who is signed in."""
    account = current_account()
    if account is None:
        return render_template("projects/landing.html")
    listing = queries.list_projects_of(account, page_number(request.args))
    changed_last = listing if listing.number == 1 else queries.list_projects_of(account)
    events = activity_in([project.id for project in changed_last.projects[:NEWS]], NEWS)  # each change is an event
    return render_template("projects/dashboard.html", listing=listing, events=events)


@projects.get("/explore")
def explore() -> str:
    """Public projects; what the viewer may see of those that `?q=` finds by name, description or topic."""
    viewer, query = current_account(), request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    listing = (
        queries.search(viewer, query, page=page_number(request.args))
        if query
        else queries.explore(viewer, page_number(request.args))
    )
    return render_template("projects/explore.html", listing=listing, query=query)


@projects.route("/new", methods=["GET", "POST"])
def new() -> ViewResponse:
    """A new project."""
    account = require_account()
    form = NewProjectForm(data={"owner": request.args.get("owner", "")[:NAME_LENGTH]})
    form.owner.choices = list_creating_owners(account)
    project = form.attempt(
        lambda: operations.create_project(
            account,
            name=form.name.data,
            description=form.description.data,
            visibility=form.visibility.data,
            owner=form.owner.data or "",
        )
    )
    if project is None:
        templates = queries.list_templates(account)
        return render_template("projects/new.html", form=form, templates=templates), form.status
    return redirect(project.path)


@projects.get("/trash")
def trash() -> str:
    """Deleted projects, each with a way back."""
    account, days = require_account(), config.current().trash_days
    listing, used = queries.list_trash(account, page_number(request.args)), usage_of(account, length=1)
    return render_template(
        "projects/trash.html", listing=listing, trash_days=days, trash_time=timedelta(days=days), usage=used
    )


@projects.post("/trash/<int:project_id>/restore")
def restore(project_id: int) -> ViewResponse:
    """Take a project out of the trash."""
    account = require_account()
    check_button()
    path = operations.restore_project(account, project_id)
    flash("The project is back, just as it was.", "success")
    return redirect(path)


@projects.route("/trash/<int:project_id>/delete", methods=["GET", "POST"])
def delete_for_good(project_id: int) -> ViewResponse:
    """Delete a project that is in the trash for good; asks for its name first."""
    account = require_account()
    project = operations.open_trashed_project(account, project_id)
    form = ConfirmationForm()
    name = form.attempt(lambda: _delete_for_good(project, form))
    if name is None:
        return render_template("projects/delete.html", form=form, project=project), form.status
    flash(f"{name} was deleted for good.", "success")
    return redirect("/trash")


@projects.route("/trash/empty", methods=["GET", "POST"])
def empty_trash() -> ViewResponse:
    """Delete for good what is in the trash and one's own; shows first what that is."""
    account = require_account()
    form = ConfirmNameForm()
    count = form.attempt(lambda: _empty_trash(form))
    if count is None:
        facts = {"form": form, "deleting": list_own_trash(account), "name": account.name}
        return render_template("projects/delete.html", **facts), form.status
    flash(f"{count:,} project{'' if count == 1 else 's'} deleted for good.", "success")
    return redirect("/trash")


@projects.get("/settings/usage")
def usage() -> str:
    """What the person's projects hold, what takes the room, and how to free some."""
    usage = usage_of(require_account(), page_number(request.args))
    held, settings = usage.held, config.current()
    shown = {"file_bytes": held.plan.limit_file(settings.max_file_bytes), "students": bool(settings.academic_domains)}
    return render_template("accounts/usage.html", usage=usage, held=held, plan=held.plan, **shown)


@projects.post("/settings/usage/confirm")
def confirm_again() -> ViewResponse:
    """Send the link that renews the student plan."""
    account = require_account()
    check_button()
    link = student.send_renewal_link(account.id)
    if link.sent:
        flash(f"A link to confirm the address is on its way to {link.email}.", "success")
    else:
        flash(f"Several mails were sent to {link.email} lately. Try again in a while.", "warning")
    return redirect("/settings/usage")


@projects.route("/invitations/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ViewResponse:
    """What the link in an invitation's mail leads to; whoever is signed in can accept it."""
    pending = invitations.read_invitation(token)
    form = PageForm()
    path = form.attempt(lambda: invitations.accept(require_session(), token))
    if path is None:
        return render_template("projects/invitation.html", form=form, invitation=pending), form.status
    flash(f"You were added to {pending.project}.", "success")
    return redirect(path)


def _empty_trash(form: ConfirmNameForm) -> int:
    return deletion.empty_trash_of(reauthenticate().account, confirmation=form.confirmation.data)


def _delete_for_good(project: ProjectAccess, form: ConfirmationForm) -> str:
    account = reauthenticate().account
    return deletion.delete_from_trash(account, project, confirmation=form.confirmation.data)
