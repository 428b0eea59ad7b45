"""Who wrote each line of a file, and in which commit, as `git blame` finds it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from markupsafe import Markup

from framework.browse.diff.sandboxed import colour_part
from framework.browse.history.history import newest_change
from framework.browse.places import Place, find_place
from framework.browse.render.code.linguist import read_told_language
from framework.browse.render.content import is_text
from framework.browse.render.previews import TextFile
from framework.browse.render.signs import Warnings
from framework.browse.view_options import PAGE_LINES, ViewOptions
from framework.errors import Invalid, Unavailable
from framework.gitcore import git
from framework.gitcore.dates import moment_at
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import Entry, find

DEADLINE_SECONDS = 15
LONGEST_BYTES, MOST_LINES = 8 << 20, 100_000
REMEMBERED_FILES = 64


class NotBlamable(Invalid):
    """Lines can be told of text only, and of so much of it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"“{path}” is no text, or too long to tell who wrote each of its lines.")


class BlameTooLong(Unavailable):
    """git did not find who wrote the lines in the time that a page may take."""

    def __init__(self) -> None:
        super().__init__("The history of this file is too long to be told line by line here; use git blame in a clone.")


@dataclass(frozen=True)
class Origin:
    """The commit that a line comes from; `previous` is the commit before it, `path` the file's name there."""

    sha: str
    author_name: str
    authored_at: datetime
    title: str
    previous: str | None
    path: str


@dataclass(frozen=True)
class Passage:
    """Neighbouring lines of one commit; `start` is the first one's number, `age` the commit's from 0 (oldest) to 9."""

    origin: Origin
    start: int
    lines: Sequence[Markup]
    age: int


@dataclass(frozen=True)
class BlamePage:
    """A page of a file with the commit of each line: its first line's number, and how many lines the file has.

    `encoding` is that of its text, empty where that is ASCII.
    """

    page_lines: ClassVar = PAGE_LINES
    place: Place
    entry: Entry
    passages: Sequence[Passage]
    first: int
    count: int
    encoding: str = ""

    @property
    def warnings(self) -> Warnings:
        """What a reader has to know of hidden signs in the lines, and of some that look like others."""
        return Warnings.of(line for passage in self.passages for line in passage.lines)


_known: LRUCache[tuple[Path, str, str], Sequence[Origin]] = LRUCache(REMEMBERED_FILES)


def read_blame_page(copy: Copy, ref: str, path: str, asked: ViewOptions) -> BlamePage:
    """The page that is asked for of the file at this path, with the origin of each line; the copy holds all blobs.

    Raises:
        RefAbsent, PathAbsent. NotBlamable: it is no file of text of a bearable size. BlameTooLong.
    """
    place = find_place(copy, ref, path)
    entry = find(copy, place.sha, path)
    if entry.kind != "blob":
        raise NotBlamable(path)
    blob = copy.blob(entry.sha)
    if blob.size_bytes > LONGEST_BYTES:
        raise NotBlamable(path)
    content = b"".join(blob.chunks)
    if not (asked.encoding or is_text(content)) or content.count(b"\n") > MOST_LINES:
        raise NotBlamable(path)
    newest = newest_change(copy, place.sha, path)
    key = copy.path, newest.sha if newest else place.sha, path
    origins = _known.get(key, ()) or _origins(copy, place)
    _known.put(key, origins)
    start = min((asked.number - 1) * PAGE_LINES, max(0, len(origins) - 1) // PAGE_LINES * PAGE_LINES)
    part = slice(start, start + PAGE_LINES)
    told = read_told_language(copy, place.sha, path)
    found = TextFile(entry.name, content, len(content), asked.encoding).decode()
    coloured = colour_part(copy.snapshot.repository_id, path, found.text, part, told=told)
    return BlamePage(place, entry, tuple(_passages(origins, part, coloured)), start + 1, len(origins), found.encoding)


def _passages(origins: Sequence[Origin], part: slice, lines: Sequence[Markup]) -> Iterator[Passage]:
    """The passages of a part of the file, of whose lines git may count fewer: it ends them at line feeds only."""
    moments = {origin.authored_at.timestamp() for origin in origins} or {0.0}
    oldest, newest = min(moments), max(moments)
    chosen = origins[part]
    lines = [*lines, *[Markup("")] * (len(chosen) - len(lines))][: len(chosen)]
    for _origin, group in groupby(enumerate(chosen), key=lambda numbered: numbered[1].sha):
        numbered = list(group)
        start, origin = numbered[0]
        span = origin.authored_at.timestamp() - oldest
        age = round(9 * span / (newest - oldest)) if newest > oldest else 9
        yield Passage(origin, part.start + start + 1, lines[start : start + len(numbered)], age)


def _origins(copy: Copy, place: Place) -> list[Origin]:
    """The origin of each line (git-blame(1), The Porcelain Format)."""
    arguments = ["blame", "--porcelain", place.sha, "--", place.path]
    try:
        printed = git.run(copy.path, *arguments, deadline_seconds=DEADLINE_SECONDS)
    except git.GitTooSlow as failure:
        raise BlameTooLong from failure
    known: dict[str, dict[str, str]] = {}
    found: list[str] = []
    sha, facts = "", dict[str, str]()
    for line in printed.decode(errors="replace").split("\n")[:-1]:
        if line.startswith("\t"):
            found.append(sha)
        elif len(first := line.partition(" ")[0]) == 40 and not line.startswith("previous "):
            sha = first
            facts = known.setdefault(sha, {})
        else:
            name, _space, value = line.partition(" ")
            facts.setdefault(name, value)
    origins = {sha: _origin(sha, facts) for sha, facts in known.items()}
    return [origins[sha] for sha in found]


def _origin(sha: str, facts: dict[str, str]) -> Origin:
    return Origin(
        sha=sha,
        author_name=facts["author"],
        authored_at=moment_at(facts["author-time"]),
        title=facts["summary"],
        previous=facts["previous"].partition(" ")[0] if "previous" in facts else None,
        path=facts["previous"].partition(" ")[2] if "previous" in facts else facts["filename"],
    )
