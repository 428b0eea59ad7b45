"""Files and notebooks of a difference, coloured and compared in the sandbox, within what a page can take."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from markupsafe import Markup, escape

from framework.browse.diff.colouring import Coloured, colour_files, colour_lines_of
from framework.browse.diff.notebook_changes import NotebookChange, diff_notebooks
from framework.browse.diff.tables.changes import TableChange, diff_tables
from framework.browse.render.code.highlighting import split_lines
from framework.browse.render.code.linguist import NOTHING, Told
from framework.browse.render.kinds.kind import Kind
from framework.browse.render.office.words import list_words
from framework.browse.render.rendering import sandbox
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import read_blobs
from framework.sandbox.sandbox import Busy, TooCostly

LONGEST_COLOURED_BYTES = 1 << 17
LONGEST_COLOURED_PAGE_BYTES = 1 << 19


def compare_notebooks(repository_id: str, before: bytes, now: bytes) -> NotebookChange | None:
    """The change between two notebooks of this repository; None when lines tell it better, or take less."""
    with suppress(TooCostly, Busy):
        return sandbox.call((repository_id, before, now), diff_notebooks, before, now)
    return None


def compare_tables(repository_id: str, kind: Kind, name: str, contents: tuple[bytes, bytes]) -> TableChange | None:
    """The change between two files with tables of this repository; None when lines tell it better, or take less."""
    with suppress(TooCostly, Busy):
        return sandbox.call((repository_id, kind, name, contents), diff_tables, kind, name, *contents)
    return None


def read_words(repository_id: str, ending: str, content: bytes) -> str | None:
    """The lines of a document of this repository; None where it cannot be read, or takes too much."""
    with suppress(TooCostly, Busy):
        return sandbox.call((repository_id, ending, content), list_words, ending, content)
    return None


def colour_part(repository_id: str, path: str, text: str, part: slice, *, told: str) -> Coloured:
    """Some lines of a text of this repository, in colours where that does not take too much.

    `told` is the language that `.gitattributes` name, if they do.
    """
    with suppress(TooCostly, Busy):
        key = repository_id, path, told, text, part.start
        html = sandbox.call(key, colour_lines_of, path, told, text, part)
        return [Markup(line) for line in html.split("\n")[:-1]]  # noqa: S704 # escaped there
    return [escape(line) for line in split_lines(text)[part]]


def colour_sides(
    copy: Copy, wanted: Iterable[tuple[str, str, int | None]], told: Mapping[str, Told]
) -> Mapping[tuple[str, str], Coloured]:
    """The coloured lines of these files, each a path, a blob's name and its size in bytes.

    `told` is what `.gitattributes` say of paths.

    Of so many only as a page can take; what would be too much is left out.
    """
    chosen, room = dict[tuple[str, str], None](), LONGEST_COLOURED_PAGE_BYTES
    for path, sha, size_bytes in wanted:
        if size_bytes and size_bytes <= min(LONGEST_COLOURED_BYTES, room):
            chosen[path, sha] = None
            room -= size_bytes
    contents = dict(read_blobs(copy, sorted({sha for _path, sha in chosen})))
    there = [(path, sha) for path, sha in chosen if sha in contents]
    files = [(path, told.get(path, NOTHING).language, contents[sha]) for path, sha in there]
    made = _colour_files(copy.snapshot.repository_id, files) if files else []
    return {side: lines for side, lines in zip(there, made, strict=True) if lines}


def _colour_files(repository_id: str, files: list[tuple[str, str, bytes]]) -> list[Coloured]:
    with suppress(TooCostly, Busy):
        made = sandbox.call((repository_id, files), colour_files, files)
        return [[Markup(line) for line in html.split("\n")[:-1]] for html in made]  # noqa: S704 # escaped there
    return [[] for _file in files]
