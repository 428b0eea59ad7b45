"""How a file's page shows the file: the richest form that its name and bytes allow, within bounds, else its bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from markupsafe import Markup, escape

from framework.browse import images, json_trees, listings, notebooks, tables
from framework.browse.asked import Asked
from framework.browse.content import PDF, SHOWN_TEXT_BYTES, is_text, media_type
from framework.browse.documents import LONGEST_DOCUMENT_BYTES, PLAIN, document_kind
from framework.browse.encodings import decoded
from framework.browse.highlighting import file_lines, split_lines
from framework.repositories.copy import Blob
from framework.repositories.reading import Entry
from framework.web.pages import size

LONGEST_SHOWN_LINE = 10_000
MOST_SHOWN_LINES = 20_000
DUMPED_BYTES = 4096
DUMPED_ROW = 16


class Preview:
    """What a page shows of a file: `template` draws it, `note` says what was left out or what went wrong.

    `has_other` tells that the same file can be shown as text and in a richer form; `is_text` which one this is.
    """

    template: ClassVar[str]
    note: str = ""
    has_other: bool = False
    is_text: bool = False

    @property
    def editable(self) -> bool:
        """Whether the file is a text that is there to its end, so that it can be edited."""
        return (self.has_other or self.is_text) and not self.note


@dataclass(frozen=True)
class Text(Preview):
    """A text, line by line, in colours."""

    template: ClassVar = "browse/previews/text.html"
    lines: Sequence[Markup]
    encoding: str
    note: str = ""
    has_other: bool = False
    is_text: bool = True


@dataclass(frozen=True)
class Document(Preview):
    """A document to be read; `kind` is markdown or rst."""

    template: ClassVar = "browse/previews/document.html"
    text: str
    kind: str
    note: str = ""
    has_other: bool = True


@dataclass(frozen=True)
class Media(Preview):
    """What a browser shows by itself: `family` is image, audio, video or pdf; an image's pixels, when known."""

    template: ClassVar = "browse/previews/media.html"
    family: str
    pixels: tuple[int, int] | None = None
    note: str = ""
    has_other: bool = False


@dataclass(frozen=True)
class Rich(Preview):
    """A table, a notebook, a tree or a listing, drawn by the template of its kind."""

    kind: str
    content: tables.Table | notebooks.Notebook | json_trees.Tree | listings.Listing
    note: str = ""
    has_other: bool = True

    @property
    def template(self) -> str:  # type: ignore[override]
        """The template of the kind."""
        return f"browse/previews/{self.kind}.html"


@dataclass(frozen=True)
class Dump(Preview):
    """The first bytes of a file that is nothing else: rows of offset, bytes in hex, and printable characters."""

    template: ClassVar = "browse/previews/dump.html"
    rows: Sequence[tuple[str, str, str]]
    note: str = ""
    has_other: bool = False


def preview_of(entry: Entry, blob: Blob, asked: Asked) -> Preview:
    """How to show the file; a form that fails, or would be too large, gives way to the next plainer one."""
    name = entry.name.lower() if entry.kind == "blob" else ""
    ending = PurePosixPath(name).suffix
    if ending == ".zip" or name.endswith(listings.TAR_ENDINGS) or ending in {".jar", ".whl", ".docx", ".xlsx"}:
        return _listing(name, blob)
    head = head_of(blob, SHOWN_TEXT_BYTES if asked.plain else _needed_bytes(ending, blob))
    media = media_type(name, head)
    family = "pdf" if media == PDF else media.partition("/")[0]
    if family == "image" and not (asked.plain and is_text(head)):
        return _image(head, blob, other=is_text(head))
    if family in {"audio", "video", "pdf"}:
        return Media(family)
    if not is_text(head):
        return _dump(head, blob)
    return _text(name, head, blob, asked)


def head_of(blob: Blob, limit_bytes: int) -> bytes:
    """What a page needs of the file: the first chunk, and up to the limit when it is text."""
    head = bytearray()
    for chunk in blob.chunks:
        head += chunk
        if len(head) >= limit_bytes or not is_text(bytes(head[:8000])):
            break
    return bytes(head[:limit_bytes])


@dataclass(frozen=True)
class _Form:
    """A richer form of a text: up to which size it is made, and how."""

    limit_bytes: int
    kind: str
    make: Callable[[str, str, Asked], tables.Table | notebooks.Notebook | json_trees.Tree]


_RICH = {
    ".csv": _Form(tables.LONGEST_BYTES, "table", tables.read_table),
    ".tsv": _Form(tables.LONGEST_BYTES, "table", tables.read_table),
    ".tab": _Form(tables.LONGEST_BYTES, "table", tables.read_table),
    ".ipynb": _Form(notebooks.LONGEST_BYTES, "notebook", notebooks.read_notebook),
    ".json": _Form(json_trees.LONGEST_BYTES, "json", json_trees.read_tree),
    ".geojson": _Form(json_trees.LONGEST_BYTES, "json", json_trees.read_tree),
}


def _needed_bytes(ending: str, blob: Blob) -> int:
    """How much of the file its richest form needs: all of it, when that is small enough for the form."""
    form = _RICH.get(ending)
    return form.limit_bytes if form and blob.size_bytes <= form.limit_bytes else SHOWN_TEXT_BYTES


def _text(name: str, head: bytes, blob: Blob, asked: Asked) -> Preview:
    found = decoded(head)
    kind = document_kind(name)
    form = _RICH.get(PurePosixPath(name).suffix)
    if asked.plain or (kind == PLAIN and form is None):
        return _lines(name, head, blob, other=kind != PLAIN or form is not None)
    if kind != PLAIN:
        short = blob.size_bytes <= LONGEST_DOCUMENT_BYTES
        return Document(found.text, kind) if short else _lines(name, head, blob, why="It is too long for a document.")
    assert form
    if blob.size_bytes > form.limit_bytes:
        return _lines(name, head, blob, why=f"It is larger than {size(form.limit_bytes)} and shown as text.")
    try:
        return Rich(form.kind, form.make(name, found.text, asked))
    except ValueError as error:
        return _lines(
            name, head, blob, why=f"It cannot be read as what its name says ({error}), so it is shown as text."
        )


def _lines(name: str, head: bytes, blob: Blob, *, other: bool = False, why: str = "") -> Text:
    head = head[:SHOWN_TEXT_BYTES]
    found = decoded(head)
    plain, notes = split_lines(found.text), [why] if why else []
    if blob.size_bytes > len(head):
        notes.append(f"Only the first {size(len(head))} of {size(blob.size_bytes)} are shown.")
    if len(plain) > MOST_SHOWN_LINES:
        notes.append(f"Only the first {MOST_SHOWN_LINES:,} lines are shown.")
    lines = file_lines(name, "\n".join([*plain[:MOST_SHOWN_LINES], ""]))
    if any(len(line) > LONGEST_SHOWN_LINE * 4 for line in lines):
        notes.append(f"Lines are cut after {LONGEST_SHOWN_LINE:,} characters.")
        lines = [_cut(line) for line in lines]
    return Text(lines, found.encoding, " ".join(notes), has_other=other)


def _cut(line: Markup) -> Markup:
    return escape(line.striptags()[:LONGEST_SHOWN_LINE] + "…") if len(line) > LONGEST_SHOWN_LINE * 4 else line


def _image(head: bytes, blob: Blob, *, other: bool) -> Preview:
    pixels = images.pixels(head)
    if pixels and pixels[0] * pixels[1] > images.MOST_PIXELS:
        note = f"This image would have {pixels[0]:,} by {pixels[1]:,} pixels, too many to show."
        return Dump(_rows(head), note)
    return Media("image", pixels, has_other=other)


def _listing(name: str, blob: Blob) -> Preview:
    try:
        return Rich("listing", listings.read_listing(name, blob), has_other=False)
    except ValueError as error:
        return Dump((), f"The files in it cannot be listed: {error}.")


def _dump(head: bytes, blob: Blob) -> Dump:
    shown = min(DUMPED_BYTES, len(head))
    note = f"The first {size(shown)} of {size(blob.size_bytes)} are shown." if blob.size_bytes > shown else ""
    return Dump(_rows(head), note)


def _rows(head: bytes) -> list[tuple[str, str, str]]:
    starts = range(0, min(len(head), DUMPED_BYTES), DUMPED_ROW)
    return [_row(start, head[start : min(start + DUMPED_ROW, DUMPED_BYTES)]) for start in starts]


def _row(start: int, data: bytes) -> tuple[str, str, str]:
    return f"{start:08x}", data.hex(" "), "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)
