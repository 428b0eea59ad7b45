"""What every answer has: security headers, our own host over https alone, and redirects to our own paths."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address, ip_network
from urllib.parse import quote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, abort, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from framework import config
from framework.database.types import now
from framework.errors import Invalid

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
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in ("camera", "microphone", "geolocation", "payment", "usb", "serial", "midi", "display-capture")
    ),
}
TWO_YEARS_SECONDS = 63_072_000
PROBES = {"/healthz", "/readyz", "/metrics"}
"""What balancers and monitoring ask a process itself, by its address and over plain HTTP."""
CONTACT_LASTS = timedelta(days=180)


class UnknownHost(Invalid):
    """The request names another host than the one that this deployment is."""

    def __init__(self) -> None:
        super().__init__(f"This server answers at {config.current().base_url} only.")


class TrustedProxies:
    """Believes X-Forwarded-For and X-Forwarded-Proto from these peers; from anybody else they are just headers."""

    def __init__(self, application: WSGIApplication, allowed: str) -> None:
        self._plain, self._forwarded = application, ProxyFix(application, x_for=1, x_proto=1, x_host=0)
        everybody = ("0.0.0.0/0", "::/0")
        self._networks = [ip_network(word) for word in (everybody if allowed == "*" else allowed.split(","))]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        application = self._forwarded if self._trusts(environ.get("REMOTE_ADDR", "")) else self._plain
        return application(environ, start_response)

    def _trusts(self, peer: str) -> bool:
        """A peer without an address came through a socket file, which the file's owner opened for it."""
        if not peer:
            return True
        address = ip_address(peer)
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)


def register(app: Flask) -> None:
    """Send the headers with every answer; believe the proxies that the configuration names about the client."""
    app.before_request(_refuse_other_hosts)
    app.before_request(_lead_to_https)
    app.before_request(_refuse_nul)
    app.after_request(_add_headers)
    app.after_request(_lead_to_own_host)
    app.add_url_rule("/.well-known/security.txt", view_func=security_contact)
    if allowed := config.current().forwarded_allow_ips:
        app.wsgi_app = TrustedProxies(app.wsgi_app, allowed)  # type: ignore[method-assign]


def cookie_name(name: str) -> str:
    """The name of a cookie; over https it says that no other host, and no page without TLS, can have set it."""
    return f"__Host-{name}" if config.current().is_https else name


def security_contact() -> Response:
    """Whom to tell of a weakness (RFC 9116)."""
    settings = config.current()
    contact = settings.security_contact or f"mailto:{parseaddr(settings.mail_from)[1]}"
    lines = (
        f"Contact: {contact}",
        f"Expires: {now() + CONTACT_LASTS:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def own_path(target: str | None) -> str | None:
    """The target when it is a path on this site, else None; browsers take `//` for another host."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return None
    return None if any(ord(character) < 33 or ord(character) == 127 for character in target) else target


def _refuse_other_hosts() -> None:
    """At home people come by any name of the machine; in production a name that is not ours is a mistake or a trick."""
    if not config.current().production or request.path in PROBES:
        return
    if _host_name(request.host) != _host_name(urlsplit(config.current().base_url).netloc):
        raise UnknownHost


def _lead_to_https() -> AnyResponse | None:
    """A proxy that says https and is not believed (FORWARDED_ALLOW_IPS) would be led here again and again."""
    if not (config.current().production and config.current().is_https) or request.path in PROBES:
        return None
    if request.scheme != "http" or request.headers.get("X-Forwarded-Proto") == "https":
        return None
    path = quote(request.environ["PATH_INFO"].encode("latin-1"))
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    kept = request.method in {"GET", "HEAD"}
    return redirect(f"{config.current().base_url}{path}{query}", 301 if kept else 308)


def _lead_to_own_host(response: Response) -> Response:
    """Werkzeug's own redirects, to an address without double slashes, repeat the host that the client has named."""
    if (place := response.location) and place.startswith(request.host_url):
        response.location = "/" + place.removeprefix(request.host_url).lstrip("/")
    return response


def _host_name(host: str) -> str:
    return re.sub(r":\d*$", "", host.rpartition("@")[2]).lower().rstrip(".")


def _refuse_nul() -> None:
    """Neither git nor PostgreSQL takes a NUL in any text, so nothing is called so."""
    if "\0" in request.path:
        abort(404)
    if request.query_string and any("\0" in name + value for name, value in request.args.items(multi=True)):
        abort(404)


def _add_headers(response: Response) -> Response:
    given = {name.lower() for name, _value in response.headers}
    for name, value in _list_headers():
        if name.lower() not in given:
            response.headers.add(name, value)
    return response


def _list_headers() -> Iterator[tuple[str, str]]:
    yield from HEADERS.items()
    if config.current().is_https:
        names = "; includeSubDomains" if config.current().hsts_subdomains else ""
        yield "Strict-Transport-Security", f"max-age={TWO_YEARS_SECONDS}{names}"
    if request.endpoint != "static":
        yield "Cache-Control", "private, no-cache"
