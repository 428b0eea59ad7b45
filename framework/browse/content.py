"""What a file is to a browser: its type, whether it may be shown, and the headers that keep it from acting."""

import mimetypes
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

SHOWN_TEXT_BYTES = 1 << 20
PROBED_BYTES = 8000

# Types that a browser shows without running anything; the rest is handed out as a download.
_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon"}
_MEDIA = {"audio/mpeg", "audio/ogg", "audio/wav", "audio/x-wav", "audio/flac", "video/mp4", "video/webm", "video/ogg"}
_ARCHIVES = {"zip", "x-tar", "gzip", "x-7z-compressed", "x-bzip2", "vnd.rar"}
_CODE = {".py", ".js", ".ts", ".c", ".h", ".cpp", ".rs", ".go", ".java", ".r", ".jl", ".sh", ".html", ".css", ".json"}
_SAFE = _IMAGES | _MEDIA | {"application/pdf", "text/plain"}


@dataclass(frozen=True)
class Shown:
    """How a file is shown: `kind` is text, image, audio, video or binary; `text` is there for text only."""

    kind: str
    text: str | None = None
    truncated: bool = False


def media_type(path: str, head: bytes) -> str:
    """The type to send for this file: what its name says when that is harmless, plain text for text, else bytes."""
    guessed = mimetypes.guess_type(PurePosixPath(path).name, strict=False)[0] or ""
    if guessed in _SAFE - {"text/plain"}:
        return guessed
    if guessed == "image/svg+xml":
        return guessed
    return "text/plain; charset=utf-8" if is_text(head) else "application/octet-stream"


def is_text(head: bytes) -> bool:
    """Whether these first bytes look like text, by Git's own rule: no NUL among them."""
    return b"\0" not in head[:PROBED_BYTES]


def raw_headers(path: str, media: str, *, download: bool) -> dict[str, str]:
    """The headers of a raw file: nothing in it runs, and what could run is a download."""
    harmless = media.partition(";")[0] in _SAFE
    disposition = "inline" if harmless and not download else "attachment"
    return {
        "Content-Type": media,
        "Content-Disposition": f"{disposition}; {file_name_parameters(PurePosixPath(path).name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }


def file_name_parameters(name: str) -> str:
    """The name of a download in both forms that browsers know (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "_")
    exact = quote(name.encode(errors="surrogateescape"), safe="")
    return f"filename=\"{plain}\"; filename*=UTF-8''{exact}"


def shown(path: str, head: bytes, size_bytes: int) -> Shown:
    """How the file's page shows it; `head` is its first `SHOWN_TEXT_BYTES`."""
    family = media_type(path, head).partition("/")[0]
    if family in {"image", "audio", "video"}:
        return Shown(family)
    if family != "text" or not is_text(head):
        return Shown("binary")
    return Shown("text", head.decode("utf-8", "replace"), truncated=size_bytes > len(head))


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
    return "file-text" if family == "text" or guessed == "application/pdf" else "file"
