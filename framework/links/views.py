"""The pages on which a project's owners make, look through and end its links."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.signin.login import current_account, require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.database.types import now
from framework.links import owning
from framework.links.forms import DropOffForm, ExtensionForm, ViewLinkForm, list_time_zones, moment_in
from framework.links.listing import list_links
from framework.links.owning import MadeLink
from framework.links.rules import DropOffChanges
from framework.projects.core.access import ProjectAccess, project_for
from framework.web.answers import ViewResponse
from framework.web.forms import check_button
from framework.web.paging import page_number

blueprint = Blueprint("links", __name__, url_prefix="/<owner>/<project>/settings/links")


@blueprint.get("")
def show_links(owner: str, project: str) -> str:
    """The project's links, and the forms for new ones."""
    return _links_page(_find(owner, project), DropOffForm(None), ViewLinkForm(None))


@blueprint.post("/drop")
def make_drop_off(owner: str, project: str) -> ViewResponse:
    """Make a link to hand in by; its address is on the page that follows, and never again."""
    access = _find(owner, project)
    form = DropOffForm()
    made = form.attempt(lambda: owning.make_drop_off(reauthenticate().account, access, form.wanted()))
    return _links_page(access, DropOffForm(None) if made else form, ViewLinkForm(None), made=made), form.status


@blueprint.post("/view")
def make_view_link(owner: str, project: str) -> ViewResponse:
    """Make a link to look at the project by."""
    access = _find(owner, project)
    form = ViewLinkForm()
    made = form.attempt(lambda: _make_view_link(access, form))
    return _links_page(access, DropOffForm(None), ViewLinkForm(None) if made else form, made=made), form.status


@blueprint.post("/<int:link_id>/revoke")
def revoke(owner: str, project: str, link_id: int) -> AnyResponse:
    """End a link at once."""
    access = _find(owner, project)
    check_button()
    title = owning.revoke_link(require_account(), access, link_id)
    flash(f"The link “{title}” is revoked." if title else "The link is revoked.", "success")
    return redirect(f"{access.path}/settings/links")


@blueprint.get("/<int:link_id>")
def show_drop_off(owner: str, project: str, link_id: int) -> str:
    """Who handed in by a drop-off link, and when."""
    return _drop_off_page(_find(owner, project), link_id, ExtensionForm(None))


@blueprint.post("/<int:link_id>/extend")
def extend(owner: str, project: str, link_id: int) -> ViewResponse:
    """Give one person more time."""
    access = _find(owner, project)
    form = ExtensionForm()
    zone = owning.find_drop_off(access, link_id).time_zone
    account = require_account()
    extended = form.attempt(
        lambda: owning.extend(
            account, access, link_id, email=form.email.data, until=moment_in(form.deadline.data, zone)
        )
    )
    if extended is None:
        return _drop_off_page(access, link_id, form), form.status
    flash(f"{extended.email} has more time now and was notified by e-mail.", "success")
    return redirect(f"{access.path}/settings/links/{link_id}")


@blueprint.post("/<int:link_id>/close")
def close(owner: str, project: str, link_id: int) -> AnyResponse:
    """Take nothing more by the link."""
    return _set_closed(owner, project, link_id, closed=True)


@blueprint.post("/<int:link_id>/open")
def reopen(owner: str, project: str, link_id: int) -> AnyResponse:
    """Take hand-ins by the link again."""
    return _set_closed(owner, project, link_id, closed=False)


def _set_closed(owner: str, project: str, link_id: int, *, closed: bool) -> AnyResponse:
    access = _find(owner, project)
    check_button()
    owning.change_drop_off(require_account(), access, link_id, DropOffChanges(closed=closed))
    flash("Nothing more can be handed in." if closed else "Files can be handed in again.", "success")
    return redirect(f"{access.path}/settings/links/{link_id}")


def _make_view_link(access: ProjectAccess, form: ViewLinkForm) -> MadeLink:
    ends = now() + timedelta(days=int(form.days.data)) if form.days.data else None
    account = reauthenticate().account
    return owning.make_view_link(account, access, title=form.title.data, expires_at=ends, anonymous=form.anonymous.data)


def _links_page(
    access: ProjectAccess, drop_form: DropOffForm, view_form: ViewLinkForm, *, made: MadeLink | None = None
) -> str:
    facts = {"links": list_links(access), "made": made, "time_zones": list_time_zones()}
    forms = {"drop_form": drop_form, "view_form": view_form}
    return render_template("links/links.html", project=access, **facts, **forms)


def _drop_off_page(access: ProjectAccess, link_id: int, form: ExtensionForm) -> str:
    drop_off, page = owning.read_hand_ins(access, link_id, page_number(request.args))
    facts = {"drop_off": drop_off, "page": page, "form": form}
    return render_template("links/hand_ins.html", project=access, **facts)


def _find(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, owning.ROLE)
