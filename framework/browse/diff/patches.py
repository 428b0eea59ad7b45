"""What git prints of a difference, as lines that a page can show: numbered, paired, with the changed words marked."""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from markupsafe import Markup, escape

from framework.browse.render.signs import show_signs

CONTEXT, ADDED, REMOVED, NOTE = " ", "+", "-", "\\"
LONGEST_MARKED_LINE = 240
LEAST_ALIKE = 0.5
MOST_COMPARED = 24

_SECTION = re.compile(rb"^(diff --git .*)\n", re.MULTILINE)
_QUOTED = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
_ESCAPES = dict(zip(b'\a\b\t\n\v\f\r"\\', b'abtnvfr"\\', strict=True))
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
_WORD = re.compile(r"\w+|\s+|.")
_PIECE = re.compile(r"<[^>]*>|&[^;]*;|.", re.DOTALL)
_NOTHING_IN_COLOUR = re.compile(r'<span class="[^"]*"></span>')

Places = Sequence[tuple[int, int]]


class Sections:
    """The sections of a patch, found by the names in their first lines (git-diff(1), "Generating patch text")."""

    def __init__(self, patch: bytes) -> None:
        _before, *parts = _SECTION.split(patch)
        self._bodies: defaultdict[bytes, deque[bytes]] = defaultdict(deque)
        for first_line, body in zip(parts[::2], parts[1::2], strict=True):
            self._bodies[first_line].append(body)

    def take(self, old_path: str, path: str, *, count: int = 1) -> bytes:
        """What follows the first lines of the next `count` sections of this file, which are there."""
        own = self._bodies[b"diff --git " + _quote("a/", old_path) + b" " + _quote("b/", path)]
        assert len(own) >= count, f"git printed {len(own)} sections for {path!r} in place of {count}"
        return b"".join(own.popleft() for _ in range(count))


def _quote(prefix: str, path: str) -> bytes:
    """A name as git writes it into a patch (git-config(1), core.quotePath)."""
    name = (prefix + path).encode(errors="surrogateescape")
    quoted = _QUOTED.sub(_escape, name)
    return name if quoted == name else b'"' + quoted + b'"'


def _escape(found: re.Match[bytes]) -> bytes:
    [byte] = found.group()
    return b"\\%c" % _ESCAPES[byte] if byte in _ESCAPES else b"\\%03o" % byte


@dataclass(frozen=True)
class PatchLine:
    """One line of a difference: `kind` is git's sign, `old` and `new` its numbers where it has them.

    `plain` is the text as the file has it, `marks` where each changed passage of it starts and ends, `coloured` the
    text in colours, when they are known.
    """

    kind: str
    old: int | None
    new: int | None
    plain: str
    marks: Places = ()
    coloured: Markup | None = None

    @property
    def text(self) -> Markup:
        """The line as a page shows it."""
        shown = escape(self.plain) if self.coloured is None else self.coloured
        return show_signs(insert_marks(shown, self.marks) if self.marks else shown)


@dataclass(frozen=True)
class Hunk:
    """Neighbouring lines; `heading` is what git found to be around them, such as a function's name."""

    heading: str
    lines: Sequence[PatchLine]

    @property
    def rows(self) -> Iterator[tuple[PatchLine | None, PatchLine | None]]:
        """The lines side by side: what was removed beside what was added in its place."""
        for changed, group in groupby(self.lines, key=lambda line: line.kind in {ADDED, REMOVED}):
            lines = list(group)
            if not changed:
                yield from ((line, line) for line in lines)
                continue
            yield from pair_lines(lines)


def parse_hunks(printed: Iterable[str], *, most_lines: int, mark: bool) -> tuple[list[Hunk], int]:
    """The hunks of one file's patch, and how many lines were left out beyond `most_lines`; `mark` marks words."""
    found: list[Hunk] = []
    lines: list[PatchLine] = []
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
            lines.append(PatchLine(sign, old if sign in " -" else None, new if sign in " +" else None, text[1:]))
            old, new = old + (sign in " -"), new + (sign in " +")
    return [
        Hunk(hunk.heading, mark_words(hunk.lines) if mark else hunk.lines) for hunk in found if hunk.lines
    ], left_out


def mark_words(lines: Sequence[PatchLine]) -> list[PatchLine]:
    """The same lines, with the changed words of lines that replaced each other marked."""
    made: dict[PatchLine, PatchLine] = {}
    for changed, group in groupby(lines, key=lambda line: line.kind in {ADDED, REMOVED}):
        for before, after in pair_lines(list(group)) if changed else ():
            if before and after:
                old, new = find_changed_words(before.plain, after.plain)
                made[before], made[after] = replace(before, marks=old), replace(after, marks=new)
    return [made.get(line, line) for line in lines]


def pair_lines(lines: Sequence[PatchLine]) -> Iterator[tuple[PatchLine | None, PatchLine | None]]:
    """What was removed beside what was added in its place, in order; of the longer side those that are most alike."""
    removed, added = ([line for line in lines if line.kind == kind] for kind in (REMOVED, ADDED))
    if abs(len(removed) - len(added)) * min(len(removed), len(added)) > MOST_COMPARED:
        yield from zip_longest(removed, added)
    elif len(removed) <= len(added):
        yield from _partners(removed, added)
    else:
        yield from ((old, new) for new, old in _partners(added, removed))


def _partners(short: Sequence[PatchLine], long: Sequence[PatchLine]) -> Iterator[tuple[PatchLine | None, PatchLine]]:
    """Each line of the long side, with the one of the short side that it is most like, as far as the order allows."""
    place, spare = 0, len(long) - len(short)
    for line in short:
        best = max(range(place, place + spare + 1), key=lambda number: _count_common_characters(line, long[number]))
        yield from ((None, alone) for alone in long[place:best])
        yield line, long[best]
        place, spare = best + 1, spare - (best - place)
    yield from ((None, alone) for alone in long[place:])


def _count_common_characters(one: PatchLine, other: PatchLine) -> int:
    """How many characters both have in words that stand in the same order."""
    if max(len(one.plain), len(other.plain)) > LONGEST_MARKED_LINE:
        return 0
    words, others = ([word for word in _WORD.findall(line.plain) if not word.isspace()] for line in (one, other))
    blocks = SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks()
    return sum(len("".join(words[block.a : block.a + block.size])) for block in blocks)


def find_changed_words(old: str, new: str) -> tuple[Places, Places]:
    """Where each text has words that the other has not; nowhere when they are long or have little in common."""
    if max(len(old), len(new)) > LONGEST_MARKED_LINE:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    match = SequenceMatcher(None, before, after, autojunk=False)
    if match.quick_ratio() < LEAST_ALIKE or match.ratio() < LEAST_ALIKE:
        return (), ()
    steps = [step for step in match.get_opcodes() if step[0] != "equal"]
    return (
        [_span(before, start, end) for _step, start, end, _from, _to in steps if end > start],
        [_span(after, start, end) for _step, _from, _to, start, end in steps if end > start],
    )


def _span(words: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """Where these words are among the text's characters."""
    first = sum(map(len, words[:start]))
    return first, first + sum(map(len, words[start:end]))


def insert_marks(text: Markup, places: Places) -> Markup:
    """The text with these of its characters in `<mark>`; a coloured word that is marked in part is divided."""
    tags = {start: "<mark>" for start, _end in places} | {end: "</mark>" for _start, end in places}
    made, colour, place = [], "", 0
    for piece in _PIECE.findall(str(text)):
        if piece.startswith("<"):
            colour = "" if piece == "</span>" else piece
        else:
            tag = tags.pop(place, "")
            made.append(f"</span>{tag}{colour}" if tag and colour else tag)
            place += 1
        made.append(piece)
    made += tags.values()
    return Markup(_NOTHING_IN_COLOUR.sub("", "".join(made)))  # noqa: S704 # escaped before
