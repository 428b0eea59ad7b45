"""A project's links for people without an account; for owners and maintainers."""

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import answer, no_content
from framework.api.bodies import read_body
from framework.api.calls import Call, describe
from framework.api.documents.links import Extension, HandIn, Link, NewLink
from framework.api.link_bodies import ExtensionBody, LinkBody, LinkChanges
from framework.api.paging import PAGE_NUMBER, page_number
from framework.api.paging import links as page_links
from framework.browse.archives.planning import plan_archive
from framework.browse.archives.streaming import stream_archive
from framework.links import listing, owning
from framework.links.owning import MadeLink
from framework.links.rules import DropOffChanges, WantedDropOff
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.visits import read_project
from framework.repositories.cache.repair import heal_after
from framework.web.answers import stream_response

links = Blueprint("links", __name__, url_prefix="/projects/<owner>/<project>/links")


@links.get("")
@describe(Call({200: [Link]}, needs="admin"))
def list_links(owner: str, project: str) -> Response:
    """The project's links that have not ended, the newest first."""
    access = project_for(callers.administrator(), owner, project, owning.ROLE)
    return answer([Link.of(about) for about in listing.list_links(access)])


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


@links.patch("/<int:link_id>")
@describe(Call({200: Link}, needs="admin", body=LinkChanges))
def change_link(owner: str, project: str, link_id: int) -> Response:
    """Close or reopen a drop-off link, or give it another deadline; what is left out stays."""
    account = callers.administrator()
    access = project_for(account, owner, project, owning.ROLE)
    body = read_body(LinkChanges)
    endless = "deadline" in body.model_fields_set and body.deadline is None
    changes = DropOffChanges(body.closed, body.deadline, endless, body.time_zone)
    owning.change_drop_off(account, access, link_id, changes)
    return answer(Link.of(listing.find_link(access, link_id)))


@links.post("/<int:link_id>/extensions")
@describe(Call({201: Extension}, needs="admin", body=ExtensionBody))
def extend_link(owner: str, project: str, link_id: int) -> Response:
    """Give one person more time, by a mail with a link of their own."""
    account = callers.administrator()
    access = project_for(account, owner, project, owning.ROLE)
    body = read_body(ExtensionBody)
    extended = owning.extend(account, access, link_id, email=body.email, until=body.until)
    return answer(Extension(id=extended.id, email=extended.email, until=body.until), 201)


@links.get("/<int:link_id>/hand-ins")
@describe(Call({200: [HandIn]}, needs="admin", query=PAGE_NUMBER))
def list_hand_ins(owner: str, project: str, link_id: int) -> Response:
    """Who handed in by a drop-off link or was given more time, in the order of their folders."""
    access = project_for(callers.administrator(), owner, project, owning.ROLE)
    _drop_off, page = owning.read_hand_ins(access, link_id, page_number())
    told = [HandIn.of(one) for one in page.hand_ins]
    return answer(told, headers=page_links(page.number, more=page.more))


@links.get("/<int:link_id>/hand-ins.zip")
@describe(Call({200: "*/*"}, needs="admin"))
def download_hand_ins(owner: str, project: str, link_id: int) -> AnyResponse:
    """The folder of a drop-off link as ZIP, a folder for each person; 404 while it is empty."""
    access = project_for(callers.administrator(), owner, project, owning.ROLE)
    drop_off = owning.find_drop_off(access, link_id)
    branch = access.default_branch

    archive = read_project(access, lambda copy: plan_archive(copy, branch, drop_off.folder, everything=True))
    stream = stream_archive(access.repository_id, archive, form="zip", name="hand-ins")
    return stream_response(
        heal_after(access.repository_id, stream),
        Content_Type="application/zip",
        Content_Disposition="attachment; filename=hand-ins.zip",
    )


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
        time_zone=body.time_zone,
        types=" ".join(body.types),
        max_file_bytes=body.max_file_bytes,
        max_total_bytes=body.max_total_bytes,
        expires_at=body.expires_at,
    )
    return owning.make_drop_off(account, access, wanted)
