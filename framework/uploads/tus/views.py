"""`/api/v1/uploads`: the tus server; for programs with a token, and for the pages' scripts."""

from collections.abc import Callable

from flask import Blueprint, Response, request, url_for

from framework.accounts.core.account import Account, SignInRequired
from framework.accounts.signin.http_auth import account_from_bearer
from framework.accounts.signin.login import current_account
from framework.uploads.tus import appending, protocol, resumable
from framework.web.forms import check_header

blueprint = Blueprint("tus", __name__, url_prefix="/api/v1/uploads")


@blueprint.before_request
def refuse_other_versions() -> None:
    """Every request but the question for versions names its own."""
    if request.method != "OPTIONS":
        protocol.refuse_other_versions(request)


@blueprint.after_request
def name_version(response: Response) -> Response:
    """Every answer names the version."""
    response.headers["Tus-Resumable"] = protocol.VERSION
    return response


@blueprint.route("", methods=["OPTIONS"])
@blueprint.route("/<upload_id>", methods=["OPTIONS"])
def describe_server(upload_id: str = "") -> Response:
    """What this server can do; anybody may ask."""
    return Response(status=204, headers=protocol.server_headers())


@blueprint.route("", methods=["POST"], provide_automatic_options=False)
def create() -> Response:
    """Begin an upload, with its first bytes when the request has some."""
    account = _uploader()
    size_bytes = protocol.size_of(request, "Upload-Length")
    info, name = protocol.info_of(request)
    upload = resumable.create_upload(account, size_bytes=size_bytes, info=info, name=name)
    offset_bytes = _append(upload, 0) if request.mimetype == protocol.MEDIA_TYPE else 0
    response = Response(status=201, headers=protocol.progress_headers(upload, offset_bytes))
    response.headers["Location"] = url_for("tus.look", upload_id=upload.id)
    response.autocorrect_location_header = False
    return response


@blueprint.route("/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
def look(upload_id: str) -> Response:
    """Where the upload is."""
    upload = resumable.find_upload(_uploader(), upload_id)
    return Response(status=200, headers=protocol.about_headers(upload))


@blueprint.route("/<upload_id>", methods=["PATCH"], provide_automatic_options=False)
def append(upload_id: str) -> Response:
    """Take more bytes."""
    account = _uploader()
    protocol.refuse_other_media(request)
    offset_bytes = protocol.size_of(request, "Upload-Offset")
    upload = resumable.find_upload(account, upload_id)
    reached = _append(upload, offset_bytes)
    return Response(status=204, headers=protocol.progress_headers(upload, reached))


@blueprint.route("/<upload_id>", methods=["DELETE"], provide_automatic_options=False)
def end(upload_id: str) -> Response:
    """Give the upload up."""
    resumable.end_upload(_uploader(), upload_id)
    return Response(status=204)


@blueprint.route("/<upload_id>", methods=["POST"], provide_automatic_options=False)
def dispatch_override(upload_id: str) -> Response:
    """The same for clients that cannot send other methods than POST."""
    views: dict[str, Callable[[str], Response]] = {"HEAD": look, "PATCH": append, "DELETE": end}
    view = views.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if view is None:
        raise protocol.TusRefused("Send PATCH, HEAD or DELETE, or POST with the header X-HTTP-Method-Override.")
    return view(upload_id)


def _append(upload: resumable.UploadAbout, offset_bytes: int) -> int:
    checksum = protocol.checksum_of(request)
    body = protocol.body_of(request, checksum)
    return appending.append(upload, body, offset_bytes=offset_bytes, checksum=checksum)


def _uploader() -> Account:
    """Who uploads: the bearer of a token that may write, or who is signed in, on one of our own pages.

    Raises:
        SignInRequired, TokenOnlyReads, FormExpired.
    """
    if caller := account_from_bearer(request.authorization):
        caller.refuse_unless_writing()
        return caller.account
    account = None if request.authorization else current_account()
    if account is None:
        raise SignInRequired("Send a token that may write as “Authorization: Bearer …”, or sign in.")
    check_header()
    return account
