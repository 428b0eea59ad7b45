"""The addresses that git itself asks (gitprotocol-http(5))."""

from collections.abc import Iterator

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.basic import account_from_basic
from framework.errors import NotFound
from framework.git import fetching
from framework.git.body import spooled
from framework.projects.access import ProjectAccess, project_for
from framework.web.streaming import streamed

blueprint = Blueprint("git", __name__)

UPLOAD_PACK = "git-upload-pack"
NO_CACHE = {"Cache_Control": "no-cache, max-age=0, must-revalidate", "Pragma": "no-cache"}
PUSH_REFUSED = "This server takes changes in the browser; pushing with git is not open here.\n"


@blueprint.get("/<owner>/<project>.git")
def show_project(owner: str, project: str) -> AnyResponse:
    """Lead a browser that opened the clone address to the project's page."""
    return redirect(f"/{owner}/{project}")


@blueprint.get("/<owner>/<project>.git/info/refs")
@blueprint.get("/<owner>/<project>/info/refs")
def advertise_refs(owner: str, project: str) -> AnyResponse:
    """The refs, as the first request of a clone or fetch asks for them."""
    service = request.args.get("service", "")
    access = _readable(owner, project)
    if access is None:
        return _ask_for_password()
    if service != UPLOAD_PACK:
        return Response(PUSH_REFUSED, 403, mimetype="text/plain")
    protocol = request.headers.get("Git-Protocol", "")
    return streamed(
        fetching.advertise(access.repository_id, protocol),
        Content_Type=f"application/x-{service}-advertisement",
        **NO_CACHE,
    )


@blueprint.post("/<owner>/<project>.git/git-upload-pack")
@blueprint.post("/<owner>/<project>/git-upload-pack")
def upload_pack(owner: str, project: str) -> AnyResponse:
    """One round of a clone or fetch; the pack is streamed."""
    access = _readable(owner, project)
    if access is None:
        return _ask_for_password()
    request.max_content_length = None  # counted while it is read, inflated
    return streamed(_fetch(access), Content_Type=f"application/x-{UPLOAD_PACK}-result", **NO_CACHE)


def _fetch(access: ProjectAccess) -> Iterator[bytes]:
    encoding = request.headers.get("Content-Encoding", "")
    protocol = request.headers.get("Git-Protocol", "")
    with spooled(request.stream, encoding) as body:
        yield from fetching.serve(access.repository_id, protocol, body)


def _readable(owner: str, project: str) -> ProjectAccess | None:
    """The project, or None when a password may help: for a private one and a missing one alike."""
    caller = account_from_basic(request.authorization)
    try:
        return project_for(caller.account if caller else None, owner, project)
    except NotFound:
        if caller:
            raise
        return None


def _ask_for_password() -> Response:
    return Response(
        "This project is private or does not exist. Sign in with your user name and a token or your password.\n",
        401,
        {"WWW-Authenticate": 'Basic realm="Holdfast", charset="UTF-8"'},
        mimetype="text/plain",
    )
