"""What is read of a multipart form: each byte once, never much at a time, and nothing past a limit."""

import io
import random
import subprocess
import threading
import tracemalloc
from collections.abc import Callable

import pytest
from dulwich.objects import Blob
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from framework import config
from framework.accounts.signin.tokens import new_text
from framework.config import Config
from framework.storage.contract import Draft
from framework.storage.current import store
from framework.storage.folder import INCOMING
from framework.uploads.form import received_files
from framework.uploads.form.multipart_form import LONGEST_HEADER_BYTES, READ_BYTES
from framework.uploads.receiving import (
    LONGEST_FIELDS_BYTES,
    MAX_PARTS,
    BrokenUpload,
    FieldsTooLong,
    StreamingRequest,
    TooManyParts,
    receive_form,
)
from tests.uploads.form import MIB

END = b"--b--\r\n"


def part(head: bytes, content: bytes = b"") -> bytes:
    """One part of a form."""
    return b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content + b"\r\n"


def file_part(name: bytes, content: bytes) -> bytes:
    """One file of a form."""
    return part(b'name="files"; filename="' + name + b'"', content)


def request_of(
    body: bytes, media: str = "multipart/form-data; boundary=b", length: int | None = None
) -> StreamingRequest:
    """A request with this body, of which perhaps more was announced."""
    announced = {"CONTENT_LENGTH": str(length or len(body))}
    made = EnvironBuilder(method="POST", input_stream=io.BytesIO(body), content_type=media, environ_overrides=announced)
    return StreamingRequest(made.get_environ())


def received(
    request: StreamingRequest, *, into_git: bool = False
) -> tuple[list[tuple[str, bytes]], list[tuple[str, str]]]:
    """The files and the fields of a form."""
    with receive_form(request, into_git=into_git) as files:
        read = [(name, file.path.read_bytes()) for name, file in files]
    return read, list(request.form.items(multi=True))


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\r\n--", b"\r\n--c", b"1--b--", b"x" * READ_BYTES, b"\r" * 70_000])
def test_content_comes_as_it_was_sent(settings: Config, content: bytes) -> None:
    body = part(b'name="a"', b"1") + file_part(b"x/y", content) + part(b'name="a"', "ä".encode()) + END
    assert received(request_of(body)) == ([("x/y", content)], [("a", "1"), ("a", "ä")])


@pytest.mark.parametrize("before", range(READ_BYTES - 80, READ_BYTES + 10, 7))
def test_it_does_not_matter_where_a_read_ends(settings: Config, before: int) -> None:
    body = file_part(b"a", b"x" * before) + file_part(b"b", b"2") + END
    assert [(name, len(content)) for name, content in received(request_of(body))[0]] == [("a", before), ("b", 1)]


@pytest.mark.parametrize("before", range(READ_BYTES - 120, READ_BYTES + 10, 7))
@pytest.mark.parametrize("content", [b"", b"\r\n", b"\r\n\r\n", b"1\r\n\r\n"])
def test_a_part_may_end_with_its_header(settings: Config, before: int, content: bytes) -> None:
    """RFC 2046, 5.1.1; the library of parts takes what follows for content."""
    without = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    body = file_part(b"x", b"x" * before) + without + part(b'name="b"') + file_part(b"y", content) + without + END
    files, fields = received(request_of(body))
    assert [(name, len(file)) for name, file in files] == [("x", before), ("y", len(content))]
    assert fields == [("a", ""), ("a", ""), ("b", "")]


def test_no_file_chosen_is_no_file(settings: Config) -> None:
    body = file_part(b"", b"") + part(b'name="other"; filename="z"', b"1") + END
    assert received(request_of(body)) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        b"--b\r\n",
        file_part(b"a", b"1"),
        file_part(b"a", b"1") + b"--b",
        file_part(b"\xff", b"1") + END,
        b"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n" + END,
        file_part(b"x" * 2 * LONGEST_HEADER_BYTES, b"1") + END,
    ],
)
def test_a_form_that_is_none_is_told(settings: Config, body: bytes) -> None:
    with pytest.raises(BrokenUpload):
        received(request_of(body))


@pytest.mark.parametrize("media", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_told(settings: Config, media: str) -> None:
    with pytest.raises(BrokenUpload):
        received(request_of(file_part(b"a", b"1") + END, media))


def test_a_body_that_ends_before_what_was_announced_is_told(settings: Config) -> None:
    body = file_part(b"a", b"1") + END
    with pytest.raises(BrokenUpload):
        received(request_of(body, length=len(body) + 1))


def test_what_follows_the_form_is_read_and_left_out(settings: Config) -> None:
    request = request_of(file_part(b"a", b"1") + END + b"more" * MIB)
    assert received(request) == ([("a", b"1")], [])
    assert request.stream.read() == b""


@pytest.mark.parametrize("more", [0, 1])
def test_it_counts_the_parts(settings: Config, more: int) -> None:
    request = request_of(part(b'name="a"') * (MAX_PARTS + more) + END)
    if more:
        with pytest.raises(TooManyParts, match="20,000 files and fields at most"):
            received(request)
    else:
        assert len(received(request)[1]) == MAX_PARTS


@pytest.mark.parametrize("more", [0, 1])
def test_it_counts_the_bytes_of_all_fields(settings: Config, more: int) -> None:
    request = request_of(part(b'name="a"', b"x" * (LONGEST_FIELDS_BYTES // 2 + more)) * 2 + END)
    if more:
        with pytest.raises(FieldsTooLong, match="8 MiB at most"):
            received(request)
    else:
        assert len(received(request)[1]) == 2


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., Config]) -> None:
    """Have files of 100 bytes packed while they arrive."""
    with_settings(large_blob_bytes=100)
    monkeypatch.setattr(received_files, "PACKED_AHEAD_BYTES", 100)


@pytest.mark.parametrize("size_bytes", [2 * READ_BYTES, 3 * READ_BYTES + 7])
@pytest.mark.usefixtures("eager")
def test_the_last_file_is_packed_while_it_arrives(size_bytes: int) -> None:
    content = random.Random(size_bytes).randbytes(size_bytes)
    body = part(b'name="a"', b"1") + file_part(b"first", content) + file_part(b"last", content) + END
    with receive_form(request_of(body), into_git=True) as [(_, first), (_, last)]:
        assert first.pack is None
        assert first.blob == last.blob == Blob.from_string(content).id.decode()
        assert last.pack
        told = subprocess.run(["git", "verify-pack", "-v", last.pack.idx], check=True, stdout=subprocess.PIPE).stdout
        assert told.startswith(f"{last.blob} blob   {size_bytes} ".encode())
        assert not last.place.exists()
        assert first.path.read_bytes() == last.path.read_bytes() == content


@pytest.mark.usefixtures("eager")
def test_a_folder_store_takes_the_pack_while_it_is_made() -> None:
    folder = config.current().store_folder
    assert folder
    body = file_part(b"first", b"x" * 2 * READ_BYTES) + file_part(b"last", b"y" * 2 * READ_BYTES) + END
    with receive_form(request_of(body), into_git=True) as [_first, (_, last)]:
        assert last.pack
        assert isinstance(last.pack.copy, Draft)
        assert store().publish("a/pack", last.pack.copy, sha256=last.pack.pack_sha256)
        assert store().read("a/pack") == last.pack.pack.read_bytes()
    assert not list((folder / INCOMING).iterdir())


@pytest.mark.parametrize("after", [part(b'name="a"', b"1") + END, END[:-2], END + b"more"])
@pytest.mark.usefixtures("eager")
def test_a_file_whose_size_was_guessed_wrong_is_named_afterwards(after: bytes) -> None:
    with receive_form(request_of(file_part(b"a", b"x" * 200) + after), into_git=True) as [(_, file)]:
        assert (file.pack, file.blob) == (None, Blob.from_string(b"x" * 200).id.decode())


@pytest.mark.usefixtures("eager")
def test_a_file_that_breaks_off_leaves_no_thread(settings: Config) -> None:
    before = threading.active_count()
    with pytest.raises(BrokenUpload):
        received(request_of(file_part(b"a", b"x" * 200)[:-20], length=230), into_git=True)
    assert threading.active_count() == before


def test_tokens_are_found_while_a_file_arrives(settings: Config) -> None:
    token = new_text()
    body = file_part(b"a", b"x" * (READ_BYTES - 90) + b" " + token.encode()) + END
    with receive_form(request_of(body), into_git=True) as [(_, file)]:
        assert file.tokens == {token}
    with receive_form(request_of(body)) as [(_, file)]:
        assert file.tokens is None


@pytest.mark.parametrize(("into_git", "most_mib"), [(False, 1), (True, 6)])
def test_memory_does_not_grow_with_a_file(settings: Config, most_mib: int, *, into_git: bool) -> None:
    body = file_part(b"large", bytes(32 * MIB)) + END
    request = request_of(body)
    tracemalloc.start()
    with receive_form(request, into_git=into_git) as [(_name, file)]:
        assert (file.size_bytes, file.pack is not None) == (32 * MIB, into_git)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most_mib * MIB


@pytest.mark.parametrize("fields", [{}, {"csrf_token": "x"}])
def test_werkzeug_asks_make_form_data_parser_for_a_parser_and_it_for_streams(fields: dict[str, str]) -> None:
    """Where no files are received, a file is refused before a byte of it is kept."""
    body = b"".join(part(f'name="{name}"'.encode(), text.encode()) for name, text in fields.items())
    assert dict(request_of(body + END).form) == fields
    with pytest.raises(RequestEntityTooLarge):
        _ = request_of(body + file_part(b"a", b"1") + END).form


def test_a_form_of_another_kind_has_its_fields(settings: Config) -> None:
    assert received(request_of(b"a=1&b=2", "application/x-www-form-urlencoded")) == ([], [("a", "1"), ("b", "2")])
