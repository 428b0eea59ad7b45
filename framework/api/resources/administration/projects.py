"""`/admin/projects`: what is stored of each project and where; its contents are its people's alone."""

from flask import Response

from framework.admin import lists
from framework.admin.guard import NoSuchPage
from framework.admin.lists import ListedProject
from framework.api.answers import answer
from framework.api.calls import Call, describe
from framework.api.documents.administration import AdministeredProject, ListedProjectAnswer
from framework.api.paging import links
from framework.api.resources.administration.access import administrators_only, current_administrator
from framework.api.resources.administration.lists import describe_list, read_list
from framework.projects.lifecycle import operations
from framework.repositories.cache.status import read_status
from framework.repositories.catalog.storage_usage import read_storage_usage

projects = administrators_only("admin_projects", "/projects")

CHOICES = (lists.PROJECT_STATES, lists.PROJECT_ORDERS)
SEARCH = describe_list("the name, or of an owner with `owner/`", *CHOICES)


@projects.get("")
@describe(Call({200: [ListedProjectAnswer]}, needs="administrator", query=SEARCH))
def list_all_projects() -> Response:
    """All projects, those in the trash, too."""
    asked = read_list(*CHOICES)
    listing = lists.list_projects(asked)
    told = [ListedProjectAnswer.of(project) for project in listing.rows]
    return answer(told, headers=links(asked.page, more=listing.more))


@projects.get("/<int:project_id>")
@describe(Call({200: AdministeredProject}, needs="administrator"))
def show_any_project(project_id: int) -> Response:
    """What is stored of one project, and whether that is well."""
    return _show(project_id)


@projects.post("/<int:project_id>/restore")
@describe(Call({200: AdministeredProject}, needs="administrator", refusals=(409,)))
def restore_for_owner(project_id: int) -> Response:
    """Take a project out of the trash for its owner."""
    _find(project_id)
    operations.restore_for_owner(project_id, by=current_administrator())
    return _show(project_id)


def _show(project_id: int) -> Response:
    project = _find(project_id)
    status, usage = read_status(project.repository_id), read_storage_usage(project.repository_id)
    return answer(AdministeredProject.about(project, status, usage))


def _find(project_id: int) -> ListedProject:
    project = lists.find_listed_project(project_id)
    if project is None:
        raise NoSuchPage
    return project
