"""Parts of a file: what is asked for well is answered, the rest gets the whole file or is told its length."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from framework.web.byte_ranges import RangeAbsent, serve_range
from tests.cast import on_one_deployment

CONTENT = bytes(range(100))


def read(start: int, length: int) -> Iterator[bytes]:
    yield CONTENT[start : start + length]


def ask(app: Flask, size: int = len(CONTENT), **headers: str) -> Response:
    with app.test_request_context(headers={name.replace("_", "-"): text for name, text in headers.items()}):
        return serve_range(request, size, "tag", read)


@on_one_deployment
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


@on_one_deployment
@pytest.mark.parametrize("asked", ["", "bytes=0-1,5-6", "lines=0-1", "bytes=9-1", "bytes=x", "bytes=-", "0-5"])
def test_anything_else_gets_the_whole_file(app: Flask, asked: str) -> None:
    answer = ask(app, Range=asked)
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["Accept-Ranges"] == "bytes"


@on_one_deployment
def test_a_part_of_a_file_that_has_changed_is_the_whole_file(app: Flask) -> None:
    assert ask(app, Range="bytes=0-9", If_Range='"tag"').status_code == 206
    assert ask(app, Range="bytes=0-9", If_Range='"older"').status_code == 200
    assert ask(app, Range="bytes=0-9", If_Range='W/"tag"').status_code == 200
    assert ask(app, Range="bytes=0-9", If_Range="").status_code == 200
    assert ask(app, Range="bytes=0-9", If_Range="Tue, 24 Nov 2026 11:00:00 GMT").status_code == 200


@on_one_deployment
@pytest.mark.parametrize(("asked", "size"), [("bytes=100-", 100), ("bytes=0-", 0), ("bytes=-0", 100)])
def test_a_part_behind_the_end_is_told_the_length(app: Flask, asked: str, size: int) -> None:
    with pytest.raises(RangeAbsent) as refused:
        ask(app, size, Range=asked)
    assert (refused.value.status, refused.value.headers) == (416, {"Content-Range": f"bytes */{size}"})


@on_one_deployment
def test_the_end_of_an_empty_file_is_the_whole_file(app: Flask) -> None:
    assert ask(app, 0, Range="bytes=-5").status_code == 200


@on_one_deployment
def test_the_headers_of_a_file_are_those_of_the_whole_file(app: Flask) -> None:
    with app.test_request_context(method="HEAD", headers={"Range": "bytes=0-9"}):
        answer = serve_range(request, len(CONTENT), "tag", read)
    assert (answer.status_code, answer.content_length) == (200, len(CONTENT))
