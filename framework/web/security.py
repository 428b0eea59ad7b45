"""Security headers on every answer, redirects to our own paths only, and addresses that nothing can have refused."""

from flask import Flask, Response, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from framework import config

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
TWO_YEARS_SECONDS = 63_072_000
LARGEST_NUMBER = (1 << 31) - 1


class RowNumber(IntegerConverter):
    """The number of a row in an address; a larger one than any row's leads nowhere."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=LARGEST_NUMBER)


def register(app: Flask) -> None:
    """Send the headers with every answer; trust the router's headers in production, where there is one."""
    app.before_request(_refuse_nul)
    app.after_request(_add_headers)
    app.url_map.converters["int"] = RowNumber
    if config.current().production:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]


def own_path(target: str | None) -> str | None:
    """The target when it is a path on this site, else None; browsers take `//` for another host."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return None
    return None if any(ord(character) < 33 or ord(character) == 127 for character in target) else target


def _refuse_nul() -> None:
    """Neither git nor PostgreSQL takes a NUL in any text, so nothing is called so."""
    texts = [request.path, *request.args.keys(), *(value for values in request.args.listvalues() for value in values)]
    if any("\0" in text for text in texts):
        abort(404)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if config.current().base_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", f"max-age={TWO_YEARS_SECONDS}")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
