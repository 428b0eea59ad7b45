"""What git prints of a difference, as lines that a page can show: numbered, paired, with the changed words marked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from markupsafe import Markup, escape

CONTEXT, ADDED, REMOVED, NOTE = " ", "+", "-", "\\"
LONGEST_MARKED_LINE = 400
LEAST_ALIKE = 0.35

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
_MARK = re.compile(r"</?mark>")
_WORD = re.compile(r"\w+|\s+|.")


@dataclass(frozen=True)
class Line:
    """One line of a difference: `kind` is git's sign, `old` and `new` its numbers where it has them."""

    kind: str
    old: int | None
    new: int | None
    text: Markup

    @property
    def plain(self) -> str:
        """The text as the file has it, without marks."""
        return Markup(_MARK.sub("", str(self.text))).unescape()  # noqa: S704 # on the way back to plain text


@dataclass(frozen=True)
class Hunk:
    """Neighbouring lines; `heading` is what git found to be around them, such as a function's name."""

    heading: str
    lines: Sequence[Line]

    @property
    def rows(self) -> Iterator[tuple[Line | None, Line | None]]:
        """The lines side by side: what was removed beside what was added in its place."""
        for changed, group in groupby(self.lines, key=lambda line: line.kind in {ADDED, REMOVED}):
            lines = list(group)
            if not changed:
                yield from ((line, line) for line in lines)
                continue
            removed = [line for line in lines if line.kind == REMOVED]
            yield from zip_longest(removed, (line for line in lines if line.kind == ADDED))


def hunks(printed: Iterable[str], *, most_lines: int, mark: bool) -> tuple[list[Hunk], int]:
    """The hunks of one file's patch, and how many lines were left out beyond `most_lines`; `mark` marks words."""
    found: list[Hunk] = []
    lines: list[Line] = []
    old = new = left_out = 0
    for text in printed:
        if start := _HUNK.match(text):
            old, new = int(start[1]), int(start[2])
            lines = []
            found.append(Hunk(start[3], lines))
        elif most_lines <= 0:
            left_out += 1
        elif found:
            sign, most_lines = text[:1] or CONTEXT, most_lines - 1
            lines.append(_line(sign, text[1:], old, new))
            old, new = old + (sign in " -"), new + (sign in " +")
    return [Hunk(hunk.heading, marked(hunk.lines) if mark else hunk.lines) for hunk in found if hunk.lines], left_out


def marked(lines: Sequence[Line]) -> list[Line]:
    """The same lines, with the changed words of lines that replaced each other in `<mark>`."""
    made = list(lines)
    for changed, group in groupby(enumerate(lines), key=lambda pair: pair[1].kind in {ADDED, REMOVED}):
        places = [place for place, _line in group] if changed else []
        removed = [place for place in places if lines[place].kind == REMOVED]
        added = [place for place in places if lines[place].kind == ADDED]
        for before, after in zip(removed, added, strict=False):
            old, new = words_marked(lines[before].text.unescape(), lines[after].text.unescape())
            made[before] = Line(REMOVED, lines[before].old, None, old)
            made[after] = Line(ADDED, None, lines[after].new, new)
    return made


def words_marked(old: str, new: str) -> tuple[Markup, Markup]:
    """Both texts with the words in which they differ in `<mark>`; plain when they are long or have little in common."""
    if max(len(old), len(new)) > LONGEST_MARKED_LINE:
        return escape(old), escape(new)
    before, after = _WORD.findall(old), _WORD.findall(new)
    match = SequenceMatcher(None, before, after, autojunk=False)
    if match.quick_ratio() < LEAST_ALIKE or match.ratio() < LEAST_ALIKE:
        return escape(old), escape(new)
    steps = match.get_opcodes()
    return (
        Markup("").join(_words(before[start:end], same=step == "equal") for step, start, end, _from, _to in steps),
        Markup("").join(_words(after[start:end], same=step == "equal") for step, _from, _to, start, end in steps),
    )


def _words(words: Sequence[str], *, same: bool) -> Markup:
    text = "".join(words)
    return escape(text) if same or not text else Markup("<mark>{}</mark>").format(text)


def _line(sign: str, text: str, old: int, new: int) -> Line:
    return Line(sign, old if sign in " -" else None, new if sign in " +" else None, escape(text))
