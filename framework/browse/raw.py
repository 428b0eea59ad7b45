"""A file's bytes as an answer, for the browser and for programs alike."""

from collections.abc import Iterator
from contextlib import ExitStack

from flask import request
from werkzeug.wrappers import Response

from framework.browse.content import raw_headers
from framework.browse.pages import RawFile, raw_file
from framework.lfs.reading import part
from framework.projects.access import ProjectAccess
from framework.repositories.change import StoredLfs
from framework.repositories.healing import healing_after, hold_copy
from framework.repositories.reading import split_ref
from framework.web.ranges import ranged
from framework.web.streaming import streamed


def raw_answer(access: ProjectAccess, place: str) -> Response:
    """The file at `ref/path`, streamed; `?download` in the request's address hands it out as a download.

    One in Git LFS can be asked for in parts.

    Raises:
        RefAbsent, PathAbsent, FolderHasNoBytes.
    """
    raw, held = hold_copy(access.repository_id, lambda copy: raw_file(copy, *split_ref(copy, place)))
    response = _from_lfs(access, raw.stored, held) if raw.stored else _from_git(access, raw, held)
    response.headers.update(raw_headers(raw.path, raw.media, download="download" in request.args))
    return response.make_conditional(request)


def _from_git(access: ProjectAccess, raw: RawFile, held: ExitStack) -> Response:
    response = streamed(healing_after(access.repository_id, _sent(raw, held)))
    response.content_length = raw.blob.size_bytes
    response.set_etag(raw.blob.sha)
    return response


def _from_lfs(access: ProjectAccess, stored: StoredLfs, held: ExitStack) -> Response:
    """The copy has told where the object is, and is not needed any more."""
    held.close()
    return ranged(
        request, stored.size_bytes, stored.oid, lambda start, length: part(access.repository_id, stored, start, length)
    )


def _sent(raw: RawFile, open_until_sent: ExitStack) -> Iterator[bytes]:
    with open_until_sent:
        yield raw.head
        yield from raw.blob.chunks
