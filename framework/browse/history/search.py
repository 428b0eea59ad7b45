"""Finding in a version: files by a few letters of their path, and lines by what they hold; both within bounds."""

import re
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path

from framework.browse.places import Place, find_place
from framework.files import split_chunks
from framework.gitcore import git
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy

MOST_PATHS = 50_000
SHOWN_PATHS = 100
REMEMBERED_TREES = 16
LONGEST_QUERY = 200
DEADLINE_SECONDS = 8
MOST_LINES, MOST_OF_A_FILE = 300, 10
MOST_PRINTED_BYTES = 4 << 20
LONGEST_SHOWN_LINE = 240
NO_MATCH = 1
_MATCH = re.compile(rb"([^\0]+)\0([0-9]+)\0([^\n]*)\n")
"""A line that `git grep -n -z` prints: a path may hold line breaks, its content holds none."""


@dataclass(frozen=True)
class FoundFiles:
    """The files whose paths fit best; `complete` is False where the version has more files than are looked at."""

    place: Place
    query: str
    paths: Sequence[str]
    complete: bool


@dataclass(frozen=True)
class FoundLine:
    """A line that holds the text: its number, and the line around the text, in three parts."""

    number: int
    before: str
    match: str
    after: str


@dataclass(frozen=True)
class FileWithLines:
    """A file and its lines that were found."""

    path: str
    lines: Sequence[FoundLine]


@dataclass(frozen=True)
class FoundLines:
    """Files with lines that hold the text; `note` says what was left out."""

    place: Place
    query: str
    files: Sequence[FileWithLines]
    note: str = ""


_trees: LRUCache[tuple[Path, str], tuple[Sequence[str], bool]] = LRUCache(REMEMBERED_TREES)


def find_files(copy: Copy, ref: str, query: str) -> FoundFiles:
    """The files of the version whose paths hold the query's letters in this order, the best first.

    Raises:
        RefAbsent.
    """
    place = find_place(copy, ref, "")
    paths, complete = _paths(copy, place.sha)
    letters = "".join(query[:LONGEST_QUERY].lower().split())
    scored = ((score, path) for path in paths if (score := score_path(path, letters)) is not None)
    return FoundFiles(place, query, [path for _score, path in nsmallest(SHOWN_PATHS, scored)], complete)


def score_path(path: str, letters: str) -> tuple[int, int] | None:
    """How well a path fits letters that it holds in this order: lower is better; None when it does not hold them.

    The letters' span counts, and less when they stand together in the file's name.
    """
    text = path.lower()
    place = text.rfind(letters)
    if place >= 0:
        return (0 if place > text.rfind("/") else 1), len(path)
    start = position = text.find(letters[0])
    for letter in letters[1:]:
        if position < 0:
            break
        position = text.find(letter, position + 1)
    return (2 + position - start, len(path)) if position >= 0 else None


def find_lines(copy: Copy, ref: str, query: str) -> FoundLines:
    """The lines of the version's text files that hold the query; in any case when the query is all lower case.

    A copy without the large files' packs is searched without them, and the note says so.

    Raises:
        RefAbsent.
    """
    place = find_place(copy, ref, "")
    text = query.partition("\n")[0][:LONGEST_QUERY]
    if not text.strip():
        return FoundLines(place, query, ())
    found: dict[str, list[FoundLine]] = {}
    note = "" if copy.is_whole else "Large files are not looked into."
    try:
        for count, (path, line) in enumerate(_matches(copy, place.sha, text)):
            found.setdefault(path, []).append(line)
            if count + 1 == MOST_LINES:
                note = f"{note} Only the first {MOST_LINES} lines are shown; ask for more of them.".strip()
                break
    except git.GitTooSlow:
        note = f"{note} The search took too long, so there may be more.".strip()
    except git.GitFailed as failure:
        if failure.exit_status != NO_MATCH:
            raise
    return FoundLines(place, query, [FileWithLines(path, lines) for path, lines in found.items()], note)


def _paths(copy: Copy, sha: str) -> tuple[Sequence[str], bool]:
    known = _trees.get((copy.path, sha), ((), False))
    if not known[0]:
        known = _list_paths(copy, sha)
        _trees.put((copy.path, sha), known)
    return known


def _list_paths(copy: Copy, sha: str) -> tuple[Sequence[str], bool]:
    paths: list[str] = []
    with closing(_names(copy, sha)) as names:
        for name in names:
            if len(paths) == MOST_PATHS:
                return paths, False
            paths.append(name)
    return paths, True


def _names(copy: Copy, sha: str) -> Generator[str, None, None]:
    arguments = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", sha]
    with git.start(copy.path, *arguments) as process:
        yield from (name.decode(errors="surrogateescape") for name in split_chunks(git.chunks(process)))


def _matches(copy: Copy, sha: str, text: str) -> Iterator[tuple[str, FoundLine]]:
    case = ["-i"] if text == text.lower() else []
    forms = _forms_of(text)
    pattern = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE if case else 0)
    arguments = ["grep", "-n", "-I", "-F", "-z", "--no-color", "--threads=1", f"--max-count={MOST_OF_A_FILE}", *case]
    wanted = [part for form in forms for part in ("-e", form)]
    with git.start(copy.path, *arguments, *wanted, sha, deadline_seconds=DEADLINE_SECONDS) as process:
        rest, printed = b"", 0
        for chunk in git.chunks(process):
            printed, read, end = printed + len(chunk), rest + chunk, 0
            while match := _MATCH.match(read, end):
                path, number, content = match.groups()
                name = path.removeprefix(f"{sha}:".encode()).decode(errors="surrogateescape")
                yield name, _cut_line(int(number), content.decode(errors="replace"), pattern)
                end = match.end()
            rest = read[end:]
            if printed > MOST_PRINTED_BYTES:
                return


def _forms_of(text: str) -> list[str]:
    """The text as it may be written: its letters composed (NFC) or taken apart (NFD)."""
    return list(dict.fromkeys([text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))]))


def _cut_line(number: int, line: str, pattern: re.Pattern[str]) -> FoundLine:
    """The part of a line around the text, since a line may be a whole file."""
    found = pattern.search(line)
    place, end = found.span() if found else (0, 0)
    start = max(0, place - LONGEST_SHOWN_LINE // 3)
    before = ("…" if start else "") + line[start:place]
    after = line[end : end + LONGEST_SHOWN_LINE]
    return FoundLine(number, before, line[place:end], after + ("…" if len(line) > end + LONGEST_SHOWN_LINE else ""))
