"""The address of a view-only link."""

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from framework.links.looking import open_view_link
from framework.projects.core import links

blueprint = Blueprint("view_links", __name__, url_prefix="/l")


@blueprint.after_request
def keep_link_secret(response: Response) -> Response:
    """Whoever has the address may look, so it is told to no other site, kept in no cache and in no search engine."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/<token>")
def open_link(token: str) -> AnyResponse:
    """Let this browser look at the project, and lead to its page."""
    link = open_view_link(token)
    links.show(link.digest)
    return redirect(link.project.path)
