"""Lines of a difference in colours: both versions of a file are coloured whole, so that a comment stays a comment."""

import html
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from framework.browse.diff.patches import PatchLine
from framework.browse.render.code.highlighting import highlight_lines, highlight_part, split_lines
from framework.browse.render.encodings import decode

LONGEST_SECONDS = 0.8

_TAG = re.compile(r"<[^>]*>")

Coloured = Sequence[Markup]


def colour_files(files: Sequence[tuple[str, str, bytes]]) -> list[str]:
    """Each of these files as HTML whose lines end with line feeds: a path, the language it is told to be in, a content.

    Of so many only as there is time for; what would be too much is empty.
    """
    deadline = time.thread_time() + LONGEST_SECONDS
    return [_colour_file(*file) if time.thread_time() < deadline else "" for file in files]


def colour_lines_of(path: str, told: str, text: str, part: slice) -> str:
    """These lines of one file as HTML whose lines end with line feeds; `told` is its language if somebody named it."""
    return "".join(f"{line}\n" for line in highlight_part(path, split_lines(text), part, told))


def _colour_file(path: str, told: str, content: bytes) -> str:
    return "".join(f"{line}\n" for line in highlight_lines(path, decode(content).text, told))


def colour_lines(lines: Sequence[PatchLine], old: Coloured, new: Coloured) -> list[PatchLine]:
    """The lines in the colours that they have on their sides, wherever these say the same."""
    return [_colour_line(line, old, new) for line in lines]


def _colour_line(line: PatchLine, old: Coloured, new: Coloured) -> PatchLine:
    side, number = (old, line.old) if line.new is None else (new, line.new)
    if number is None or number > len(side):
        return line
    same = html.unescape(_TAG.sub("", side[number - 1])) == line.plain.removesuffix("\r")
    return replace(line, coloured=side[number - 1]) if same else line
