"""A file's bytes as an answer, for the browser and for programs alike."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain

from flask import request
from werkzeug.wrappers import Response

from framework.browse.pages import RawFile, open_raw_file
from framework.browse.places import fallback_link
from framework.browse.render.content import raw_headers
from framework.lfs.reading import stream_part
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import hold_project
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import heal_after
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.history.refs import split_ref
from framework.web.byte_ranges import serve_range


def send_raw(access: ProjectAccess, place: str) -> Response:
    """The file at `ref/path`, or the range of it that is asked for, streamed; `?download` hands it out as a download.

    A range is as sure as the whole: its end is sent when all of the file was read and found to be right.
    Its time is that of the version it is taken from: the file is as old, or older.

    Raises:
        RefAbsent, PathAbsent, FolderHasNoBytes, RangeAbsent.
    """
    return send_opened(access, lambda copy: _find(access, copy, place))


def send_opened(access: ProjectAccess, act: Callable[[Copy], RawFile]) -> Response:
    """The same of the file that `act` opens in the project's copy."""
    raw, held = hold_project(access, act)
    response = _from_lfs(access, raw.stored, held) if raw.stored else _from_git(access, raw, held)
    response.headers.update(raw_headers(raw.path, raw.media, download="download" in request.args))
    if access.visibility == "public":  # a figure may be shown by another site, as any public picture
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.last_modified = raw.committed_at
    return response.make_conditional(request)


def _find(access: ProjectAccess, copy: Copy, place: str) -> RawFile:
    with fallback_link(access, copy, place):
        return open_raw_file(copy, *split_ref(copy, place))


def _from_git(access: ProjectAccess, raw: RawFile, held: ExitStack) -> Response:
    def read(start: int, length: int) -> Iterator[bytes]:
        return heal_after(access.repository_id, _part(raw, held.pop_all(), start, length))

    with held:
        return serve_range(request, raw.blob.size_bytes, raw.blob.sha, read)


def _from_lfs(access: ProjectAccess, stored: StoredLfs, held: ExitStack) -> Response:
    """The copy has told where the object is, and is not needed any more."""
    held.close()
    return serve_range(
        request,
        stored.size_bytes,
        stored.oid,
        lambda start, length: stream_part(access.repository_id, stored, start, length),
    )


def _part(raw: RawFile, open_until_sent: ExitStack, start: int, length: int) -> Iterator[bytes]:
    """So many bytes of the file, the last of them only when all of the file was read and has the blob's name."""
    held, position = b"", 0
    with open_until_sent:
        for chunk in chain([raw.head], raw.blob.chunks):
            wanted = chunk[max(0, start - position) : max(0, start + length - position)]
            position += len(chunk)
            if wanted and held:
                yield held
            held = wanted or held
        yield held
