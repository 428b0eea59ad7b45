"""What a file is to a browser: its type, whether it may be shown, and the headers that keep it from acting."""

import mimetypes
import re
from pathlib import PurePosixPath
from urllib.parse import quote

from framework.browse.render.encodings import PROBED_BYTES, decode, is_wide

SHOWN_TEXT_BYTES = 8 << 20
"""So much of a text is shown, in pages."""
MOST_OPEN_MARKS = 20
"""So often a text is cut before a quotation mark that would stay open."""
EDITED_TEXT_BYTES = 512 << 10
PDF = "application/pdf"
PDF_START_BYTES = 1024
"""Readers look for the header of a PDF in so many bytes (Adobe's Implementation Note 13)."""
TEXT = "text/plain"

_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Types that a browser shows without running anything; the rest is handed out as a download.
_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon"}
_MEDIA = {
    "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus", "audio/wav", "audio/x-wav", "audio/flac", "audio/x-flac",
    "audio/webm", "audio/aac", "video/mp4", "video/webm", "video/ogg", "video/x-m4v", "video/quicktime",
}  # fmt: skip
_ARCHIVES = {"zip", "x-tar", "gzip", "x-7z-compressed", "x-bzip2", "vnd.rar"}
_CODE = {".py", ".js", ".ts", ".c", ".h", ".cpp", ".rs", ".go", ".java", ".r", ".jl", ".sh", ".html", ".css", ".json"}
_SAFE = _IMAGES | _MEDIA | {PDF, TEXT}

# Endings that the standard library's table lacks or knows otherwise in Python 3.11.
_NAMED = {".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon", ".m4a": "audio/mp4",
          ".flac": "audio/flac", ".opus": "audio/opus", ".weba": "audio/webm", ".ogv": "video/ogg",
          ".ts": "text/plain", ".mts": "text/plain"}  # fmt: skip


def media_type(path: str, head: bytes, *, goes_on: bool) -> str:
    """The type to send for this file: what its name says when that is harmless, plain text for text, else bytes.

    A text is of the encoding that its page names; `goes_on` says that these are only its first bytes.
    """
    bare = bare_type(path, head)
    return f"{bare}; charset={decode(head, goes_on=goes_on).encoding}" if bare == TEXT else bare


def bare_type(path: str, head: bytes) -> str:
    """The same without the encoding of a text, which takes a look at all of these bytes."""
    guessed = _guess_type(path)
    if guessed == PDF and b"%PDF-" not in head[:PDF_START_BYTES]:
        guessed = ""
    if guessed in _SAFE - {TEXT} or guessed == "image/svg+xml":
        return guessed
    return TEXT if is_text(head) else "application/octet-stream"


def is_text(head: bytes) -> bool:
    """Whether these first bytes look like text: no NUL among them, as Git has it, or they are UTF-16."""
    return b"\0" not in head[:PROBED_BYTES] or is_wide(head)


def is_written_text(head: bytes) -> bool:
    """Whether they look like text though the name says otherwise: without controls, too, which packed bytes have."""
    return is_text(head) and (is_wide(head) or not _CONTROLS.search(head, 0, PROBED_BYTES))


def raw_headers(path: str, media: str, *, download: bool) -> dict[str, str]:
    """The headers of a raw file: nothing in it runs, and what could run is a download.

    A PDF, which browsers refuse to show in a sandbox, can be shown in a frame of our pages; it is no document of ours.
    """
    harmless = media.partition(";")[0] in _SAFE
    disposition = "inline" if harmless and not download else "attachment"
    headers = {
        "Content-Type": media,
        "Content-Disposition": f"{disposition}; {file_name_parameters(PurePosixPath(path).name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    if media == PDF:
        framed = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
        headers |= {"Content-Security-Policy": framed, "X-Frame-Options": "SAMEORIGIN"}
    return headers


def file_name_parameters(name: str) -> str:
    """The name of a download in both forms that browsers know (RFC 6266)."""
    plain = re.sub(r'[\x00-\x1f\x7f"\\]', "_", name.encode("ascii", "replace").decode())
    exact = quote(name.encode(errors="surrogateescape"), safe="")
    return f"filename=\"{plain}\"; filename*=UTF-8''{exact}"


def file_icon(name: str) -> str:
    """The icon for a file of this name."""
    guessed, packed = mimetypes.guess_type(name, strict=False)
    family = (guessed or "").partition("/")[0]
    if packed or (guessed or "").rpartition("/")[2] in _ARCHIVES:
        return "file-archive"
    if family in {"image", "audio", "video"}:
        return f"file-{family}"
    if PurePosixPath(name).suffix.lower() in _CODE:
        return "file-code"
    return "file-text" if family == "text" or guessed == PDF else "file"


def _guess_type(path: str) -> str:
    name = PurePosixPath(path).name
    known = _NAMED.get(PurePosixPath(name).suffix.lower())
    return known or mimetypes.guess_type(name, strict=False)[0] or ""


def cut_lines(text: str) -> str:
    """The text without its last line, and without those before it that are within quotation marks."""
    end = text.rfind("\n") + 1
    for _attempt in range(MOST_OPEN_MARKS):
        if text.count('"', 0, end) % 2 == 0:
            break
        end = text.rfind("\n", 0, text.rindex('"', 0, end)) + 1
    return text[:end] or text
