"""How a file's page shows the file: the richest form that its name and bytes allow, within bounds, else its bytes."""

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from markupsafe import Markup, escape

from framework.browse.render.code.highlighting import highlight_part, split_lines
from framework.browse.render.content import EDITED_TEXT_BYTES, SHOWN_TEXT_BYTES, cut_lines, is_written_text
from framework.browse.render.documents import LONGEST_DOCUMENT_BYTES, PLAIN, document_kind
from framework.browse.render.dumps import DUMPED_BYTES, dump_rows
from framework.browse.render.encodings import Decoded, decode
from framework.browse.render.kinds.kind import FILE, TEXT, Kind
from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.media.facts import Film, PictureFacts, Sound
from framework.browse.render.media.subtitles import Track
from framework.browse.render.signs import NO_WARNINGS, Warnings, show_signs, warn_of_source
from framework.browse.view_options import PAGE_LINES, ViewOptions
from framework.formatting import format_size

LONGEST_SHOWN_LINE, SHORTEST_CUT = 10_000, 240
PAGE_CHARACTERS = 400_000
"""A page of a text has about so many characters; longer lines are cut then."""
PROSE = (".tex", ".ltx", ".rnw", ".md", ".markdown", ".rmd", ".qmd", ".rst", ".adoc", ".org", ".txt")
"""Texts whose lines may be whole paragraphs, by the ends of their names."""
TOO_LONG = "It is too long for a document."
FIRST_READ = "Only the first {} of {} are read."
NO_PREVIEW = "This kind of file has no preview."
CANNOT_BE_READ = "It cannot be read as what its name says"


class Preview:
    """What a page shows of a file: `template` draws it, `note` says what was left out or what went wrong.

    `encoding` is that of a text. `has_other` tells that the same file can be shown as text and in a richer form;
    `is_text` which one this is.
    """

    template: ClassVar[str]
    note: str = ""
    encoding: str = ""
    has_other: bool = False
    is_text: bool = False

    @property
    def editable(self) -> bool:
        """Whether the file is a text that is there to its end, so that it can be edited."""
        return (self.has_other or self.is_text) and not self.note


@dataclass(frozen=True)
class Text(Preview):
    """A page of a text, line by line, in colours: the first line's number, and how many lines all pages have.

    `has_outline` tells that its other form is an outline, `wraps` that its lines are paragraphs.
    """

    template: ClassVar = "browse/previews/text.html"
    page_lines: ClassVar = PAGE_LINES
    is_text: ClassVar = True  # type: ignore[misc]
    html: str
    encoding: str
    note: str = ""
    has_other: bool = False
    first: int = 1
    count: int = 0
    is_editable: bool = True
    has_outline: bool = False
    wraps: bool = False

    @property
    def editable(self) -> bool:
        """Whether it is there to its end, and short enough to be edited."""
        return self.is_editable

    @property
    def lines(self) -> Sequence[Markup]:
        """The lines; in `html` each ends with a line feed."""
        escaped = (Markup(line) for line in self.html.split("\n")[:-1])  # noqa: S704
        return [show_signs(line) for line in escaped]

    @property
    def warnings(self) -> Warnings:
        """What a reader has to know of hidden signs in it, and of some that look like others."""
        return Warnings.of([self.html])


@dataclass(frozen=True)
class Document(Preview):
    """A document to be read; `kind` is markdown or rst."""

    template: ClassVar = "browse/previews/document.html"
    text: str
    kind: str
    encoding: str = ""
    note: str = ""
    has_other: bool = True
    warnings: Warnings = NO_WARNINGS


@dataclass(frozen=True)
class Media(Preview):
    """What a browser shows by itself: `family` is image, audio, video or pdf; what is known of it.

    `tracks` are the subtitles that lie beside a film.
    """

    template: ClassVar = "browse/previews/media.html"
    family: str
    facts: PictureFacts | None = None
    note: str = ""
    has_other: bool = False
    sound: Sound | None = None
    film: Film | None = None
    tracks: Sequence[Track] = ()

    @property
    def pixels(self) -> tuple[int, int] | None:
        """The width and height of an image or a film as it is shown, when known."""
        known = self.facts or self.film
        return known.pixels if known else None


@dataclass(frozen=True)
class Rich(Preview):
    """What the reader of a file's kind has made of it, drawn by the template of that kind.

    `has_other` tells that it is a text.
    """

    kind: str
    content: object
    encoding: str = ""
    note: str = ""
    has_other: bool = True
    warnings: Warnings = NO_WARNINGS

    @property
    def template(self) -> str:  # type: ignore[override]
        """The template of the kind."""
        return f"browse/previews/{self.kind}.html"


@dataclass(frozen=True)
class Dump(Preview):
    """A file that a page does not show otherwise: rows of offset, bytes in hex, and printable characters.

    `extent` says how many of its bytes the rows have.
    """

    template: ClassVar = "browse/previews/dump.html"
    rows: Sequence[tuple[str, str, str]]
    extent: str
    note: str = ""
    has_other: bool = False


def count_needed_bytes(name: str, size_bytes: int) -> int:
    """How much of the file its richest form needs: all of it, when that is small enough for the form."""
    kind = _text_kind(name)
    return kind.limit_bytes if kind and size_bytes <= kind.limit_bytes else SHOWN_TEXT_BYTES


def _text_kind(name: str) -> Kind | None:
    kind = kind_of(name)
    return kind if kind and kind.source == TEXT else None


@dataclass(frozen=True)
class TextFile:
    """A text to be shown: its lower-case name, its first bytes as far as a form needs them, its size.

    `encoding` is one of `ENCODINGS` if the reader has chosen it, `told` the language that `.gitattributes` name.
    """

    name: str
    head: bytes
    size_bytes: int
    encoding: str | None = None
    told: str = ""

    def decode(self, limit_bytes: int | None = None) -> Decoded:
        """The text of the bytes that are there, or of so many of them; ASCII has no encoding to choose."""
        head = self.head[:limit_bytes]
        found = decode(head, goes_on=self.size_bytes > len(head), encoding=self.encoding)
        return Decoded(found.text, "") if found.encoding == "utf-8" and head.isascii() and not self.encoding else found


def text_preview(file: TextFile, asked: ViewOptions) -> Preview:
    """The richest form of a text, or its lines."""
    document, kind = document_kind(file.name), _text_kind(file.name)
    if kind and kind.asked_for and not asked.outline:
        return replace(lines_of(file, other=file.size_bytes <= kind.limit_bytes, number=asked.number), has_outline=True)
    if asked.plain or (document == PLAIN and kind is None):
        other = document != PLAIN or kind is not None or is_read_from_file(file.name)
        return lines_of(file, other=other, number=asked.number)
    if document != PLAIN:
        short = file.size_bytes <= LONGEST_DOCUMENT_BYTES
        found = file.decode()
        return (
            Document(found.text, document, found.encoding, warnings=Warnings.of([found.text]))
            if short
            else lines_of(file, why=TOO_LONG, number=asked.number)
        )
    assert kind
    return _read_text(kind, file, asked)


def _read_text(kind: Kind, file: TextFile, asked: ViewOptions) -> Preview:
    is_long = file.size_bytes > kind.limit_bytes
    if is_long and not kind.is_cut:
        why = f"It is larger than {format_size(kind.limit_bytes)} and shown as text."
        return lines_of(file, why="" if kind.guessed else why, number=asked.number)
    try:
        found = file.decode(kind.limit_bytes)
        text = cut_lines(found.text) if is_long else found.text
        note = FIRST_READ.format(format_size(kind.limit_bytes), format_size(file.size_bytes)) if is_long else ""
        made = _read(kind, file.name, text, asked)
        return Rich(kind.template, made, found.encoding, note, warnings=warn_of_source(text))
    except ValueError as error:
        if kind.otherwise:
            return _read_text(kind.otherwise, file, asked)
        why = f"{CANNOT_BE_READ} ({error}), so it is shown as text."
        return lines_of(file, why="" if kind.guessed else why, number=asked.number)


def is_read_from_file(name: str) -> bool:
    """Whether what has this lower-case name is shown as its reader understands the file, though it may be a text."""
    kind = kind_of(name)
    return kind is not None and kind.source == FILE


def read_file(kind: Kind, name: str, path: str, asked: ViewOptions) -> Preview:
    """What the file of this lower-case name, of which a copy is at this path, is shown as.

    What its reader refuses may be a text: instruments write tables into `.xls` files, and MATLAB into `.mat` files.
    """
    size_bytes = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        head = file.read(SHOWN_TEXT_BYTES)
    try:
        return Rich(kind.template, _read(kind, name, path, asked), has_other=is_written_text(head))
    except ValueError as error:
        why = str(error)
    except OSError:  # it tells of a place where no file reaches
        why = "it is damaged"
    if not is_written_text(head):
        return dump_of(head, size_bytes, f"{CANNOT_BE_READ}: {why}.")
    text = TextFile(name, head, size_bytes, asked.encoding)
    return _read_text(kind.otherwise, text, asked) if kind.otherwise else lines_of(text, number=asked.number)


def _read(kind: Kind, name: str, given: str, asked: ViewOptions) -> object:
    made: object = pkgutil.resolve_name(kind.reader)(name, given, asked)
    return made


def lines_of(file: TextFile, *, other: bool = False, why: str = "", coloured: bool = True, number: int = 1) -> Text:
    """A page of the text's lines, the last one where there are fewer pages.

    `other` tells that there is a richer form, `why` that this is not what was asked for.
    """
    head = file.head[:SHOWN_TEXT_BYTES]
    found = file.decode(SHOWN_TEXT_BYTES)
    plain, notes = split_lines(found.text), [why] if why else []
    if file.size_bytes > len(head):
        notes.append(f"Only the first {format_size(len(head))} of {format_size(file.size_bytes)} are shown.")
    start = min((number - 1) * PAGE_LINES, max(0, len(plain) - 1) // PAGE_LINES * PAGE_LINES)
    part = slice(start, start + PAGE_LINES)
    lines = highlight_part(file.name, plain, part, file.told) if coloured else [escape(line) for line in plain[part]]
    longest = max(SHORTEST_CUT, min(LONGEST_SHOWN_LINE, PAGE_CHARACTERS // max(1, len(lines))))
    if any(len(line) > longest for line in plain[part]):
        notes.append(f"Lines are cut after {longest:,} characters.")
        lines = [line if len(plain[start + at]) <= longest else _cut(line, longest) for at, line in enumerate(lines)]
    html = "".join(f"{line}\n" for line in lines)
    is_editable = not notes and file.size_bytes <= EDITED_TEXT_BYTES
    wraps = file.name.endswith(PROSE)
    return Text(html, found.encoding, " ".join(notes), other, start + 1, len(plain), is_editable, wraps=wraps)


def _cut(line: Markup, longest: int) -> Markup:
    return escape(line.striptags()[:longest] + "…")


def dump_of(head: bytes, size_bytes: int, why: str = NO_PREVIEW) -> Dump:
    """The first bytes of the file, and why it is not shown otherwise."""
    shown = min(DUMPED_BYTES, len(head))
    extent = f"the first {format_size(shown)} of {format_size(size_bytes)}" if size_bytes > shown else ""
    return Dump(dump_rows(head), extent, why)
