"""The addresses that git-lfs asks, below `<project>.git/info/lfs` (git-lfs's docs/api)."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected

from framework import config
from framework.accounts.basic import account_from_basic
from framework.accounts.tokens import Caller
from framework.errors import HoldfastError
from framework.git.body import CHUNK_BYTES, drain
from framework.git.permission import PasswordNeeded, pushed_to, readable
from framework.lfs import receiving
from framework.lfs.batch import UPLOAD, BadBatch, answer, read_batch, read_object
from framework.lfs.reading import find_object, part
from framework.projects.access import ProjectAccess
from framework.web.ranges import ranged

blueprint = Blueprint("lfs", __name__)

MEDIA_TYPE = "application/vnd.git-lfs+json"
ROOT = "/<owner>/<project>.git/info/lfs"
MAX_UNREAD_BYTES = 64 << 20


class LocksUnsupported(HoldfastError):
    """File locking is not offered; git-lfs goes on without when it is told so."""

    status = 501

    def __init__(self) -> None:
        super().__init__("Holdfast has no file locks; everybody may change every file, and Git keeps both versions.")


@blueprint.post(f"{ROOT}/objects/batch")
def batch(owner: str, project: str) -> Response:
    """Where objects are to be sent to or fetched from."""
    asked = read_batch(_document())
    access = _written(owner, project) if asked.operation == UPLOAD else _read(owner, project)
    here = f"{config.current().base_url}{access.path}.git/info/lfs/objects"
    return _json(answer(access, asked, lambda name: f"{here}/{name}"))


@blueprint.post(f"{ROOT}/objects/verify")
def verify(owner: str, project: str) -> Response:
    """Whether an object has arrived as it was announced; from then on a push may refer to it."""
    sent = read_object(_document())
    receiving.verify(_written(owner, project).repository_id, sent)
    return _json({})


@blueprint.put(f"{ROOT}/objects/<oid>")
def receive(owner: str, project: str, oid: str) -> Response:
    """An object's bytes, streamed to the disk and then to the object store."""
    access = _written(owner, project)
    request.max_content_length = sys.maxsize  # counted while it is read
    receiving.receive(access.repository_id, oid, _body())
    drain(request.environ["wsgi.input"], MAX_UNREAD_BYTES)
    return _json({})


@blueprint.get(f"{ROOT}/objects/<oid>")
def send(owner: str, project: str, oid: str) -> Response:
    """An object's bytes, or a part of them."""
    access = _read(owner, project)
    found = find_object(access.repository_id, oid)
    response = ranged(
        request, found.size_bytes, oid, lambda start, length: part(access.repository_id, found, start, length)
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
        raise PasswordNeeded
    raise LocksUnsupported


@blueprint.errorhandler(HoldfastError)
def show_refusal(error: HoldfastError) -> Response:
    """A refusal as git-lfs shows it; the body is read, or the client would not see the answer."""
    if request.method in {"POST", "PUT"}:
        drain(request.environ["wsgi.input"], MAX_UNREAD_BYTES)
    return _json({"message": error.sentence}, error.status, error.headers)


def _document() -> Any:
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise BadBatch("its body is no JSON") from error


def _body() -> Iterator[bytes]:
    """The body as it comes; one that breaks off ends, and is found to be too short."""
    try:
        while chunk := request.stream.read(CHUNK_BYTES):
            yield chunk
    except (OSError, ClientDisconnected):
        return


def _caller() -> Caller | None:
    return account_from_basic(request.authorization)


def _read(owner: str, project: str) -> ProjectAccess:
    return readable(_caller(), owner, project)


def _written(owner: str, project: str) -> ProjectAccess:
    """The project that a push is about to go to: objects are sent first, so it is created here where it is missing."""
    caller = _caller()
    if caller is None:
        raise PasswordNeeded
    return pushed_to(caller, owner, project)


def _json(document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(document), status, headers, content_type=MEDIA_TYPE)
