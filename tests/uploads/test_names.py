"""The names of an upload's files: stored as they were sent, or the form back with what is wrong with each."""

import pytest

from framework.projects.core.access import ProjectAccess
from tests.cast import Visitor, csrf_token
from tests.uploads.form import PAGE, files, nothing_stored, paths, post, raw_upload, upload


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../x", "climbs"),
        ("/etc/passwd", "starts with a slash"),
        (".git/config", "spelling of .git"),
        ("x" * 300, "over 255 bytes"),
        ("a//b", "empty folder name"),
    ],
)
def test_a_bad_name_gives_the_form_back_and_stores_nothing(
    uploader: Visitor, secret: ProjectAccess, name: str, reason: str
) -> None:
    answer = upload(uploader, {"good.txt": b"1", name: b"2"}, message="Kept message")
    assert answer.status_code == 400
    assert reason in answer.text
    assert "Not saved, since an upload is saved as a whole" in answer.text
    assert "Kept message" in answer.text
    assert nothing_stored(secret)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"a\\b", "backslash"),
        (b"C:\\fakepath\\x", "backslash"),
        (b"\\\\server\\x", "backslash"),
        (b"ends with\\", "backslash"),
        (b"x\0y", "control character"),
        (b"x%0Dy", "control character"),
        (b"x" * 20_000, "bytes"),
    ],
)
def test_a_name_as_the_wire_has_it_is_judged(
    uploader: Visitor, secret: ProjectAccess, name: bytes, reason: str
) -> None:
    answer = raw_upload(uploader, name)
    assert answer.status_code == 400
    assert reason in answer.text
    assert nothing_stored(secret)


def test_a_quoted_name_is_stored_as_it_was_called(uploader: Visitor, secret: ProjectAccess) -> None:
    """Browsers write %22 for a quote, curl a backslash before it."""
    for name in (b"say %22hi%22", b'say \\"ho\\"'):
        assert raw_upload(uploader, name).status_code == 303
    assert paths(secret) == {'say "hi"', 'say "ho"'}


def test_a_name_in_the_extended_form_is_that_of_a_file(uploader: Visitor, secret: ProjectAccess) -> None:
    """RFC 7578 forbids it, and old programs write it: the file is not taken for a field."""
    assert raw_upload(uploader, b"ignored", disposition=b"filename*=UTF-8''%E6%97%A5.txt").status_code == 303
    assert paths(secret) == {"日.txt"}


def test_a_name_without_quotes_is_found(uploader: Visitor, secret: ProjectAccess) -> None:
    assert raw_upload(uploader, b"", disposition=b"filename=plain.txt").status_code == 303
    assert paths(secret) == {"plain.txt"}


def test_a_name_that_is_not_utf8_is_told(uploader: Visitor, secret: ProjectAccess) -> None:
    answer = raw_upload(uploader, b"\xff\xfe")
    assert answer.status_code == 400
    assert "not valid UTF-8" in answer.text
    assert nothing_stored(secret)


def test_legal_names_are_stored_faithfully(uploader: Visitor, secret: ProjectAccess) -> None:
    names = {"日本語.txt", "CON", "é.txt", "with space", ".hidden", "-x", "100%.txt"}
    assert upload(uploader, dict.fromkeys(names, b"1")).status_code == 303
    assert paths(secret) == names
    for name in names:
        assert uploader.get(secret.address("raw", "main", name)).data == b"1"


def test_two_files_of_one_name_are_refused(uploader: Visitor, secret: ProjectAccess) -> None:
    twice = [*files({"a": b"1"}), *files({"a": b"2"})]
    answer = post(uploader, PAGE, twice, csrf_token=csrf_token(uploader.get(PAGE).text))
    assert answer.status_code == 400
    assert "was sent 2 times" in answer.text
    assert nothing_stored(secret)


def test_a_file_where_a_folder_is_gives_the_form_back(uploader: Visitor) -> None:
    upload(uploader, {"a": b"1", "folder/b": b"2"})
    for name, told in {"a/x": "“a” is there already", "folder": "“folder/” is there already"}.items():
        answer = upload(uploader, {name: b"3"})
        assert answer.status_code == 409
        assert told in answer.text
