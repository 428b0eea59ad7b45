"""Security headers, and redirects to our own paths only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import requests
from flask import Flask, request
from flask.testing import FlaskClient

from framework.accounts.core.account import Account
from framework.application import create_app
from framework.config import Config
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.web.security import own_path
from tests.cast import PASSWORD, Visitor, csrf_token
from tests.servers.application.gunicorn import LiveServer
from tests.servers.processes import HANG_SECONDS


@pytest.mark.parametrize("address", ["/", "/login", "/nobody/nothing", "/static/base.css", "/api/nothing"])
def test_it_sends_the_headers_with_every_answer(app: Flask, address: str) -> None:
    with app.test_client().get(address) as answer:
        headers = answer.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_it_needs_no_inline_script_or_style(visitor: Visitor) -> None:
    for address in ("/", "/login", "/signup", "/explore", "/nothing/here"):
        page = visitor.get(address).text
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count("<script src=")


@pytest.mark.parametrize("address", ["/explore?q=%00", "/%00/x", "/alice/website/commits/main/%00", "/explore?%00=1"])
def test_it_finds_nothing_at_an_address_with_a_character_that_no_database_takes(
    visitor: Visitor, website: ProjectAccess, address: str
) -> None:
    assert visitor.get(address).status_code == 404


@pytest.mark.parametrize("path", ["/%0A/x", "/%5Cevil.example/x", "/a/b%3Fc%23d"])
def test_it_leads_from_a_clone_address_to_the_same_name(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"{path}.git").location == path


def test_it_finds_nothing_under_a_number_that_no_row_has(visitor: Visitor) -> None:
    assert visitor.client.post("/inbox/99999999999999999999/read").status_code == 404
    assert visitor.client.post("/inbox/2147483647/read").status_code == 302


def test_it_asks_browsers_to_stay_with_https(settings: Config) -> None:
    secure = create_app(replace(settings, base_url="https://holdfast.example"))
    assert "max-age" in secure.test_client().get("/").headers["Strict-Transport-Security"]
    plain = create_app(settings)
    assert "Strict-Transport-Security" not in plain.test_client().get("/").headers


def test_it_asks_them_about_other_hosts_only_when_told(settings: Config) -> None:
    secure = replace(settings, base_url="https://holdfast.example")
    for subdomains in (False, True):
        answer = create_app(replace(secure, hsts_subdomains=subdomains)).test_client().get("/")
        assert ("includeSubDomains" in answer.headers["Strict-Transport-Security"]) == subdomains


@pytest.fixture
def production(settings: Config) -> FlaskClient:
    """A visitor of https://holdfast.example, behind a proxy."""
    secure = replace(settings, base_url="https://holdfast.example", production=True, forwarded_allow_ips="127.0.0.1")
    return create_app(secure).test_client()


@pytest.mark.parametrize("host", ["evil.example", "holdfast.example.evil.example", "evil.example:443", "localhost", ""])
def test_production_answers_its_own_host_alone(production: FlaskClient, host: str) -> None:
    answer = production.get("/login", headers={"Host": host, "X-Forwarded-Proto": "https"})
    assert answer.status_code == 400
    assert "This server answers at https://holdfast.example only." in answer.text


@pytest.mark.parametrize(
    "host", ["holdfast.example", "HOLDFAST.example:443", "holdfast.example.", "holdfast.example:8443"]
)
def test_its_own_host_has_several_spellings(production: FlaskClient, host: str) -> None:
    assert production.get("/login", headers={"Host": host, "X-Forwarded-Proto": "https"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_it_answers_probes_by_its_address(production: FlaskClient, path: str) -> None:
    assert production.get(path, headers={"Host": "10.0.0.7:5000"}).status_code in {200, 401}


def test_production_leads_to_https(production: FlaskClient) -> None:
    here = {"Host": "holdfast.example"}
    answer = production.get("/alice/a%20b%3F/%C3%A9?q=%0D%0A&x=//evil.example", headers=here)
    assert (answer.status_code, answer.location) == (
        301,
        "https://holdfast.example/alice/a%20b%3F/%C3%A9?q=%0D%0A&x=//evil.example",
    )
    assert production.post("/login", headers=here).status_code == 308


def test_it_leads_nobody_round_and_round_whose_proxy_is_not_believed(production: FlaskClient) -> None:
    told = {"Host": "holdfast.example", "X-Forwarded-Proto": "https"}
    assert production.get("/login", headers=told, environ_overrides={"REMOTE_ADDR": "198.51.100.4"}).status_code == 200


@pytest.mark.parametrize("path", ["/alice//website", "/%2Fexplore", "/%2F%2Fevil.example//x"])
def test_no_redirect_repeats_the_host_that_a_client_names(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path, base_url="http://evil.example")
    place = answer.location or "/"
    assert place.startswith("/")
    assert not place.startswith("//")


def test_cookies_over_https_are_bound_to_this_host(settings: Config, alice: Account) -> None:
    client = create_app(replace(settings, base_url="https://holdfast.example")).test_client()
    page = client.get("/login", base_url="https://holdfast.example").text
    fields = {"username": "alice", "password": PASSWORD, "remember": "y", "csrf_token": csrf_token(page)}
    answer = client.post("/login", base_url="https://holdfast.example", data=fields)
    cookies = answer.headers.getlist("Set-Cookie")
    names = sorted(cookie.partition("=")[0] for cookie in cookies)
    assert names == ["__Host-known_browser", "__Host-remember_token", "__Host-session"]
    for cookie in cookies:
        assert "Secure;" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert client.get("/settings", base_url="https://holdfast.example").status_code == 200


@pytest.mark.parametrize(
    ("named", "contact"),
    [(None, "mailto:holdfast@localhost"), ("https://lab.example/bugs", "https://lab.example/bugs")],
)
def test_it_tells_whom_to_tell_of_a_weakness(
    client: FlaskClient, with_settings: Callable[..., Config], named: str | None, contact: str
) -> None:
    with_settings(security_contact=named)
    lines = dict(line.split(": ") for line in client.get("/.well-known/security.txt").text.splitlines())
    assert lines["Contact"] == contact
    assert now() < datetime.fromisoformat(lines["Expires"]) < now() + timedelta(days=365)


def test_the_web_server_does_not_say_what_it_is(live_server: LiveServer) -> None:
    for path in ("/", "/static/base.css", "/nothing/here"):
        assert "Server" not in requests.get(live_server.url + path, timeout=HANG_SECONDS).headers


@pytest.mark.parametrize(
    ("allowed", "peer", "believed"),
    [
        ("", "127.0.0.1", False),
        ("127.0.0.1,::1", "127.0.0.1", True),
        ("127.0.0.1,::1", "::1", True),
        ("127.0.0.1,::1", "::ffff:127.0.0.1", True),
        ("127.0.0.1,::1", "", True),
        ("127.0.0.1,::1", "198.51.100.4", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "127.0.0.1", False),
        ("*", "198.51.100.4", True),
        ("*", "2001:db8::1", True),
    ],
)
def test_it_believes_the_proxies_that_it_is_told(settings: Config, allowed: str, peer: str, believed: bool) -> None:
    app = create_app(replace(settings, forwarded_allow_ips=allowed))
    app.add_url_rule("/peer", view_func=lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    claimed = {"X-Forwarded-For": "192.0.2.1, 203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    answer = app.test_client().get("/peer", headers=claimed, environ_overrides={"REMOTE_ADDR": peer})
    assert answer.text == ("203.0.113.7 https localhost" if believed else f"{peer} http localhost")


@pytest.mark.parametrize("target", ["/", "/alice/website", "/alice?page=2", "/a//b", "/%2F%2Fevil.example"])
def test_it_goes_on_to_our_own_paths(target: str) -> None:
    assert own_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        None,
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "evil",
        "/a\nb",
        "/ /x",
    ],
)
def test_it_goes_nowhere_else(target: str | None) -> None:
    assert own_path(target) is None
