"""Moments and sizes in words, static files by content, and names that are ours."""

from datetime import timedelta

import pytest
from flask import Flask

from framework.database.types import now
from framework.formatting import format_age, format_size, show_unseen
from framework.web.reserved import list_reserved_for_people, list_reserved_for_projects
from tests.cast import Visitor


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=29), "29 days ago"),
    ],
)
def test_it_tells_how_long_ago(passed: timedelta, words: str) -> None:
    moment = now()
    assert format_age(moment - passed, since=moment) == words


def test_it_tells_the_date_of_what_is_long_ago() -> None:
    moment = now().replace(year=2021, month=3, day=4)
    assert format_age(moment) == "4 Mar 2021"


def test_it_tells_the_date_of_what_has_yet_to_come() -> None:
    assert format_age(now().replace(year=9999, month=12, day=31)) == "31 Dec 9999"


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (10_219, "10 KiB"),
        (104857600, "100 MiB"),
        (1073741823, "1 GiB"),
        (5 * 1024**4, "5 TiB"),
    ],
)
def test_it_tells_sizes_as_people_do(size_bytes: int, words: str) -> None:
    assert format_size(size_bytes) == words


def test_it_names_static_files_by_their_content(app: Flask, visitor: Visitor) -> None:
    with app.test_request_context():
        address = app.url_for("static", filename="base.css")
    assert "?v=" in address
    with visitor.get(address) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_it_reserves_the_beginning_of_every_address(app: Flask) -> None:
    with app.app_context():
        people, projects = list_reserved_for_people(), list_reserved_for_projects()
    firsts = {rule.rule.split("/")[1].lower() for rule in app.url_map.iter_rules()}
    assert {first for first in firsts if first and "<" not in first} <= people
    assert {"login", "api", "static", "settings", "explore", "new", "trash", "admin"} <= people
    assert "settings" in projects


def test_it_leads_back_from_the_login_page(visitor: Visitor) -> None:
    assert 'href="/login?next=/explore%3Fpage%3D2"' in visitor.get("/explore?page=2").text
    assert 'href="/login"' in visitor.get("/").text


@pytest.mark.parametrize(
    ("name", "shown"), [("Icon\r", "Icon\\r"), ("a\x07b", "a\\x07b"), ("caf\udce9", "caf\\xe9"), ("é\u202e", "é\u202e")]
)
def test_it_shows_what_cannot_be_seen(name: str, shown: str) -> None:
    assert show_unseen(name) == shown
