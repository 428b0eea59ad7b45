"""Security headers, and redirects to our own paths only."""

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from framework.application import create_app
from framework.config import Config
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
