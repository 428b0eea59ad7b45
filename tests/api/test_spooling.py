"""A body is split the same however its bytes arrive, and its contents are what the parser would have made of them."""

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from framework.api.body.contents import BadContent, Content
from framework.api.body.parsing import BadJson
from framework.api.body.spooling import MAX_REST_BYTES, RestTooLarge, SpooledJson, TextTooLong

CONTENTS = frozenset({"content", "content_base64"})


class Dripping(io.BytesIO):
    """A source that gives a few bytes at a time, whatever is asked for."""

    def __init__(self, text: bytes, step: int) -> None:
        super().__init__(text)
        self._step = step

    def read(self, _size: int | None = -1) -> bytes:
        return super().read(self._step)


def spooled(folder: Path, text: bytes | str, step: int = 1 << 18) -> SpooledJson:
    made = SpooledJson(folder / os.urandom(8).hex())
    made.read(Dripping(text.encode() if isinstance(text, str) else text, step))
    return made


def content(folder: Path, text: bytes | str, step: int = 1 << 18) -> Content:
    values: Any = spooled(folder, text, step).values(CONTENTS)
    found: Content = values["content"]
    return found


TEXTS = [
    "",
    "short",
    'with "quotes" and \\ backslashes \\\\" at the end\\',
    "é" * 200 + "日本語🎉" * 100,
    "\n\t\u0001" * 100,
    '","content":"' * 50,
    "x" * 1000 + "\\" * 999,
]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1 << 18])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_content_is_what_was_written(tmp_path: Path, text: str, step: int, ascii_only: bool) -> None:
    body = json.dumps({"a": 1, "content": text, "b": ["c", {"d": text[:100]}]}, ensure_ascii=ascii_only)
    values: Any = spooled(tmp_path, body, step).values(CONTENTS)
    assert b"".join(values["content"].utf8()) == text.encode()
    assert (values["a"], values["b"]) == (1, ["c", {"d": text[:100]}])


def test_an_escape_may_lie_across_pieces_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '🎉é\\"' * 40
    for size in range(1, 30):
        monkeypatch.setattr("framework.files.CHUNK_BYTES", size)
        assert b"".join(content(tmp_path, json.dumps({"content": text})).utf8()).decode() == text


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100, 1000, 400_000])
def test_base64_of_any_length_is_decoded(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    for written in (base64.b64encode(data), base64.encodebytes(data)):
        body = json.dumps({"content": written.decode()})
        assert b"".join(content(tmp_path, body, step=1000).bytes_of_base64()) == data


@pytest.mark.parametrize(
    "written", ["QQ=", "QQ", "Q", "QQ==QUFB", "QQ==" + "A" * 600_000, "====", "Q-_Q", "é" * 4, "Q===", "A" * 300 + "!"]
)
def test_what_is_not_base64_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(BadContent):
        b"".join(content(tmp_path, json.dumps({"content": written})).bytes_of_base64())


@pytest.mark.parametrize(
    "written", [r"\ud83d", r"\ud83d\n", r"\uZZZZ", r"\x", "\\udc00", "\n", r"\u12", b"\xff", b"\xc3"]
)
def test_what_is_no_text_is_refused_long_or_short(tmp_path: Path, written: str | bytes) -> None:
    raw = written if isinstance(written, bytes) else written.encode()
    for padding in (b"", b"x" * 300, b"x" * 300_000):
        with pytest.raises(BadJson):
            b"".join(content(tmp_path, b'{"content": "' + padding + raw + padding + b'"}').utf8())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1"),
        ("{", "line 1, column 2"),
        ('{"a": "' + "x" * 1000, "line 1, column 7"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ('{"a": "' + "x" * 1000 + '"} more', "Extra data"),
        (b'{"\xff": 1}', "byte 2 is not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ("[NaN]", "no number NaN"),
    ],
)
def test_it_says_where_a_body_ends_to_be_json(tmp_path: Path, text: bytes | str, told: str) -> None:
    with pytest.raises(BadJson, match=told):
        spooled(tmp_path, text).values(CONTENTS)


def test_the_hash_is_that_of_the_whole_text(tmp_path: Path) -> None:
    one, other = '{"content": "' + "x" * 1000, '"}'
    assert spooled(tmp_path, one + "y" + other).sha256 != spooled(tmp_path, one + "z" + other).sha256
    assert spooled(tmp_path, one + other, step=3).sha256 == spooled(tmp_path, one + other).sha256


def test_a_body_of_many_small_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RestTooLarge):
        spooled(tmp_path, b"1," * (MAX_REST_BYTES // 2 + 1))


def test_only_contents_may_be_long(tmp_path: Path) -> None:
    assert spooled(tmp_path, json.dumps({"path": "x" * 4000})).values(CONTENTS) == {"path": "x" * 4000}
    with pytest.raises(TextTooLong, match="“path” has more than 64 KiB"):
        spooled(tmp_path, json.dumps({"path": "x" * 70_000})).values(CONTENTS)
