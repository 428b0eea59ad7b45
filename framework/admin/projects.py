"""`/admin/projects`: what is stored of each project and where; its contents are its people's alone."""

from flask import flash, redirect, render_template, request

from framework.accounts.signin.reauthentication import reauthenticate
from framework.admin import lists
from framework.admin.guard import NoSuchPage, administrators_only
from framework.admin.lists import ListedProject
from framework.admin.requests import read_list_request
from framework.audit.reading import read_entries_of
from framework.projects.lifecycle import operations
from framework.repositories.cache.status import read_status
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

projects = administrators_only("admin_projects", "/admin/projects")


@projects.get("")
def show_all() -> str:
    """All projects, those in the trash, too."""
    asked = read_list_request(request.args)
    choices = {"states": lists.PROJECT_STATES, "orders": lists.PROJECT_ORDERS}
    return render_template("doctor/projects.html", asked=asked, listing=lists.list_projects(asked), **choices)


@projects.get("/<int:project_id>")
def show(project_id: int) -> str:
    """What is stored of one project, and whether that is well."""
    project = _find(project_id)
    return render_template(
        "doctor/project.html",
        project=project,
        status=read_status(project.repository_id),
        usage=read_storage_usage(project.repository_id),
        entries=read_entries_of(project.id).entries,
    )


@projects.post("/<int:project_id>/restore")
def restore(project_id: int) -> ViewResponse:
    """Take the project out of the trash for its owner."""
    _find(project_id)
    check_button()
    full_name = operations.restore_for_owner(project_id, by=reauthenticate().account)
    flash(f"{full_name} is back, just as it was.", "success")
    return redirect(f"/admin/projects/{project_id}")


def _find(project_id: int) -> ListedProject:
    project = lists.find_listed_project(project_id)
    if project is None:
        raise NoSuchPage
    return project
