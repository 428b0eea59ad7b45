"""Recorded pages: their gaps, their place on the disk, and tags that know when an age is no longer right."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, Response, render_template_string
from hypothesis import given
from hypothesis import strategies as some

from framework import config
from framework.config import Config
from framework.formatting import age_lasts_until, format_age
from framework.web.remembered import store
from framework.web.remembered.recording import AGE, TOKEN, Gap, Recorded, record
from framework.web.remembered.validator import find_confirmed, tag_page

KEY = "0" * 64
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
gaps = some.builds(Gap, some.sampled_from((AGE, TOKEN)), some.text())


@given(some.lists(some.one_of(some.binary(), gaps)))
def test_what_was_dumped_is_loaded(parts: list[bytes | Gap]) -> None:
    assert Recorded.load(Recorded(parts).dump()).parts == parts


@given(some.integers(-3 * 86_400, 40 * 86_400), some.integers(0, 999_999))
def test_an_age_lasts_until_another_is_told(seconds: int, microseconds: int) -> None:
    since = MOMENT + timedelta(seconds=seconds, microseconds=microseconds)
    end = age_lasts_until(MOMENT, since)
    told = format_age(MOMENT, since)
    if end is None:
        assert format_age(MOMENT, since + timedelta(days=4000)) == told
    else:
        assert since <= end
        assert format_age(MOMENT, max(since, end - timedelta(microseconds=1))) == told
        assert format_age(MOMENT, end + timedelta(microseconds=1)) != told


def test_a_page_keeps_what_looks_like_a_gap(app: Flask) -> None:
    with app.test_request_context():
        with record() as recording:
            shown = "0:0; {0} :0;"
            html = render_template_string("{{ shown }}|{{ csrf_token() }}|{{ csrf_token() }}", shown=shown)
        recorded = recording.cut(html)
    assert recorded.parts == [b"0:0; {0} :0;|", Gap(TOKEN), b"|", Gap(TOKEN), b""]
    assert recorded.fill({TOKEN: lambda _value: "t"}) == b"0:0; {0} :0;|t|t"


def test_a_date_leaves_no_gap(app: Flask) -> None:
    with app.test_request_context():
        with record() as recording:
            html = render_template_string("{{ old | ago }}, {{ new | ago }}", old=MOMENT, new=datetime.now(UTC))
        recorded = recording.cut(html)
    assert recorded.parts[0] == b"1 Mar 2026, "
    assert len(recorded.moments) == 1


@pytest.mark.parametrize(
    ("names", "confirmed"),
    [
        ('W/"page.0"', "page.0"),
        ('"page.0"', "page.0"),
        ('W/"other.0", W/"page.99999999999"', "page.99999999999"),
        ('W/"page.1"', None),
        ('W/"other.0"', None),
        ('W/"page"', None),
        ('W/"page.x"', None),
        ("*", None),
        ("", None),
    ],
)
def test_a_tag_holds_until_its_end(app: Flask, names: str, confirmed: str | None) -> None:
    with app.test_request_context(headers={"If-None-Match": names}):
        assert find_confirmed("page") == confirmed


def test_a_page_is_tagged_with_the_first_end(app: Flask) -> None:
    now = datetime.now(UTC)
    with app.test_request_context():
        old = tag_page(Response(), "page", [MOMENT - timedelta(days=900)])
        new = tag_page(Response(), "page", [now - timedelta(days=3), now - timedelta(minutes=7)])
    assert old.headers["ETag"] == 'W/"page.0"'
    end = int(new.get_etag()[0].rpartition(".")[2])  # type: ignore[union-attr]
    assert 0 < end - now.timestamp() + 1 <= 61


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a deployment of its own keeps its pages."""
    monkeypatch.setattr(config, "_current", Config.from_environment({"HOLDFAST_DATA": str(tmp_path)}))
    return tmp_path / "pages"


def test_an_entry_is_found_until_it_is_too_old(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.find(KEY) is None
    store.keep(KEY, b"page")
    assert store.find(KEY) == b"page"
    monkeypatch.setattr(store, "LASTS_SECONDS", -1)
    assert store.find(KEY) is None
    store.keep("01", b"another")
    assert list((folder / "0").iterdir()) == []


def test_what_is_too_old_is_deleted_though_nobody_comes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.delete_old()
    store.keep("0a", b"page")
    store.keep("1b", b"page")
    store.delete_old()
    assert store.find("0a") == store.find("1b") == b"page"
    monkeypatch.setattr(store, "LASTS_SECONDS", -1)
    store.delete_old()
    assert list(folder.glob("*/*")) == []


def test_the_oldest_entries_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_BYTES", store.FOLDERS * 10_000)
    for number in range(30):
        store.keep(f"0{number}", bytes(1000))
    assert sum(entry.stat().st_size for entry in (folder / "0").iterdir()) <= 10_000
    assert store.find("029") == bytes(1000)
    assert store.find("00") is None


def test_what_is_too_long_or_does_not_fit_on_the_disk_is_not_kept(folder: Path) -> None:
    store.keep(KEY, bytes(store.LONGEST_BYTES + 1))
    assert not folder.exists()
    folder.write_bytes(b"in the way")
    store.keep(KEY, b"page")
    assert store.find(KEY) is None
