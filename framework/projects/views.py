"""Pages that list and create projects: start page, explore, profiles, the new project and the trash."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from framework import config
from framework.accounts.login import current_account, signed_in
from framework.projects import lists, operations
from framework.projects.activity import activity_around
from framework.projects.forms import NewProjectForm
from framework.web.forms import check_button

projects = Blueprint("projects", __name__)

LONGEST_QUERY = 200

Answer = Response | tuple[str, int]


@projects.get("/")
def home() -> str:
    """What this is, for visitors; the dashboard for who is signed in."""
    account = current_account()
    if account is None:
        return render_template("projects/landing.html")
    listing = lists.projects_of(account, _page())
    return render_template("projects/dashboard.html", listing=listing, events=activity_around(account)[:12])


@projects.get("/explore")
def explore() -> str:
    """Public projects; what the viewer may see of those that `?q=` finds by name, description or topic."""
    viewer, query = current_account(), request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    listing = lists.search(viewer, query, page=_page()) if query else lists.explore(viewer, _page())
    return render_template("projects/explore.html", listing=listing, query=query)


@projects.get("/<owner>")
def profile(owner: str) -> str:
    """A person's projects, as far as the viewer may see them."""
    viewer = current_account()
    person = lists.person(owner)
    listing = lists.projects_owned(person, viewer, _page())
    return render_template("projects/profile.html", person=person, listing=listing)


@projects.route("/new", methods=["GET", "POST"])
def new() -> Answer:
    """A new project."""
    account = signed_in()
    form = NewProjectForm()
    project = form.attempt(
        lambda: operations.create_project(
            account, name=form.name.data, description=form.description.data, visibility=form.visibility.data
        )
    )
    if project is None:
        return render_template("projects/new.html", form=form), form.status
    return redirect(project.path)


@projects.get("/trash")
def trash() -> str:
    """Deleted projects, each with a way back."""
    listing, days = lists.trashed_projects(signed_in(), _page()), config.current().trash_days
    return render_template("projects/trash.html", listing=listing, trash_days=days, trash_time=timedelta(days=days))


@projects.post("/trash/<int:project_id>/restore")
def restore(project_id: int) -> Answer:
    """Take a project out of the trash."""
    account = signed_in()
    check_button()
    path = operations.restore_project(account, project_id)
    flash("The project is back, just as it was.", "success")
    return redirect(path)


def _page() -> int:
    """The number of the page that is asked for; what is no number is the first."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1
