"""Text that a form's field gives back byte for byte: UTF-8, of one kind of line ending, and not too long."""

from dataclasses import dataclass

from framework.errors import Invalid, TooLarge
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import find

EDITABLE_BYTES = 512 << 10
_ADVICE = "Download it, change it with a program of its own, and upload it."


class NotEditable(Invalid):
    """The file cannot be changed in the browser without altering more than the person does."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"“{path}” {reason}, so it cannot be edited here. {_ADVICE}")


class TextTooLong(TooLarge):
    """What was typed is more than the editor takes."""

    field = "content"

    def __init__(self) -> None:
        super().__init__(f"The text is longer than {EDITABLE_BYTES >> 10} KiB; upload it as a file instead.")


@dataclass(frozen=True)
class Text:
    """A file's text with its lines ended by a newline alone; `crlf` tells that they end with two characters stored."""

    text: str
    crlf: bool = False


def read_text(copy: Copy, commit: str, path: str) -> Text:
    """The text of a file at a commit.

    Raises:
        PathAbsent. NotEditable: it is no file, no text, too long, or a form would alter it.
    """
    entry = find(copy, commit, path)
    if entry.kind != "blob":
        raise NotEditable(path, "is not a file of text")
    blob = copy.blob(entry.sha)
    if blob.size_bytes > EDITABLE_BYTES:
        raise NotEditable(path, f"is longer than {EDITABLE_BYTES >> 10} KiB")
    return decode_text(path, b"".join(blob.chunks))


def decode_text(path: str, content: bytes) -> Text:
    """Bytes as a form can show them.

    Raises:
        NotEditable: they are not UTF-8, hold a NUL, or mix line endings.
    """
    if b"\0" in content:
        raise NotEditable(path, "is not text")
    crlf = b"\r\n" in content
    if content.count(b"\r") != content.count(b"\r\n") or (crlf and content.count(b"\n") != content.count(b"\r\n")):
        raise NotEditable(path, "mixes kinds of line endings")
    try:
        return Text(content.decode().replace("\r\n", "\n"), crlf)
    except UnicodeDecodeError as error:
        raise NotEditable(path, "is not in UTF-8") from error


def encode_text(text: str, *, crlf: bool) -> bytes:
    """What a form's field says, which ends its lines with CRLF whatever they were, as it is stored.

    Raises:
        TextTooLong.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    content = (lines.replace("\n", "\r\n") if crlf else lines).encode()
    if len(content) > EDITABLE_BYTES:
        raise TextTooLong
    return content
