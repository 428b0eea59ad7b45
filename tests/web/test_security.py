"""Security headers, and redirects to our own paths only."""

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from framework.application import create_app
from framework.config import Config
from framework.projects.access import ProjectAccess
from framework.web.security import own_path
from tests.cast import Visitor, on_one_deployment


@on_one_deployment
@pytest.mark.parametrize("address", ["/", "/login", "/nobody/nothing", "/static/base.css", "/api/nothing"])
def test_it_sends_the_headers_with_every_answer(app: Flask, address: str) -> None:
    with app.test_client().get(address) as answer:
        headers = answer.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@on_one_deployment
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


@on_one_deployment
@pytest.mark.parametrize("path", ["/%0A/x", "/%5Cevil.example/x", "/a/b%3Fc%23d"])
def test_it_leads_from_a_clone_address_to_the_same_name(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"{path}.git").location == path


def test_it_finds_nothing_under_a_number_that_no_row_has(visitor: Visitor) -> None:
    assert visitor.client.post("/inbox/99999999999999999999/read").status_code == 404
    assert visitor.client.post("/inbox/2147483647/read").status_code == 302


@on_one_deployment
def test_it_asks_browsers_to_stay_with_https(settings: Config) -> None:
    secure = create_app(replace(settings, base_url="https://holdfast.example"))
    assert "max-age" in secure.test_client().get("/").headers["Strict-Transport-Security"]
    plain = create_app(settings)
    assert "Strict-Transport-Security" not in plain.test_client().get("/").headers


@on_one_deployment
def test_it_believes_a_router_only_in_production(settings: Config) -> None:
    assert not isinstance(create_app(replace(settings, production=False)).wsgi_app, ProxyFix)
    assert isinstance(create_app(replace(settings, production=True)).wsgi_app, ProxyFix)


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
