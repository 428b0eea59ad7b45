"""The addresses that git itself asks (gitprotocol-http(5))."""

import sys
from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from framework import config
from framework.gitcore.pkt_line import Received
from framework.githttp.fetch import bundles, fetching
from framework.githttp.permission import (
    SignInNeeded,
    create_for_push,
    find_for_push,
    open_for_push,
    open_for_reading,
    read_caller,
)
from framework.githttp.protocol.body import PushBody, spool
from framework.githttp.protocol.commands import advertise_for_push, read_request
from framework.githttp.push import pushing
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import note_visit
from framework.web.answers import stream_response
from framework.web.errors import problem, speak_as, wants_json

blueprint = Blueprint("git", __name__)

UPLOAD_PACK, RECEIVE_PACK = "git-upload-pack", "git-receive-pack"
NO_CACHE = {"Cache_Control": "no-cache, max-age=0, must-revalidate", "Pragma": "no-cache"}


@blueprint.get("/<owner>/<project>.git")
def show_project(owner: str, project: str) -> AnyResponse:
    """Lead a browser that opened the clone address to the project's page."""
    return redirect(url_for("browse.show_project", owner=owner, project=project))


@blueprint.get("/<owner>/<project>.git/bundle")
def send_bundle(owner: str, project: str) -> AnyResponse:
    """What `git clone --bundle-uri` downloads first."""
    return bundles.send(_readable(owner, project).repository_id)


@blueprint.get("/<owner>/<project>.git/info/refs")
@blueprint.get("/<owner>/<project>/info/refs")
def advertise_refs(owner: str, project: str) -> AnyResponse:
    """The refs, as the first request of a clone, fetch or push asks for them."""
    service = request.args.get("service", "")
    if service == RECEIVE_PACK:
        return _advertise_for_push(owner, project)
    access = _readable(owner, project)
    if service != UPLOAD_PACK:
        return Response("Use a git that speaks the smart protocol over HTTP.\n", 403, mimetype="text/plain")
    protocol = request.headers.get("Git-Protocol", "")
    note_visit(access)
    return stream_response(
        fetching.advertise(access.repository_id, protocol, _bundles(access)),
        Content_Type=f"application/x-{service}-advertisement",
        **NO_CACHE,
    )


@blueprint.post("/<owner>/<project>.git/git-upload-pack")
@blueprint.post("/<owner>/<project>/git-upload-pack")
def upload_pack(owner: str, project: str) -> AnyResponse:
    """One round of a clone or fetch; the pack is streamed."""
    access = _readable(owner, project)
    request.max_content_length = sys.maxsize  # counted while it is read, inflated
    return stream_response(_fetch(access), Content_Type=f"application/x-{UPLOAD_PACK}-result", **NO_CACHE)


@blueprint.post("/<owner>/<project>.git/git-receive-pack")
@blueprint.post("/<owner>/<project>/git-receive-pack")
def receive_pack(owner: str, project: str) -> AnyResponse:
    """A push; its body of one flush packet alone is git's question whether it may."""
    caller = read_caller(request)
    if caller is None:
        raise SignInNeeded
    access = find_for_push(caller, owner, project)
    request.max_content_length = sys.maxsize  # counted while it is read, inflated
    encoding = request.headers.get("Content-Encoding", "")
    body = PushBody(request.stream, encoding, config.current().max_push_bytes, request.content_length)
    received = Received(body.chunks())
    asked = read_request(received)
    if not asked.commands:
        open_for_push(caller, owner, project)
        return _result(iter([b""]))
    access = access or create_for_push(caller, project)
    return _result(pushing.receive(pushing.Push(access, caller.account, asked, body, received)))


def _show_error(status: int, sentence: str, headers: Mapping[str, str]) -> Response:
    """Plain text, which git shows."""
    if wants_json():
        return problem(status, sentence, headers)
    return Response(f"{sentence}\n", status, headers, mimetype="text/plain")


speak_as(blueprint.name, _show_error)


def _advertise_for_push(owner: str, project: str) -> AnyResponse:
    caller = read_caller(request)
    if caller is None:
        raise SignInNeeded
    access = open_for_push(caller, owner, project)
    refs = advertise_for_push(access.repository_id if access else None)
    return stream_response(refs, Content_Type=f"application/x-{RECEIVE_PACK}-advertisement", **NO_CACHE)


def _result(chunks: Iterator[bytes]) -> AnyResponse:
    return stream_response(chunks, Content_Type=f"application/x-{RECEIVE_PACK}-result", **NO_CACHE)


def _fetch(access: ProjectAccess) -> Iterator[bytes]:
    note_visit(access)
    encoding = request.headers.get("Content-Encoding", "")
    protocol = request.headers.get("Git-Protocol", "")
    with spool(request.stream, encoding) as body:
        settings = _bundles(access) if fetching.asks_for_bundles(body) else {}
        yield from fetching.serve(access.repository_id, protocol, body, settings)


def _bundles(access: ProjectAccess) -> dict[str, str]:
    return bundles.settings_for(access.repository_id, f"{config.current().base_url}{access.path}.git/bundle")


def _readable(owner: str, project: str) -> ProjectAccess:
    return open_for_reading(read_caller(request), owner, project)
