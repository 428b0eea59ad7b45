"""Looking at a project by a view-only link."""

from dataclasses import dataclass

from framework.accounts.core.credentials import digest
from framework.database.session import read_transaction
from framework.errors import NotFound
from framework.projects.core import links
from framework.projects.core.access import ProjectAccess, ProjectNotFound, read_linked_project


class ViewLinkAbsent(NotFound):
    """There is no such link: it never was, was revoked, has expired, or its project is gone; told alike."""

    def __init__(self) -> None:
        super().__init__("This link leads nowhere, or has ended. Ask whoever gave it to you for a new one.")


@dataclass(frozen=True)
class ViewLink:
    """A view-only link that lives, and its project."""

    id: int
    digest: str
    title: str
    anonymous: bool
    project: ProjectAccess


def open_view_link(token: str) -> ViewLink:
    """The view-only link of this token; its use is noted.

    Raises:
        ViewLinkAbsent.
    """
    with read_transaction() as session:
        link = links.find_link(session, token, links.VIEW)
        if link is None:
            raise ViewLinkAbsent
        try:
            project = read_linked_project(session, link.project_id)
        except ProjectNotFound as error:
            raise ViewLinkAbsent from error
    links.note_use(link.id)
    return ViewLink(link.id, digest(token), link.title, link.anonymous, project)
