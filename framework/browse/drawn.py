"""Pictures and subtitles as browsers show them, as answers."""

from collections.abc import Callable

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from framework.browse.render.media.subtitles import ENDINGS
from framework.browse.render.pictures import LARGE, OF_LENGTH, SMALL, NotDrawn, draw
from framework.browse.render.rendering import SubtitlesUnreadable, subtitle_film
from framework.lfs.reading import find_content
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import Entry

LASTS_SECONDS = 7 * 86_400
NO_THUMBNAIL = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 -12 48 36" fill="none" stroke="#8b8f8d">'
    '<path d="M2 3h12v10H2zM2.25 11.5 6 8l2.5 2.5L10.5 9l3.25 3M10.75 6.25h.01M1 15 15 1"/></svg>'
)
"""What a tile has in place of a picture that cannot be drawn."""
HEADERS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


def send_picture(access: ProjectAccess, find_entry: Callable[[Copy], Entry]) -> AnyResponse:
    """The picture that `find_entry` finds, as WebP; `?size=small` is its thumbnail.

    An address that has the start of the blob's name, as `?of=`, means the same picture for ever: browsers keep it.

    Raises:
        What `find_entry` raises. BusyDrawing. NotDrawn: not for a thumbnail, in whose place a sign is sent.
    """
    longest = SMALL if request.args.get("size") == "small" else LARGE
    try:
        return _send(access, find_entry, longest)
    except NotDrawn:
        if longest == SMALL:
            return Response(NO_THUMBNAIL, content_type="image/svg+xml", headers=HEADERS)
        raise


def _send(access: ProjectAccess, find_entry: Callable[[Copy], Entry], longest: int) -> AnyResponse:

    def read(copy: Copy) -> tuple[str, bytes | None]:
        entry = find_entry(copy)
        if request.if_none_match.contains(f"{entry.sha}-{longest}"):
            return entry.sha, None
        return entry.sha, draw(access.repository_id, entry, find_content(copy, entry.sha).blob, longest)

    sha, drawn = read_project(access, read)
    answer = Response(drawn or b"", status=200 if drawn else 304, content_type="image/webp", headers=HEADERS)
    answer.set_etag(f"{sha}-{longest}")
    if request.args.get("of") == sha[:OF_LENGTH]:
        answer.headers["Cache-Control"] = f"private, max-age={LASTS_SECONDS}, immutable"
    return answer


def send_subtitles(access: ProjectAccess, find_entry: Callable[[Copy], Entry]) -> Response:
    """The subtitles that `find_entry` finds, as WebVTT.

    Raises:
        What `find_entry` raises. SubtitlesUnreadable, BusyConverting.
    """

    def read(copy: Copy) -> str:
        entry = find_entry(copy)
        if entry.kind != "blob" or not entry.name.lower().endswith(ENDINGS):
            raise SubtitlesUnreadable
        return subtitle_film(access.repository_id, find_content(copy, entry.sha).blob)

    return Response(read_project(access, read), content_type="text/vtt; charset=utf-8", headers=HEADERS)
