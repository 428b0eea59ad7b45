"""Finding lines in a version by what they hold, within bounds, whatever encoding the files are in."""

import re
import signal
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from framework.browse.places import Place, find_place
from framework.browse.render.code.highlighting import split_lines
from framework.browse.render.encodings import LOOKED_AT_BYTES, decode, is_wide
from framework.files import split_chunks
from framework.gitcore import git
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import find

LONGEST_QUERY = 200
DEADLINE_SECONDS = 8
WIDE_DEADLINE_SECONDS = 4
MOST_LINES, MOST_OF_A_FILE = 300, 10
MOST_PRINTED_BYTES = 4 << 20
LONGEST_SHOWN_LINE = 240
MOST_MARKED_FILES, MOST_WIDE_BYTES, LONGEST_WIDE_BYTES = 1_000, 8 << 20, 1 << 20
"""Files that are looked at for a mark of UTF-16, and how many bytes of such files are searched in all and of one."""
MOST_GUESSED_FILES = 50
REMEMBERED_TREES = 256
NO_MATCH = 1
TOO_MANY: Sequence[str] = ()
"""Instead of the texts in UTF-16 of a version in which it takes too long to look for them."""
_MATCH = re.compile(rb"([^\0]+)\0([0-9]+)\0([^\n]*)\n")
"""A line that `git grep -n -z` prints: a path may hold line breaks, its content holds none."""
_WIDE_STARTS = (b"\xff\xfe", b"\xfe\xff", b"[ -~][^\x01-\xff]" * 3, b"[^\x01-\xff][ -~]" * 3)
"""How a text in UTF-16 begins, as patterns: with a mark, or with letters of ASCII; no argument can hold a NUL."""
_CODECS = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "mac_roman", "cp932", "euc_jp", "gb18030", "big5",
    "cp949",
)  # fmt: skip
"""In what a text may be written beside UTF-8; each covers its relatives, as cp1252 does Latin-1."""


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
    """Files with lines that hold the text; `note` says what was left out, `unread` names texts that were not read."""

    place: Place
    query: str
    files: Sequence[FileWithLines]
    note: str = ""
    unread: Sequence[str] = ()


_wide: LRUCache[tuple[Path, str, bool], Sequence[str] | None] = LRUCache(REMEMBERED_TREES)


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
    search = _Search(copy, place.sha, text)
    search.run()
    files = [FileWithLines(path, lines) for path, lines in search.found.items()]
    return FoundLines(place, query, files, " ".join(search.notes), search.unread)


class _Search:
    """One search of a commit; `found` has the lines by path, `notes` what was left out."""

    def __init__(self, copy: Copy, sha: str, text: str) -> None:
        self._copy, self._sha, self._text = copy, sha, text
        self._any_case = text == text.lower()
        self._forms = _forms_of(text, any_case=self._any_case)
        flags = re.IGNORECASE if self._any_case else 0
        self._pattern = re.compile("|".join(map(re.escape, self._forms)), flags)
        self._encodings: dict[str, str] = {}
        self.found: dict[str, list[FoundLine]] = {}
        self._is_whole = copy.is_whole
        self.notes = [] if self._is_whole else ["Large files are not looked into."]
        self.unread: Sequence[str] = ()

    def run(self) -> None:
        """Find the lines."""
        try:
            for count, (path, line) in enumerate(self._matches(), 1):
                self.found.setdefault(path, []).append(line)
                if count == MOST_LINES:
                    self.notes.append(f"Only the first {MOST_LINES} lines are shown; ask for more of them.")
                    break
        except git.GitTooSlow:
            self.notes.append("The search took too long, so there may be more.")

    def _matches(self) -> Iterator[tuple[str, FoundLine]]:
        yield from self._grep()
        yield from self._search_wide_files()

    def _grep(self) -> Iterator[tuple[str, FoundLine]]:
        case = ["-i"] if self._any_case else []
        options = ["-n", "-I", "-F", "-z", "--no-color", "--threads=1", f"--max-count={MOST_OF_A_FILE}", *case]
        patterns = [part for pattern in self._byte_patterns() for part in ("-e", pattern)]
        # In the locale C, git takes bytes of any encoding, and only ASCII letters for small and large ones.
        environment = {} if self._text.isascii() else {"LC_ALL": "C"}
        with _grep(self._copy, [*options, *patterns, self._sha], environment, DEADLINE_SECONDS) as chunks:
            rest, printed = b"", 0
            for chunk in chunks:
                printed, read, end = printed + len(chunk), rest + chunk, 0
                while match := _MATCH.match(read, end):
                    path, number, content = match.groups()
                    name = path.removeprefix(f"{self._sha}:".encode()).decode(errors="surrogateescape")
                    if line := self._read_line(name, int(number), content):
                        yield name, line
                    end = match.end()
                rest = read[end:]
                if printed > MOST_PRINTED_BYTES:
                    return

    def _byte_patterns(self) -> list[str]:
        """The text in each way to write it, as arguments for git."""
        found = [form.encode(errors="surrogateescape") for form in self._forms]
        for form in self._forms:
            for codec in _CODECS if not form.isascii() else ():
                with suppress(UnicodeEncodeError):
                    found.append(form.encode(codec))
        return [pattern.decode(errors="surrogateescape") for pattern in dict.fromkeys(found)]

    def _read_line(self, path: str, number: int, content: bytes) -> FoundLine | None:
        """The line as a text that holds what is looked for; None where its bytes do so in another encoding only."""
        try:
            line = content.decode()
        except UnicodeDecodeError:
            line = decode(content, encoding=self._encoding_of(path, content)).text
        return _cut_line(number, line, self._pattern) if self._pattern.search(line) else None

    def _encoding_of(self, path: str, content: bytes) -> str:
        """What the page of the file takes it for; after many such files, what the line alone looks like."""
        if path not in self._encodings and len(self._encodings) < MOST_GUESSED_FILES:
            blob = self._copy.blob(find(self._copy, self._sha, path).sha)
            self._encodings[path] = decode(_read_start(blob.chunks), goes_on=blob.size_bytes > LOOKED_AT_BYTES).encoding
        return self._encodings.get(path) or decode(content[:LONGEST_SHOWN_LINE]).encoding

    def _search_wide_files(self) -> Iterator[tuple[str, FoundLine]]:
        """The lines of files in UTF-16, which git takes for binary ones."""
        room, unread = MOST_WIDE_BYTES, []
        for path in self._wide_paths():
            blob = self._copy.blob(find(self._copy, self._sha, path).sha)
            if blob.size_bytes > min(room, LONGEST_WIDE_BYTES):
                unread.append(path)
                continue
            room -= blob.size_bytes
            lines = split_lines(decode(b"".join(blob.chunks)).text)
            matching = ((number, line) for number, line in enumerate(lines, 1) if self._pattern.search(line))
            for number, line in islice(matching, MOST_OF_A_FILE):
                yield path, _cut_line(number, line, self._pattern)
        self.unread = unread

    def _wide_paths(self) -> Sequence[str]:
        """The files of the version that are in UTF-16, remembered by its tree.

        Git names those alone whose bytes are on the disk, so that nothing is fetched to look at them.
        """
        key = self._copy.path, self._copy.commit(self._sha).tree.decode(), self._is_whole
        found = _wide.get(key, None)
        if found is None:
            try:
                found = [path for path in self._marked_paths() if is_wide(self._start_of(path))]
            except git.GitTooSlow:
                found = TOO_MANY
            _wide.put(key, found)
        if found is TOO_MANY:
            self.notes.append("Texts in UTF-16 are left out, since the project is too large to look for them.")
        return found

    def _marked_paths(self) -> list[str]:
        """Files of which a line begins as such a text does."""
        options = ["-a", "-l", "-G", "-z", "--no-color", "--threads=1"]
        starts = [part for start in _WIDE_STARTS for part in ("-e", "^" + start.decode(errors="surrogateescape"))]
        names: list[bytes] = []
        with _grep(self._copy, [*options, *starts, self._sha], {"LC_ALL": "C"}, WIDE_DEADLINE_SECONDS) as chunks:
            names = list(islice(split_chunks(chunks), MOST_MARKED_FILES))
        return [name.removeprefix(f"{self._sha}:".encode()).decode(errors="surrogateescape") for name in names]

    def _start_of(self, path: str) -> bytes:
        return next(self._copy.blob(find(self._copy, self._sha, path).sha).chunks, b"")


@contextmanager
def _grep(
    copy: Copy, arguments: Sequence[str], environment: Mapping[str, str], deadline_seconds: float
) -> Iterator[Iterable[bytes]]:
    """What `git grep` prints, in chunks; nothing where nothing is found. The reader may stop before its end."""
    try:
        with git.start(
            copy.path, "grep", *arguments, environment=environment, deadline_seconds=deadline_seconds
        ) as process:
            yield git.chunks(process)
    except git.GitFailed as failure:
        if failure.exit_status not in {NO_MATCH, -signal.SIGPIPE}:
            raise


def _forms_of(text: str, *, any_case: bool) -> list[str]:
    """The text as it may be written: its letters composed (NFC) or taken apart (NFD), small or large."""
    if text.isascii():
        return [text]
    cases = [text, text.upper(), text.title(), text[:1].upper() + text[1:]] if any_case else [text]
    forms = (unicodedata.normalize(form, case) for case in cases for form in ("NFC", "NFD"))
    return list(dict.fromkeys([text, *forms]))


def _read_start(chunks: Iterable[bytes]) -> bytes:
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= LOOKED_AT_BYTES:
            break
    return bytes(head[:LOOKED_AT_BYTES])


def _cut_line(number: int, line: str, pattern: re.Pattern[str]) -> FoundLine:
    """The part of a line around the text, since a line may be a whole file."""
    found = pattern.search(line)
    place, end = found.span() if found else (0, 0)
    start = max(0, place - LONGEST_SHOWN_LINE // 3)
    before = ("…" if start else "") + line[start:place]
    after = line[end : end + LONGEST_SHOWN_LINE]
    return FoundLine(number, before, line[place:end], after + ("…" if len(line) > end + LONGEST_SHOWN_LINE else ""))
