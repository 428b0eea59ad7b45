"""What the web server answers by itself: to what is no HTTP as it reads it; and that it does not say what it is."""

import json
import logging
import re
from html import escape
from socket import socket

from gunicorn.http.wsgi import Response
from gunicorn.util import write_nonblock

from framework.observability import request_id
from framework.web.errors import PROBLEM_JSON, SENTENCES, TITLES, problem_body, with_retry_after
from framework.web.server.connections import Head

log = logging.getLogger(__name__)

_LFS = re.compile(rb"/[^/]+/[^/]+/info/lfs/")
_GIT = re.compile(rb"/[^/]+/[^/]+/(info/refs|git-upload-pack|git-receive-pack)$")

_SHEETS = "".join(f'<link rel="stylesheet" href="/static/{name}.css">' for name in ("tokens", "base", "components"))
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Holdfast</title>{sheets}</head>
<body><header class="topbar"><div class="wrap"><a class="wordmark" href="/">Holdfast</a></div></header>
<main id="content"><div class="wrap"><div class="empty error-page">
<p class="error-status numbers">{status}</p><h1>{title}</h1><p>{sentence}</p>
<p class="muted small">Request <code>{reference}</code></p>
<div class="row"><a class="button button-primary" href="/">Go to home page</a></div>
</div></div></main></body></html>
"""
_HEAD = (
    "HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: {media_type}\r\n"
    "Content-Length: {size}\r\nX-Content-Type-Options: nosniff\r\nX-Request-ID: {reference}\r\n{more}\r\n"
)


def write_error(client: socket, status: int, reason: str, _message: str) -> None:
    """Send the page for this status; in the place of `gunicorn.util.write_error`, whose page echoes the request."""
    refuse(client, status, reason, None)


def refuse(client: socket, status: int, reason: str, head: Head | None) -> None:
    """Send this status as the client of a request reads it: a page, or what its program understands.

    Git shows plain text, git-lfs a `message`, and programs read problem+json (RFC 9457).
    """
    reference = request_id.begin(None)
    log.info("Answered %d %s to what no thread has seen", status, reason)
    request_id.follow(None)
    sentence = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])
    media_type, body = _render_body(status, reason, sentence, reference, head)
    more = "".join(f"{name}: {value}\r\n" for name, value in with_retry_after(status, {}).items())
    facts = {"status": status, "reason": reason, "size": len(body), "media_type": media_type, "more": more}
    write_nonblock(client, _HEAD.format(**facts, reference=reference).encode() + body)


def _render_body(status: int, reason: str, sentence: str, reference: str, head: Head | None) -> tuple[str, bytes]:
    if head and _LFS.match(head.path):
        return "application/vnd.git-lfs+json", json.dumps({"message": sentence, "request_id": reference}).encode()
    if head and (head.wants_json or head.path.startswith(b"/api/")):
        return PROBLEM_JSON, json.dumps(problem_body(status, sentence, request_id=reference)).encode()
    if head and _GIT.match(head.path):
        return "text/plain; charset=utf-8", f"{sentence}\n".encode()
    facts = {"status": status, "title": escape(TITLES.get(status, reason)), "sentence": escape(sentence)}
    return "text/html; charset=utf-8", _PAGE.format(**facts, sheets=_SHEETS, reference=reference).encode()


def hide_server() -> None:
    """Have answers carry no `Server`, which tells nobody but attackers anything."""
    named = Response.default_headers
    Response.default_headers = lambda self: [line for line in named(self) if not line.startswith("Server:")]
