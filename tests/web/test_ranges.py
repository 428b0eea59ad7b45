"""Parts of a file: what is asked for well is answered, the rest gets the whole file or is told its length."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, Request, Response, request
from hypothesis import given
from hypothesis import strategies as st

from framework.web.byte_ranges import RangeAbsent, serve_range

CONTENT = bytes(range(100))
PLACES = st.integers(0, 110) | st.integers(0, 10**20 - 1)
SIZES = st.integers(0, len(CONTENT))
ANY_TEXT = st.text(st.characters(codec="latin-1")) | st.lists(
    st.sampled_from(["bytes", "=", "-", ",", "0", "5", "99", " ", "\t", "9" * 20, "²", "+", "_", "\n"]), max_size=8
).map("".join)


def read(start: int, length: int) -> Iterator[bytes]:
    yield CONTENT[start : start + length]


def ask(app: Flask, size: int = len(CONTENT), **headers: str) -> Response:
    with app.test_request_context(headers={name.replace("_", "-"): text for name, text in headers.items()}):
        return serve_range(request, size, "tag", read)


def get(text: str, size: int, **more: str) -> tuple[int, bytes, str | None]:
    """Status, body and Content-Range of the answer to a request with this Range."""
    asked = Request({"REQUEST_METHOD": "GET", "HTTP_RANGE": text, **more})
    try:
        answer = serve_range(asked, size, "tag", read)
    except RangeAbsent as refusal:
        return refusal.status, b"", refusal.headers["Content-Range"]
    assert answer.content_length == len(answer.data)
    return answer.status_code, answer.data, answer.headers.get("Content-Range")


def by_the_book(size: int, wanted: range | None) -> tuple[int, bytes, str | None]:
    """The same for the bytes at these places (RFC 9110, sections 14.1.2 and 14.4); without any, the whole file."""
    if wanted is None:
        return 200, CONTENT[:size], None
    there = [place for place in range(size) if place in wanted]
    if not there:
        return 416, b"", f"bytes */{size}"
    return 206, bytes(CONTENT[place] for place in there), f"bytes {there[0]}-{there[-1]}/{size}"


@given(PLACES, PLACES, SIZES)
def test_a_part_from_one_place_to_another(first: int, last: int, size: int) -> None:
    wanted = range(first, last + 1) if first <= last else None
    assert get(f"bytes={first}-{last}", size) == by_the_book(size, wanted)


@given(PLACES, SIZES)
def test_a_part_up_to_the_end(first: int, size: int) -> None:
    assert get(f"bytes={first}-", size) == by_the_book(size, range(first, max(first, size) + 1))


@given(PLACES, SIZES)
def test_the_last_so_many_bytes(length: int, size: int) -> None:
    is_empty = length > 0 and not size  # no Content-Range could say so
    assert get(f"bytes=-{length}", size) == by_the_book(size, None if is_empty else range(size - length, size))


@given(ANY_TEXT, SIZES)
def test_any_text_is_one_part_or_the_whole_file(text: str, size: int) -> None:
    status, data, told = get(text, size)
    if status == 206:
        start, end, of = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", told or "").groups())  # type: ignore[union-attr]
        assert (data, of) == (CONTENT[start : end + 1], size)
        assert 0 <= start <= end < size
    elif status == 416:
        assert (data, told) == (b"", f"bytes */{size}")
    else:
        assert (status, data, told) == (200, CONTENT[:size], None)
    assert status == 200 or text.lower().startswith("bytes=")


@given(ANY_TEXT | st.sampled_from(['"tag"', 'W/"tag"', '"tag']))
def test_only_the_tag_of_the_file_proves_that_it_is_the_same(text: str) -> None:
    wanted = range(10) if text == '"tag"' else None
    assert get("bytes=0-9", 100, HTTP_IF_RANGE=text) == by_the_book(100, wanted)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=90-", 90, 100),
        ("bytes=-3", 97, 100),
        ("bytes=95-500", 95, 100),
        ("bytes=5-5", 5, 6),
        ("bytes=-500", 0, 100),
        ("Bytes=0-9", 0, 10),
    ],
)
def test_one_part(app: Flask, asked: str, start: int, end: int) -> None:
    answer = ask(app, Range=asked)
    assert (answer.status_code, answer.data) == (206, CONTENT[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/100"
    assert answer.content_length == end - start


@pytest.mark.parametrize("asked", ["", "bytes=0-1,5-6", "lines=0-1", "bytes=9-1", "bytes=x", "bytes=-", "0-5"])
def test_anything_else_gets_the_whole_file(app: Flask, asked: str) -> None:
    answer = ask(app, Range=asked)
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_part_of_a_file_that_has_changed_is_the_whole_file(app: Flask) -> None:
    assert ask(app, Range="bytes=0-9", If_Range='"tag"').status_code == 206
    assert ask(app, Range="bytes=0-9", If_Range='"older"').status_code == 200
    assert ask(app, Range="bytes=0-9", If_Range='W/"tag"').status_code == 200
    assert ask(app, Range="bytes=0-9", If_Range="").status_code == 200
    assert ask(app, Range="bytes=0-9", If_Range="Tue, 24 Nov 2026 11:00:00 GMT").status_code == 200


@pytest.mark.parametrize(("asked", "size"), [("bytes=100-", 100), ("bytes=0-", 0), ("bytes=-0", 100)])
def test_a_part_behind_the_end_is_told_the_length(app: Flask, asked: str, size: int) -> None:
    with pytest.raises(RangeAbsent) as refused:
        ask(app, size, Range=asked)
    assert (refused.value.status, refused.value.headers) == (416, {"Content-Range": f"bytes */{size}"})


def test_the_end_of_an_empty_file_is_the_whole_file(app: Flask) -> None:
    assert ask(app, 0, Range="bytes=-5").status_code == 200


def test_the_headers_of_a_file_are_those_of_the_whole_file(app: Flask) -> None:
    with app.test_request_context(method="HEAD", headers={"Range": "bytes=0-9"}):
        answer = serve_range(request, len(CONTENT), "tag", read)
    assert (answer.status_code, answer.content_length) == (200, len(CONTENT))
