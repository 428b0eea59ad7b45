"""A project's links for people without an account; for owners and maintainers."""

from flask import Blueprint, Response

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import answer, no_content
from framework.api.bodies import LinkBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.links import Link, NewLink
from framework.links import owning
from framework.links.owning import MadeLink
from framework.links.rules import WantedDropOff
from framework.projects.core.access import ProjectAccess, project_for

links = Blueprint("links", __name__, url_prefix="/projects/<owner>/<project>/links")


@links.get("")
@describe(Call({200: [Link]}, needs="admin"))
def list_links(owner: str, project: str) -> Response:
    """The project's links that have not ended, the newest first."""
    access = project_for(callers.administrator(), owner, project, owning.ROLE)
    return answer([Link.of(about) for about in owning.list_links(access)])


@links.post("")
@describe(Call({201: NewLink}, needs="admin", body=LinkBody, refusals=(409,)))
def make_link(owner: str, project: str) -> Response:
    """Make a link to look at the project, or to hand in files; its address is in this answer only."""
    account = callers.administrator()
    access = project_for(account, owner, project, owning.ROLE)
    made = _make(account, access, read_body(LinkBody))
    return answer(NewLink(id=made.id, url=made.url), 201)


@links.delete("/<int:link_id>")
@describe(Call({204: None}, needs="admin"))
def revoke_link(owner: str, project: str, link_id: int) -> Response:
    """End a link at once; what was handed in by it stays."""
    account = callers.administrator()
    owning.revoke_link(account, project_for(account, owner, project, owning.ROLE), link_id)
    return no_content()


def _make(account: Account, access: ProjectAccess, body: LinkBody) -> MadeLink:
    if body.kind == "view":
        return owning.make_view_link(
            account, access, title=body.title, expires_at=body.expires_at, anonymous=body.anonymous
        )
    wanted = WantedDropOff(
        title=body.title,
        folder=body.folder,
        text=body.text,
        deadline=body.deadline,
        types=" ".join(body.types),
        max_file_bytes=body.max_file_bytes,
        max_total_bytes=body.max_total_bytes,
        expires_at=body.expires_at,
    )
    return owning.make_drop_off(account, access, wanted)
