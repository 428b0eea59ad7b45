"""The tus protocol's headers, 1.0 (https://tus.io/protocols/resumable-upload): read, checked, and written."""

import binascii
from base64 import b64decode

from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.http import http_date

from framework import config
from framework.errors import Invalid
from framework.uploads.tus.appending import Checksum
from framework.uploads.tus.body import UploadBody
from framework.uploads.tus.resumable import UploadAbout

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
MEDIA_TYPE = "application/offset+octet-stream"
ALGORITHMS = ("sha1", "sha256", "md5")
LONGEST_INFO = 4096


class TusRefused(Invalid):
    """A header is missing or not of its form."""


class OtherVersion(TusRefused):
    """The client speaks another version of the protocol, or none."""

    status = 412

    def __init__(self) -> None:
        super().__init__(f"This server speaks tus {VERSION}; send the header “Tus-Resumable: {VERSION}”.")

    @property
    def headers(self) -> dict[str, str]:
        """What this server speaks."""
        return {"Tus-Version": VERSION}


class OtherMedia(TusRefused):
    """The body is not said to be a part of a file."""

    status = 415

    def __init__(self) -> None:
        super().__init__(f"Send the bytes with the header “Content-Type: {MEDIA_TYPE}”.")


def refuse_other_versions(asked: Request) -> None:
    """Let requests of this version pass.

    Raises:
        OtherVersion.
    """
    if asked.headers.get("Tus-Resumable") != VERSION:
        raise OtherVersion


def refuse_other_media(asked: Request) -> None:
    """Let a body pass that says what it is.

    Raises:
        OtherMedia.
    """
    if asked.mimetype != MEDIA_TYPE:
        raise OtherMedia


def size_of(asked: Request, name: str) -> int:
    """A header that is a number of bytes.

    Raises:
        TusRefused: it is missing or none.
    """
    text = asked.headers.get(name, "").strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise TusRefused(f"Send the header {name} with a whole number of bytes.")
    return int(text)


def info_of(asked: Request) -> tuple[str, str]:
    """`Upload-Metadata` as it came, and the file's name in it.

    Raises:
        TusRefused: it is not pairs of a key and base64, or too long.
    """
    text = asked.headers.get("Upload-Metadata", "").strip()
    if len(text) > LONGEST_INFO or not text.isascii():
        raise TusRefused(f"The header Upload-Metadata may have {LONGEST_INFO:,} characters of ASCII at most.")
    pairs = dict(_pair(pair) for pair in text.split(",")) if text else {}
    return text, pairs.get("filename") or pairs.get("name") or "this file"


def checksum_of(asked: Request) -> Checksum | None:
    """`Upload-Checksum`, when there is one.

    Raises:
        TusRefused: it is not an algorithm of ours with a digest in base64.
    """
    if "Upload-Checksum" not in asked.headers:
        return None
    algorithm, _space, text = asked.headers["Upload-Checksum"].strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise TusRefused(f"Upload-Checksum has to name one of {', '.join(ALGORITHMS)}.")
    return Checksum(algorithm, _decode(text))


def body_of(asked: Request, checksum: Checksum | None) -> UploadBody:
    """The request's body, as the server hands it out: in chunks, or of the length that it says."""
    chunked = asked.environ.get("wsgi.input_terminated") and asked.content_length is None
    length = None if chunked else asked.content_length or 0
    return UploadBody(asked.environ["wsgi.input"], length, (checksum.algorithm,) if checksum else ())


def progress_headers(upload: UploadAbout, offset_bytes: int) -> Headers:
    """Where the upload is, and until when it can go on."""
    found = Headers({"Upload-Offset": str(offset_bytes)})
    found["Upload-Expires"] = http_date(upload.expires_at)
    return found


def about_headers(upload: UploadAbout) -> Headers:
    """The same with what the client told at the beginning."""
    found = progress_headers(upload, upload.offset_bytes)
    found["Upload-Length"] = str(upload.size_bytes)
    found["Cache-Control"] = "no-store"
    if upload.info:
        found["Upload-Metadata"] = upload.info
    return found


def server_headers() -> Headers:
    """What this server can do."""
    return Headers(
        {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(config.current().max_file_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }
    )


def _pair(text: str) -> tuple[str, str]:
    key, _space, value = text.strip().partition(" ")
    if not key:
        raise TusRefused("Upload-Metadata has to be keys with values in base64, separated by commas.")
    return key, _decode(value).decode(errors="replace")


def _decode(text: str) -> bytes:
    try:
        return b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TusRefused("A header holds something that is not base64; encode it as the protocol tells.") from error
