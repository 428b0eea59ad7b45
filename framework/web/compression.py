"""Compressed answers, each with an ETag (RFC 9110, section 8.8.3): static files, and pages that hold no secret.

A page that has a secret and repeats what the address says is never compressed: whoever can make a browser ask, and sees
how long the answers are, guesses the secret letter by letter (BREACH). Pages of who is signed in have a form's token,
and what only they may read.
"""

from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask_compress import Compress
from werkzeug.security import safe_join

from framework.lru import LRUCache

SMALLEST_BYTES = 1000
REMEMBERED_PAGES, LONGEST_REMEMBERED_BYTES = 128, 1 << 15
CONDITIONS = frozenset(f"HTTP_IF_{name}" for name in ("NONE_MATCH", "MODIFIED_SINCE", "MATCH", "UNMODIFIED_SINCE"))
KINDS = ["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"]

_pages, _files = Compress(), Compress()


class Kept:
    """The compressed static files, which are made once by each process."""

    def __init__(self) -> None:
        self._bytes: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """What was kept under this key."""
        return self._bytes.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Keep it; there are no more keys than files, unless those change while we run."""
        self._bytes[key] = value


class _CompressedPages:
    """The pages that were compressed last, by the tag that tells one page from each other, and their encoding."""

    def __init__(self) -> None:
        self._pages: LRUCache[str, bytes | None] = LRUCache(REMEMBERED_PAGES)

    def get(self, key: str) -> bytes | None:
        return self._pages.get(key, None)

    def set(self, key: str, value: bytes) -> None:
        if len(value) <= LONGEST_REMEMBERED_BYTES:
            self._pages.put(key, value)


def register(app: Flask) -> None:
    """Compress what may be, after everything else has been done to an answer."""
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_STREAMS=False,
        COMPRESS_MIMETYPES=KINDS,
        COMPRESS_MIN_SIZE=SMALLEST_BYTES,
    )
    for part in (_pages, _files):
        part.init_app(app)
    _files.cache, _files.cache_key = Kept(), _file_key
    _pages.cache, _pages.cache_key = _CompressedPages(), lambda _request: g.page_tag
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.status_code != 200 or request.method not in {"GET", "HEAD"} or response.mimetype not in KINDS:
        return response
    if request.endpoint == "static":
        _read_whole(response)
        return _files.after_request(response)
    if response.is_streamed or response.direct_passthrough or not _holds_no_secret(response):
        return response
    response.add_etag(weak=True)  # the same for each encoding of the same page
    g.page_tag = response.headers["ETag"]
    compressed = _pages.after_request(response)
    if not CONDITIONS.isdisjoint(request.environ):
        compressed.make_conditional(request)
    return compressed


def _read_whole(response: Response) -> None:
    """A file that is sent has no length that the library knows; it is closed here, since it is not sent any more."""
    file: Any = response.response
    response.direct_passthrough = False
    response.get_data()
    file.close()


def _holds_no_secret(response: Response) -> bool:
    """Whether the answer would be the same to anybody: nobody is known, and no form or link is this person's own."""
    is_known = "HTTP_COOKIE" in request.environ or "HTTP_AUTHORIZATION" in request.environ
    has_secret = "csrf_token" in g or session.modified or "Set-Cookie" in response.headers
    return not (is_known or has_secret or "token" in (request.view_args or {}))


def _file_key(_request: object) -> str:
    """A static file's name and when it was changed, not the address: that may have any query."""
    path = safe_join(str(current_app.static_folder), (request.view_args or {})["filename"])
    assert path
    return f"{path} {Path(path).stat().st_mtime_ns}"
