"""The trash: projects that the caller can restore, or delete for good to free room at once."""

from flask import Blueprint, Response

from framework.api import callers
from framework.api.answers import answer, no_content
from framework.api.bodies import DeletionBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.projects import Project, TrashedProject
from framework.api.paging import PAGE_NUMBER, links, page_number
from framework.projects.core import queries
from framework.projects.core.access import project_for
from framework.projects.lifecycle import deletion, operations

trash = Blueprint("trash", __name__, url_prefix="/trash")


@trash.get("")
@describe(Call({200: [TrashedProject]}, needs="admin", query=PAGE_NUMBER))
def list_trash() -> Response:
    """The projects in the trash that the caller owns, also through a group, the latest first."""
    listing = queries.list_trash(callers.administrator(), page_number())
    told = [TrashedProject.of(project) for project in listing.projects]
    return answer(told, headers=links(listing.number, more=listing.more))


@trash.post("/<int:project_id>/restore")
@describe(Call({200: Project}, needs="admin"))
def restore_project(project_id: int) -> Response:
    """Take a project out of the trash, just as it was."""
    account = callers.administrator()
    owner, _slash, name = operations.restore_project(account, project_id).strip("/").partition("/")
    return answer(Project.of(project_for(account, owner, name)))


@trash.delete("/<int:project_id>")
@describe(Call({204: None}, needs="admin", body=DeletionBody, refusals=(409,)))
def delete_for_good(project_id: int) -> Response:
    """Delete a project in the trash for good, with every version, which frees its room at once."""
    account = callers.administrator()
    project = operations.open_trashed_project(account, project_id)
    deletion.delete_from_trash(account, project, confirmation=read_body(DeletionBody).name)
    return no_content()
