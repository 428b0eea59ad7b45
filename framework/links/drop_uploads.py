"""Resumable uploads of whoever hands in: the tus protocol below the address of a drop-off link or a personal one."""

from dataclasses import replace

from flask import Blueprint, Response, request, session

from framework.accounts.core import budgets
from framework.database.session import read_transaction
from framework.links.drop.drop_offs import DropOffClosed, OpenDropOff
from framework.links.drop.opening import open_page
from framework.links.drop.room import count_room
from framework.projects.models import Project
from framework.repositories import object_keys
from framework.uploads.tus import appending, protocol, resumable
from framework.uploads.tus.resumable import Stranger
from framework.web.forms import check_header

blueprint = Blueprint("drop_uploads", __name__, url_prefix="/drop")
KEY = "hand_in"


@blueprint.before_request
def refuse_others() -> None:
    """Only this version of the protocol, and only from a page of our own."""
    check_header()
    protocol.refuse_other_versions(request)


@blueprint.after_request
def name_version(response: Response) -> Response:
    """Every answer names the version."""
    response.headers["Tus-Resumable"] = protocol.VERSION
    return response


@blueprint.route("/<token>/uploads", methods=["POST"], provide_automatic_options=False)
@blueprint.route("/mine/<token>/uploads", methods=["POST"], provide_automatic_options=False)
def create(token: str) -> Response:
    """Begin an upload, with its first bytes when the request has some."""
    drop_off, mine = open_page(token)
    if closed := drop_off.reason_closed(mine.extended_until if mine else None):
        raise DropOffClosed(closed)
    size_bytes = protocol.size_of(request, "Upload-Length")
    info, name = protocol.info_of(request)
    if problem := drop_off.problem_of(name, size_bytes) if size_bytes > drop_off.max_file_bytes else None:
        raise resumable.FileTooLarge(problem)
    network = budgets.network_of(request.remote_addr or "")
    budgets.spend_now(f"drop-uploads:{drop_off.id}:{network}", f"drop-uploads-link:{drop_off.id}")
    stranger = replace(find_stranger(drop_off), room_bytes=count_room(drop_off))
    upload = resumable.create_upload(stranger, size_bytes=size_bytes, info=info, name=name)
    offset_bytes = _append(upload, 0) if request.mimetype == protocol.MEDIA_TYPE else 0
    response = Response(status=201, headers=protocol.progress_headers(upload, offset_bytes))
    response.headers["Location"] = f"{request.path}/{upload.id}"
    response.autocorrect_location_header = False
    return response


@blueprint.route("/<token>/uploads/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
@blueprint.route("/mine/<token>/uploads/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
def look(token: str, upload_id: str) -> Response:
    """Where the upload is."""
    return Response(status=200, headers=protocol.about_headers(_find(token, upload_id)))


@blueprint.route("/<token>/uploads/<upload_id>", methods=["PATCH"], provide_automatic_options=False)
@blueprint.route("/mine/<token>/uploads/<upload_id>", methods=["PATCH"], provide_automatic_options=False)
def append(token: str, upload_id: str) -> Response:
    """Take more bytes."""
    protocol.refuse_other_media(request)
    offset_bytes = protocol.size_of(request, "Upload-Offset")
    upload = _find(token, upload_id)
    reached = _append(upload, offset_bytes)
    return Response(status=204, headers=protocol.progress_headers(upload, reached))


@blueprint.route("/<token>/uploads/<upload_id>", methods=["DELETE"], provide_automatic_options=False)
@blueprint.route("/mine/<token>/uploads/<upload_id>", methods=["DELETE"], provide_automatic_options=False)
def end(token: str, upload_id: str) -> Response:
    """Give the upload up."""
    resumable.end_upload(find_stranger(open_page(token)[0]), upload_id)
    return Response(status=204)


def begin_uploading() -> None:
    """Give this browser what its uploads are told by, before any is begun."""
    session.setdefault(KEY, object_keys.new_id())


def find_stranger(drop_off: OpenDropOff) -> Stranger:
    """Who uploads from this browser to the drop-off; the project's owner answers for it.

    What a browser holds that never opened the page is found again by nobody.
    """
    with read_transaction() as reading:
        owner_id = reading.get_one(Project, drop_off.project.id).owner_id
    return Stranger(owner_id, f"drop-{drop_off.id}", session.get(KEY, object_keys.new_id()), drop_off.room_bytes)


def _find(token: str, upload_id: str) -> resumable.UploadAbout:
    return resumable.find_upload(find_stranger(open_page(token)[0]), upload_id)


def _append(upload: resumable.UploadAbout, offset_bytes: int) -> int:
    checksum = protocol.checksum_of(request)
    body = protocol.body_of(request, checksum)
    return appending.append(upload, body, offset_bytes=offset_bytes, checksum=checksum)
