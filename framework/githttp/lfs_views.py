"""The addresses that git-lfs asks, below `<project>.git/info/lfs` (git-lfs's docs/api)."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

from flask import Blueprint, Response, g, request

from framework import config
from framework.accounts.signin.tokens import Caller
from framework.errors import HoldfastError
from framework.files import read_chunks
from framework.githttp.permission import SignInNeeded, open_for_reading, open_or_create, read_caller
from framework.githttp.protocol.body import DISCONNECTED
from framework.lfs import receiving
from framework.lfs.batch import NOBODY, UPLOAD, BadBatch, BatchCaller, answer, read_batch, read_object
from framework.lfs.reading import find_object, stream_part
from framework.projects.core.access import ProjectAccess
from framework.web.byte_ranges import serve_range
from framework.web.errors import speak_as

blueprint = Blueprint("lfs", __name__)

MEDIA_TYPE = "application/vnd.git-lfs+json"
ROOT = "/<owner>/<project>.git/info/lfs"


class LocksUnsupported(HoldfastError):
    """File locking is not offered; git-lfs goes on without when it is told so."""

    status = 501

    def __init__(self) -> None:
        super().__init__(
            "Holdfast has no file locks; anyone with write access can change any file, and Git keeps both versions."
        )


@blueprint.post(f"{ROOT}/objects/batch")
def batch(owner: str, project: str) -> Response:
    """Where objects are to be sent to or fetched from."""
    asked, caller = read_batch(_document()), _caller()
    access = _open_or_create(owner, project) if asked.operation == UPLOAD else _open_for_reading(owner, project)
    here = f"{config.current().base_url}{access.path}.git/info/lfs/objects"
    asking = BatchCaller(caller.account.id, request.headers["Authorization"]) if caller else NOBODY
    return _json(answer(access, asked, lambda name: f"{here}/{name}", asking), headers={"Cache-Control": "no-store"})


@blueprint.post(f"{ROOT}/objects/verify")
def verify(owner: str, project: str) -> Response:
    """Whether an object has arrived as it was announced; from then on a push may refer to it."""
    sent = read_object(_document())
    receiving.verify(_open_or_create(owner, project).repository_id, sent, _account_id())
    return _json({})


@blueprint.put(f"{ROOT}/objects/<oid>")
def receive(owner: str, project: str, oid: str) -> Response:
    """An object's bytes, streamed to the disk and then to the object store."""
    access = _open_or_create(owner, project)
    request.max_content_length = sys.maxsize  # counted while it is read
    receiving.receive(access.repository_id, oid, _body(), _account_id())
    return _json({})


@blueprint.get(f"{ROOT}/objects/<oid>")
def send(owner: str, project: str, oid: str) -> Response:
    """An object's bytes, or a part of them."""
    access = _open_for_reading(owner, project)
    found = find_object(access.repository_id, oid, _account_id())
    response = serve_range(
        request, found.size_bytes, oid, lambda start, length: stream_part(access.repository_id, found, start, length)
    )
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["Content-Disposition"] = "attachment"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@blueprint.route(f"{ROOT}/locks", methods=["GET", "POST"])
@blueprint.post(f"{ROOT}/locks/verify", endpoint="verify_locks")
@blueprint.post(f"{ROOT}/locks/<lock>/unlock", endpoint="unlock")
def locks(owner: str, project: str, lock: str = "") -> Response:
    """There are none."""
    if _caller() is None:
        raise SignInNeeded
    raise LocksUnsupported


def _show_error(status: int, sentence: str, headers: Mapping[str, str]) -> Response:
    """As git-lfs shows it."""
    return _json({"message": sentence}, status, headers)


speak_as(blueprint.name, _show_error)


def _document() -> Any:
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise BadBatch("its body is no JSON") from error


def _body() -> Iterator[bytes]:
    """The body as it comes; one that breaks off ends, and is found to be too short."""
    try:
        yield from read_chunks(request.stream)
    except DISCONNECTED:
        return


def _caller() -> Caller | None:
    """Who asks; a password is checked once for a request."""
    if "lfs_caller" not in g:
        g.lfs_caller = read_caller(request)
    return cast("Caller | None", g.lfs_caller)


def _account_id() -> int | None:
    caller = _caller()
    return caller.account.id if caller else None


def _open_for_reading(owner: str, project: str) -> ProjectAccess:
    return open_for_reading(_caller(), owner, project)


def _open_or_create(owner: str, project: str) -> ProjectAccess:
    """The project that a push is about to go to: objects are sent first, so it is created here where it is missing."""
    caller = _caller()
    if caller is None:
        raise SignInNeeded
    return open_or_create(caller, owner, project)


def _json(document: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(document), status, headers, content_type=MEDIA_TYPE)
