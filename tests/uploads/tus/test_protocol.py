"""tus's headers: what an encoder writes is understood, and any other text is refused as the protocol's."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st

from framework.uploads.tus.appending import Checksum
from framework.uploads.tus.protocol import (
    ALGORITHMS,
    LONGEST_INFO,
    TusRefused,
    about_headers,
    checksum_of,
    info_of,
    size_of,
)
from framework.uploads.tus.resumable import UploadAbout

Found = TypeVar("Found")

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=10)
METADATA = st.dictionaries(st.sampled_from(["filename", "name", "filetype"]) | KEYS, st.text(max_size=20), max_size=5)
HEADER_TEXT = st.characters(codec="latin-1", exclude_characters="\0\r\n")
"""What a server passes on of a header."""
ANY_TEXT = st.text(HEADER_TEXT) | st.lists(
    st.sampled_from(["filename", "name", "sha1", "md5", "YQ==", "YQ", "=", "_w==", "0", "1" * 18, "-", ",", " ", "\t"])
    | HEADER_TEXT,
    max_size=8,
).map("".join)


def asked(**headers: str) -> Request:
    """A request with these headers; names are given with underscores."""
    return Request({f"HTTP_{name.upper()}": text for name, text in headers.items()})


def encoded(metadata: dict[str, str], separator: str) -> str:
    """The pairs as a client writes them; the base64 of nothing may be left out with its space."""
    pairs = {key: b64encode(text.encode()).decode() for key, text in metadata.items()}
    return separator.join(f"{key} {value}" if value else key for key, value in pairs.items())


def read(header: Callable[[Request], Found], **headers: str) -> Found | None:
    """What is read of a request with these headers, None when the protocol's error refuses it."""
    try:
        return header(asked(**headers))
    except TusRefused as refusal:
        status = refusal.status
    assert status == 400
    return None


def about(info: str) -> UploadAbout:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    return UploadAbout("0" * 32, size_bytes=10, offset_bytes=3, info=info, expires_at=moment, created_at=moment)


@given(METADATA, st.sampled_from([",", ", "]))
def test_metadata_is_kept_as_it_came_and_names_the_file(metadata: dict[str, str], separator: str) -> None:
    text = encoded(metadata, separator)
    info, name = info_of(asked(Upload_Metadata=text))
    assert info == text
    assert name == (metadata.get("filename") or metadata.get("name") or "this file")


@given(ANY_TEXT)
def test_any_other_metadata_is_refused_or_can_be_sent_back(text: str) -> None:
    if found := read(info_of, Upload_Metadata=text):
        info, name = found
        assert about_headers(about(info)).get("Upload-Metadata", "") == info == text.strip()
        assert name


def test_metadata_has_an_end() -> None:
    longest = encoded({"filename": "a" * (LONGEST_INFO * 3 // 4 - 9)}, ",")
    assert info_of(asked(Upload_Metadata=longest))[0] == longest
    with pytest.raises(TusRefused, match="4,096 characters"):
        info_of(asked(Upload_Metadata=f"{longest}," + "b" * 20))


@pytest.mark.parametrize("name", ["Upload-Length", "Upload-Offset"])
@given(size=st.integers(0, 10**18 - 1), blanks=st.sampled_from(["", " ", "\t "]))
def test_a_size_is_read_as_it_was_written(name: str, size: int, blanks: str) -> None:
    assert size_of(asked(**{name.replace("-", "_"): f"{blanks}{size}{blanks}"}), name) == size


@given(ANY_TEXT | st.integers().map(str))
def test_any_other_size_is_refused(text: str) -> None:
    digits = text.strip()
    if digits and set(digits) <= set("0123456789") and len(digits) <= 18:
        assert size_of(asked(Upload_Length=text), "Upload-Length") == int(digits)
    else:
        with pytest.raises(TusRefused, match="Upload-Length with a whole number"):
            size_of(asked(Upload_Length=text), "Upload-Length")


@given(st.sampled_from(ALGORITHMS), st.binary(max_size=40))
def test_a_checksum_is_read_as_it_was_written(algorithm: str, digest: bytes) -> None:
    text = f"{algorithm} {b64encode(digest).decode()}"
    assert checksum_of(asked(Upload_Checksum=text)) == Checksum(algorithm, digest)


@given(ANY_TEXT)
def test_any_other_checksum_is_refused(text: str) -> None:
    if found := read(checksum_of, Upload_Checksum=text):
        assert text.split()[:1] == [found.algorithm]
        assert "".join(text.split()[1:]) == b64encode(found.digest).decode()
