"""A body is split the same however its bytes arrive, and its contents are what the parser would have made of them."""

import base64
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.api.body.contents import BadContent, Content
from framework.api.body.parsing import BadJson, parse_json
from framework.api.body.spooling import MAX_REST_BYTES, RestTooLarge, SpooledJson, TextTooLong
from framework.files import CHUNK_BYTES

CONTENTS = frozenset({"content", "content_base64"})
STRINGS = st.builds(lambda text, times: text * times, st.text(max_size=20), st.sampled_from([1, 1, 2, 20, 150]))
MEMBERS = st.sampled_from(["content", "content_base64", "path"]) | STRINGS
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=10,
)
LONG = "x" * 1000
STEPS = st.sampled_from([1, 2, 3, 7, 64, 1 << 18])
TOKENS = [
    *(bytes([each]) for each in b'{}[]:,"\\ \n1-e'),
    b"NaN",
    b"true",
    b'"a"',
    b"a" * 200,
    b"\\u",
    b"\\ud83d",
    b"\xff",
]
DAMAGE = [*TOKENS, b""]
"""Nothing stands for one byte less."""


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


def as_parsed(value: Any) -> Any:
    """The values with the text of each content."""
    if isinstance(value, dict):
        return {name: as_parsed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_parsed(item) for item in value]
    return "".join(value.parts()) if isinstance(value, Content) else value


def read(text: bytes, step: int) -> object:
    """The values of a text that arrives in such steps, with the text of each content; BadJson where it is refused."""
    with TemporaryDirectory() as folder:
        try:
            return as_parsed(spooled(Path(folder), text, step).values(CONTENTS))
        except BadJson:
            return BadJson


def parsed(text: bytes) -> object:
    """The same as the parser has it that holds all of a text."""
    try:
        return parse_json(text)
    except BadJson:
        return BadJson


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


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1, "\t"]), STEPS)
def test_a_document_is_what_the_parser_makes_of_it(document: object, ascii_only: bool, indent: Any, step: int) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    assert read(text.encode(), step) == json.loads(text)


@given(DOCUMENTS, st.lists(st.tuples(st.floats(0, 1), st.sampled_from(DAMAGE)), min_size=1, max_size=3), STEPS)
def test_a_damaged_document_is_refused_where_the_parser_refuses_it(
    document: object, damage: list[tuple[float, bytes]], step: int
) -> None:
    text = json.dumps(document, ensure_ascii=False).encode()
    for place, written in damage:
        position = int(place * len(text))
        text = text[:position] + written + text[position + (not written) :]
    assert read(text, step) == parsed(text)


@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=2), max_size=12).map(b"".join), STEPS)
def test_any_bytes_are_read_as_the_parser_reads_them(text: bytes, step: int) -> None:
    assert read(text, step) == parsed(text)


@given(st.text(max_size=30), st.integers(1, 40), st.booleans(), st.integers(1, 30))
def test_an_escape_may_lie_across_pieces_of_the_file(text: str, times: int, ascii_only: bool, size: int) -> None:
    body = json.dumps({"content": text * times}, ensure_ascii=ascii_only)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("framework.files.CHUNK_BYTES", size)
        assert b"".join(content(Path(folder), body).utf8()).decode() == text * times


@given(st.binary(), st.integers(1, 400), st.sampled_from([base64.b64encode, base64.encodebytes]), st.integers(1, 99))
def test_base64_is_decoded_however_it_is_split(
    data: bytes, times: int, encode: Callable[[bytes], bytes], size: int
) -> None:
    body = json.dumps({"content": encode(data * times).decode()})
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("framework.files.CHUNK_BYTES", size)
        assert b"".join(content(Path(folder), body).bytes_of_base64()) == data * times


@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
def test_base64_of_several_pieces_is_decoded(tmp_path: Path, encode: Callable[[bytes], bytes]) -> None:
    data = os.urandom(CHUNK_BYTES * 2)
    body = json.dumps({"content": encode(data).decode()})
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


@pytest.mark.parametrize("document", [LONG, [LONG], {LONG: LONG}, {"content": [LONG]}, {"a": {LONG: [[LONG]]}}])
def test_long_names_and_items_are_kept(document: object) -> None:
    for indent in (None, 2):
        assert read(json.dumps(document, indent=indent).encode(), step=3) == document


def test_a_name_may_not_be_long(tmp_path: Path) -> None:
    with pytest.raises(TextTooLong, match=r"“x{128}” has more than 64 KiB"):
        spooled(tmp_path, json.dumps({"x" * 70_000: 1})).values(CONTENTS)


def test_an_item_larger_than_any_honest_body_is_refused_before_its_end(tmp_path: Path) -> None:
    with pytest.raises(RestTooLarge):
        spooled(tmp_path, b'["' + b"x" * (MAX_REST_BYTES + 1))
