"""Lines of a difference in colours: both versions of a file are coloured whole, so that a comment stays a comment."""

import html
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from framework.browse.encodings import decoded
from framework.browse.highlighting import file_lines
from framework.browse.patches import Line
from framework.repositories.copy import Copy
from framework.repositories.reading import read_blobs

LONGEST_BYTES = 1 << 17
LONGEST_PAGE_BYTES = 1 << 19
LONGEST_SECONDS = 0.8

_TAG = re.compile(r"<[^>]*>")

Coloured = Sequence[Markup]


def coloured_sides(copy: Copy, wanted: Iterable[tuple[str, str, int | None]]) -> Mapping[tuple[str, str], Coloured]:
    """The coloured lines of these files, each a path, a blob's name and its size in bytes.

    Of so many only as a page can take; what would be too much is left out.
    """
    chosen, room = dict[tuple[str, str], None](), LONGEST_PAGE_BYTES
    for path, sha, size_bytes in wanted:
        if size_bytes and size_bytes <= min(LONGEST_BYTES, room):
            chosen[path, sha] = None
            room -= size_bytes
    contents = dict(read_blobs(copy, sorted({sha for _path, sha in chosen})))
    deadline = time.thread_time() + LONGEST_SECONDS
    return {
        (path, sha): file_lines(path, decoded(contents[sha]).text)
        for path, sha in chosen
        if sha in contents and time.thread_time() < deadline
    }


def coloured_lines(lines: Sequence[Line], old: Coloured, new: Coloured) -> list[Line]:
    """The lines in the colours that they have on their sides, wherever these say the same."""
    return [_coloured(line, old, new) for line in lines]


def _coloured(line: Line, old: Coloured, new: Coloured) -> Line:
    side, number = (old, line.old) if line.new is None else (new, line.new)
    if number is None or number > len(side):
        return line
    same = html.unescape(_TAG.sub("", side[number - 1])) == line.plain.removesuffix("\r")
    return replace(line, coloured=side[number - 1]) if same else line
