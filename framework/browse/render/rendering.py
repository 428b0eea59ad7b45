"""Files as pages show them: made in a child process within limits, remembered, else shown as they are written."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from markupsafe import Markup

from framework.browse.render.content import PDF, SHOWN_TEXT_BYTES, bare_type, is_text, is_written_text
from framework.browse.render.documents import MARKDOWN, Links, render_each, render_to_html
from framework.browse.render.dumps import DUMPED_BYTES
from framework.browse.render.encodings import PROBED_BYTES
from framework.browse.render.kinds.kind import FILE, NAMED, Kind
from framework.browse.render.kinds.registry import KINDS, kind_of
from framework.browse.render.media.facts import PictureFacts
from framework.browse.render.media.subtitles import LARGEST_BYTES, make_webvtt
from framework.browse.render.media.work import MODULES, MOST_PIXELS, read_film, read_picture_head, read_sound
from framework.browse.render.notebooks.dressing import dress
from framework.browse.render.notebooks.reading import Notebook
from framework.browse.render.notebooks.scripts import Script, convert
from framework.browse.render.previews import (
    NO_PREVIEW,
    Media,
    Preview,
    Rich,
    TextFile,
    count_needed_bytes,
    dump_of,
    lines_of,
    read_file,
    text_preview,
)
from framework.browse.view_options import ViewOptions
from framework.errors import Invalid, Unavailable
from framework.formatting import format_size
from framework.repositories.cache.copy import Blob
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.folders import Entry
from framework.sandbox.sandbox import Busy, Sandbox, TooCostly

TOO_COSTLY = "It would take too long to show this in a richer form, so it is shown as it is written."
UNSORTED = (
    "It would take too long to sort, filter or summarise so much, so the rows are shown in the order of the file."
)
BUSY = "The server is busy, so this is shown as it is written. Load the page again in a moment."
MEDIA_START_BYTES = 1 << 20
"""So much of a sound or a film is read to tell its length."""

_LEXERS = ("c_cpp", "css", "data", "html", "javascript", "jvm", "markup", "python", "r", "shell", "sql")


class SubtitlesUnreadable(Invalid):
    """Subtitles are too large, or too costly to read."""

    def __init__(self) -> None:
        super().__init__("These are no subtitles that can be shown here.")


class BusyConverting(Unavailable):
    """Nothing can be converted at the moment."""

    def __init__(self) -> None:
        super().__init__("The server is busy. Try again in a moment.")


sandbox = Sandbox(
    "framework.browse.render.previews",
    *sorted({kind.module for kind in KINDS if kind.reader}),
    "framework.browse.render.notebooks.dressing",
    "framework.browse.render.notebooks.scripts",
    "framework.browse.render.office.words",
    "framework.browse.diff.notebook_changes",
    "framework.browse.diff.tables.changes",
    "framework.browse.history.citations.cff",
    *MODULES,
    "docutils.readers.standalone",
    "docutils.writers.html5_polyglot",
    "docutils.parsers.rst.directives.tables",
    *(f"pygments.lexers.{name}" for name in _LEXERS),
)


def render_document(text: str, links: Links, kind: str) -> Markup:
    """A document as HTML; as it is written, and told so, where that takes too much."""
    try:
        return sandbox.call((text, links, kind), render_to_html, text, links, kind)
    except (TooCostly, Busy) as refusal:
        return Markup('<p class="muted">{}</p><pre>{}</pre>').format(_why(refusal), text)


def render_note(text: str) -> Markup:
    """Markdown that belongs to no project, as HTML; nothing for nothing."""
    return render_document(text, Links("", "", ""), MARKDOWN) if text else Markup()


def render_notes(texts: Sequence[str]) -> Sequence[Markup]:
    """The same of each of several texts, in one piece of work; all as they are written where that takes too much."""
    key = tuple(texts)
    try:
        return sandbox.call(key, render_each, key) if key else ()
    except (TooCostly, Busy):
        return [Markup("<p>{}</p>").format(text) for text in key]


def dress_notebook(notebook: Notebook, links: Links) -> Notebook:
    """A notebook with its documents, formulas and colours; as it is written where that takes too much."""
    with suppress(TooCostly, Busy):
        return sandbox.call((notebook, links), dress, notebook, links)
    return notebook


def convert_notebook(repository_id: str, content: bytes) -> Script | None:
    """A notebook of this repository as a script; None where it is none, or takes too much.

    Raises:
        BusyConverting: others are being done.
    """
    try:
        return sandbox.call((repository_id, hashlib.sha256(content).digest()), convert, content)
    except Busy as refusal:
        raise BusyConverting from refusal
    except TooCostly:
        return None


def preview_file(repository_id: str, entry: Entry, blob: Blob, asked: ViewOptions, *, told: str) -> Preview:
    """How to show a file of this repository; a form that fails or takes too much gives way to a plainer one.

    `told` is the language that `.gitattributes` name, if they do.
    """
    name = entry.name.lower() if entry.kind == "blob" else ""
    kind = kind_of(name)
    if asked.plain:
        first = next(blob.chunks, b"")
        blob = replace(blob, chunks=chain([first], blob.chunks))
    if kind and kind.source == FILE and not (asked.plain and is_written_text(first)):
        return _read_file(repository_id, kind, name, blob, asked)
    needed_bytes = SHOWN_TEXT_BYTES if asked.plain else count_needed_bytes(name, blob.size_bytes)
    head = read_head(blob, needed_bytes, whatever=asked.encoding is not None)
    media = bare_type(name, head)
    family = "pdf" if media == PDF else media.partition("/")[0]
    if family == "image" and not (asked.plain and is_text(head)):
        return _image(repository_id, head, blob)
    if family in {"audio", "video"}:
        return _recording(repository_id, family, name, head, blob)
    if family == "pdf":
        return Media(family)
    if not (asked.encoding or is_text(head)):
        return dump_of(head, blob.size_bytes, kind.sentence if kind and kind.source == NAMED else NO_PREVIEW)
    return _text(repository_id, TextFile(name, head, blob.size_bytes, asked.encoding, told), blob.sha, asked)


def read_head(blob: Blob, limit_bytes: int, *, whatever: bool = False) -> bytes:
    """What a page needs of the file: the first chunk, and up to the limit when it is text, or `whatever` it is."""
    head = bytearray()
    for chunk in blob.chunks:
        head += chunk
        if len(head) >= limit_bytes or not (whatever or is_text(bytes(head[:PROBED_BYTES]))):
            break
    return bytes(head[:limit_bytes])


def _text(repository_id: str, file: TextFile, sha: str, asked: ViewOptions) -> Preview:
    def read(options: ViewOptions) -> Preview:
        return sandbox.call((repository_id, sha, file.name, file.told, options), text_preview, file, options)

    try:
        return _read_in_order(read, asked)
    except (TooCostly, Busy) as refusal:
        return lines_of(file, why=_why(refusal), coloured=False, number=asked.number)


def _read_in_order(read: Callable[[ViewOptions], Preview], asked: ViewOptions) -> Preview:
    """What is read of a file; of a table that takes too much in the order that was asked for, the first rows.

    Raises:
        TooCostly, Busy.
    """
    try:
        return read(asked)
    except TooCostly:
        if asked.in_file_order == asked:
            raise
    return _say_unsorted(read(asked.in_file_order))


def _say_unsorted(preview: Preview) -> Preview:
    return replace(preview, note=f"{UNSORTED} {preview.note}".strip()) if isinstance(preview, Rich) else preview


def _image(repository_id: str, head: bytes, blob: Blob) -> Preview:
    facts: PictureFacts | None = None
    with suppress(TooCostly, Busy):
        facts = sandbox.call((repository_id, blob.sha), read_picture_head, head)
    if facts and facts.pixels[0] * facts.pixels[1] > MOST_PIXELS:
        note = f"This image would have {facts.pixels[0]:,} by {facts.pixels[1]:,} pixels, too many to show."
        return dump_of(head, blob.size_bytes, note)
    return Media("image", facts, has_other=is_text(head))


def _recording(repository_id: str, family: str, name: str, head: bytes, blob: Blob) -> Preview:
    """A sound or a film, with what its beginning says of it."""
    start, key = _read_on(head, blob), (repository_id, blob.sha, name)
    with suppress(TooCostly, Busy):
        if family == "audio":
            return Media(family, sound=sandbox.call(key, read_sound, name, start, blob.size_bytes))
        return Media(family, film=sandbox.call(key, read_film, start))
    return Media(family)


def _read_on(head: bytes, blob: Blob) -> bytes:
    """The first bytes of a sound or a film, of which these were read before."""
    start = bytearray(head)
    while len(start) < MEDIA_START_BYTES and (chunk := next(blob.chunks, b"")):
        start += chunk
    return bytes(start)


def subtitle_film(repository_id: str, blob: Blob) -> str:
    """Subtitles of this repository as WebVTT.

    Raises:
        BusyConverting: others are being done. SubtitlesUnreadable.
    """
    if blob.size_bytes > LARGEST_BYTES:
        raise SubtitlesUnreadable
    try:
        return sandbox.call((repository_id, blob.sha), make_webvtt, b"".join(blob.chunks))
    except Busy as refusal:
        raise BusyConverting from refusal
    except TooCostly as refusal:
        raise SubtitlesUnreadable from refusal


def _read_file(repository_id: str, kind: Kind, name: str, blob: Blob, asked: ViewOptions) -> Preview:
    if blob.size_bytes > kind.limit_bytes:
        why = f"It is larger than {format_size(kind.limit_bytes)}, too large to look into here."
        return dump_of(next(blob.chunks, b"")[:DUMPED_BYTES], blob.size_bytes, why)
    with scratch("preview") as folder:
        path = folder / "file"

        def write() -> None:
            if not path.exists():  # it is there when it is read a second time
                with path.open("wb") as file:
                    file.writelines(blob.chunks)

        def read(options: ViewOptions) -> Preview:
            key = repository_id, kind, name, blob.sha, options
            return sandbox.call(key, read_file, kind, name, str(path), options, prepare=write)

        try:
            return _read_in_order(read, asked)
        except (TooCostly, Busy) as refusal:
            return dump_of(_read_start(path, blob), blob.size_bytes, _why(refusal))


def _read_start(path: Path, blob: Blob) -> bytes:
    """The first bytes of the file, of which there is a copy at the path if it was prepared."""
    if not path.exists():
        return next(blob.chunks, b"")[:DUMPED_BYTES]
    with path.open("rb") as file:
        return file.read(DUMPED_BYTES)


def _why(refusal: TooCostly | Busy) -> str:
    return BUSY if isinstance(refusal, Busy) else TOO_COSTLY
