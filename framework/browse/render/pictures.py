"""Pictures drawn for browsers: thumbnails, and what no browser shows by itself; made once, kept on the disk."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict

from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.media.work import draw_picture
from framework.browse.render.rendering import sandbox
from framework.browse.view_options import ViewOptions
from framework.errors import Invalid, Unavailable
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import Blob
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.folders import Entry
from framework.sandbox.sandbox import Busy, TooCostly
from framework.sandbox.server import Limits
from framework.web.remembered import store

SMALL, LARGE = 320, 2_048
"""At most so many pixels wide and high."""
LARGEST_BYTES = 64 << 20
LONGEST_WAIT_SECONDS = 10
LIMITS = Limits(cpu_seconds=3, seconds=8, memory_bytes=192 << 20)
"""Enough for 24 megapixels of a form that is decoded as a whole, 4 bytes each; only one is drawn at a time."""
FEWEST_PICTURES = 4
"""In a folder of fewer, a list is shorter."""
SVG = ".svg"
LARGEST_SVG_BYTES = 256 << 10
"""A larger drawing takes a browser too long to be one of many."""
OF_LENGTH = 16
"""So much of a blob's name stands in the address of a thumbnail, which then means the same for ever."""
NONE = b"-"
"""Kept in place of a picture that cannot be drawn, so that it is tried once."""

_drawing = threading.BoundedSemaphore()


class NotDrawn(Invalid):
    """The file is no picture, or one that is damaged, too large or too costly to draw."""

    def __init__(self, path: str) -> None:
        super().__init__(f"“{path}” is no picture that can be shown here; download it to open it with a program.")


class BusyDrawing(Unavailable):
    """Other pictures are being drawn."""

    def __init__(self) -> None:
        super().__init__("The server is busy with other pictures. Try again in a moment.")


def is_drawn(name: str) -> bool:
    """Whether a file of this name is a picture that is drawn here; SVG is left to browsers."""
    kind = kind_of(name.lower())
    titles = {"pictures", "pictures that browsers do not show"}
    return kind is not None and kind.title in titles and not name.lower().endswith(SVG)


def has_thumbnail(name: str) -> bool:
    """Whether a file of this name has a small picture, unless it is too large for one."""
    return is_drawn(name) or name.lower().endswith(SVG)


class Layout(TypedDict):
    """How a folder is laid out."""

    has_pictures: bool
    layout: str
    chosen_layout: str


def choose_layout(entries: Sequence[Entry], asked: ViewOptions) -> Layout:
    """A grid of thumbnails for a folder of which most files are pictures, unless the reader wants it otherwise."""
    files = [entry.name for entry in entries if entry.kind == "blob"]
    pictures = sum(map(has_thumbnail, files))
    fitting = "grid" if pictures >= FEWEST_PICTURES and pictures * 2 > len(files) else "list"
    return Layout(has_pictures=pictures > 0, layout=asked.layout or fitting, chosen_layout=asked.layout)


def thumbnail_address(project: ProjectAccess, ref: str, entry: Entry) -> str:
    """The address of the small picture of a file of the project; empty where it has none."""
    name, size_bytes = entry.name.lower(), entry.size_bytes or 0
    if entry.kind == "blob" and is_drawn(name) and size_bytes <= LARGEST_BYTES:
        return f"{project.address('picture', ref, entry.path)}?size=small&of={entry.sha[:OF_LENGTH]}"
    if entry.kind == "blob" and name.endswith(SVG) and size_bytes <= LARGEST_SVG_BYTES:
        return project.address("raw", ref, entry.path)
    return ""


def draw(repository_id: str, entry: Entry, blob: Blob, longest: int) -> bytes:
    """The picture in this file of the repository as WebP, at most `longest` pixels wide and high.

    Raises:
        NotDrawn, BusyDrawing. What the blob's chunks raise.
    """
    name = entry.name.lower()
    if entry.kind != "blob" or not is_drawn(name) or blob.size_bytes > LARGEST_BYTES:
        raise NotDrawn(entry.path)
    told = repository_id, "picture", blob.sha, name.rpartition(".")[2], longest
    key = hashlib.sha256(repr(told).encode(errors="surrogateescape")).hexdigest()
    drawn = store.find(key)
    if drawn is None:
        with _wait_for_turn():
            drawn = store.find(key) or _draw(name, blob, longest)
            store.keep(key, drawn)
    if drawn == NONE:
        raise NotDrawn(entry.path)
    return drawn


@contextmanager
def _wait_for_turn() -> Iterator[None]:
    """One picture at a time, so that a folder of them leaves room in the sandbox for pages, and fetches no flood."""
    if not _drawing.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise BusyDrawing
    try:
        yield
    finally:
        _drawing.release()


def _draw(name: str, blob: Blob, longest: int) -> bytes:
    with scratch("picture") as folder:
        path = folder / "file"
        with path.open("wb") as file:
            file.writelines(blob.chunks)
        try:
            return sandbox.run(draw_picture, name, str(path), longest, limits=LIMITS) or NONE
        except TooCostly:
            return NONE
        except Busy as refusal:
            raise BusyDrawing from refusal
