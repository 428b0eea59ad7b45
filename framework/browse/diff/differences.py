"""What differs between two versions, file by file: git compares, within bounds that keep a page a page."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from framework.browse.diff.colouring import colour_lines
from framework.browse.diff.file_change import BINARY, LARGE, MANY, SHOWN, SUBMODULE, FileChange, read_raw_changes
from framework.browse.diff.hidden_texts import diff_hidden_texts
from framework.browse.diff.large_files import has_words, is_comparable, postpone
from framework.browse.diff.line_encodings import read_encodings, read_section
from framework.browse.diff.patches import Sections, parse_hunks
from framework.browse.diff.rich import MOST_RICH_FILES, Sides, enrich
from framework.browse.diff.sandboxed import colour_sides
from framework.browse.render.code.linguist import NOTHING, Told, read_told
from framework.errors import Unavailable
from framework.gitcore import git
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import blob_sizes
from framework.repositories.history.log import make_pathspec

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
LISTED_FILES = 300
PATCHED_FILES = 100
SHOWN_FILES = 20
"""Files whose changes a page shows at once; those of the others are asked for one by one."""
PATCHED_BYTES = 1 << 19
LINES_OF_A_FILE, LINES_OF_A_PAGE = 1_500, 6_000
LINES_OF_A_FILE_ALONE = 20_000
MARKED_LINES = 1_000
LONGEST_ARGUMENTS = 100_000


@dataclass(frozen=True)
class Difference:
    """The files that differ between two versions; `count` counts those too that are left out of the list."""

    files: Sequence[FileChange]
    count: int

    @property
    def added(self) -> int:
        """Added lines, as far as they are shown."""
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        """Removed lines, as far as they are shown."""
        return sum(file.removed for file in self.files)


def list_changes(copy: Copy, old: str, new: str, path: str = "") -> list[FileChange]:
    """The files that differ between two commits or trees, without their lines; only trees are read.

    A file that moved is recognised when its bytes are the same.
    """
    options = ["-r", "-M100%", "-l2000", "--raw", "-z", "--no-abbrev", "--no-commit-id", "--end-of-options"]
    printed = git.run(copy.path, "diff-tree", *options, old, new, *make_pathspec(path))
    return list(read_raw_changes(printed))


def read_difference(copy: Copy, old: str, new: str, path: str = "", *, encoding: str | None = None) -> Difference:
    """What differs between two commits or trees, with lines; of one path only, in full, when it is given.

    Lines are read in `encoding`, one of `ENCODINGS`, or in what they look like.
    """
    everything = list_changes(copy, old, new, path)
    listed = _with_sizes(copy, everything[:LISTED_FILES])
    readable = [file for file in listed if not _unreadable(file)][:PATCHED_FILES]
    most_lines = LINES_OF_A_FILE_ALONE if path else LINES_OF_A_FILE
    patched = _add_hunks(copy, old, new, readable, most_lines, encoding=encoding) if readable else {}
    gone = {file.old_path for file in patched.values() if file.status == "R"}
    files = [
        patched[file.path] if file.path in patched else replace(file, hidden=_unreadable(file) or MANY)
        for file in listed
        if file.path in patched or file.path not in gone
    ]
    files = _with_hidden_texts(copy, postpone(files, LISTED_FILES if path else SHOWN_FILES), most_lines)
    told = read_told(copy, new, [side for file in files if file.hunks for side in {file.path, file.old_path}])
    files = [replace(file, is_generated=bool(told.get(file.path, NOTHING).is_generated)) for file in files]
    shown = _colour_files(copy, _enrich(copy, files if path else _on_demand(files), encoding), told)
    return Difference(shown, len(everything) - (len(listed) - len(files)))


def _on_demand(files: Sequence[FileChange]) -> list[FileChange]:
    """The files, of which the first few are shown at once; what is told in a line is told of the others, too."""
    return [
        replace(file, hidden=MANY) if number >= SHOWN_FILES and (file.hunks or file.is_image) else file
        for number, file in enumerate(files)
    ]


def _with_hidden_texts(copy: Copy, files: Sequence[FileChange], most_lines: int) -> list[FileChange]:
    """The files, with lines for those that are binary to git, or too large for it, and text to us."""
    large = [(file.path, file.old_sha, file.new_sha) for file in files if is_comparable(file) and has_words(file)]
    hidden = large + [(file.path, file.old_sha, file.new_sha) for file in files if file.hidden == BINARY]
    found = diff_hidden_texts(copy, hidden) if hidden else {}
    return [
        _with_hunks(replace(file, hidden=SHOWN), found[pair], most_lines, mark=True)
        if file.hidden in {BINARY, LARGE} and (pair := (file.old_sha, file.new_sha)) in found
        else file
        for file in files
    ]


def _enrich(copy: Copy, files: Sequence[FileChange], encoding: str | None) -> list[FileChange]:
    """The files with what tells their differences better than lines do, as many as a page can take."""
    made, room = [], MOST_RICH_FILES
    for file in files:
        sides = Sides(file.path, file.old_sha, file.new_sha, file.hunks, encoding)
        rich = None
        if file.hidden == LARGE:
            with suppress(Unavailable):  # the page has their sizes all the same
                rich = enrich(copy, sides) if is_comparable(file) else None
        elif room and file.status in "MRAD" and file.hidden in {SHOWN, BINARY}:
            rich = enrich(copy, sides)
            room -= rich is not None
        made.append(replace(file, rich=rich))
    return made


def _colour_files(copy: Copy, files: Sequence[FileChange], told: Mapping[str, Told]) -> list[FileChange]:
    """The same files, the lines of those that lines tell best in the colours of their languages."""
    sides = colour_sides(
        copy,
        [side for file in files if file.hunks and not file.rich and file.hidden != MANY for side in _sides(file)],
        told,
    )
    return [
        replace(
            file,
            hunks=[
                replace(hunk, lines=colour_lines(hunk.lines, *(sides.get(side[:2], ()) for side in _sides(file))))
                for hunk in file.hunks
            ],
        )
        for file in files
    ]


def needs_large_blobs(copy: Copy, changes: Sequence[FileChange]) -> bool:
    """Whether git could not print this difference from a copy without the packs of large blobs."""
    shas = {sha for file in changes for sha in (file.old_sha, file.new_sha)} - {NO_OBJECT}
    asked = "\n".join(shas).encode() + b"\n"
    return b" missing" in git.run(copy.path, "cat-file", "--batch-check", given=asked) if shas else False


def _with_sizes(copy: Copy, files: Sequence[FileChange]) -> list[FileChange]:
    shas = {
        sha
        for file in files
        for sha, mode in ((file.old_sha, file.old_mode), (file.new_sha, file.new_mode))
        if sha != NO_OBJECT and mode != "160000"
    }
    sizes = blob_sizes(copy, sorted(shas))
    return [
        replace(file, old_size_bytes=sizes.get(file.old_sha), new_size_bytes=sizes.get(file.new_sha)) for file in files
    ]


def _unreadable(file: FileChange) -> str:
    """Why git is not asked for the file's lines; empty when it is."""
    if "160000" in {file.old_mode, file.new_mode}:
        return SUBMODULE
    return LARGE if max(file.old_size_bytes or 0, file.new_size_bytes or 0) > PATCHED_BYTES else SHOWN


def _add_hunks(
    copy: Copy, old: str, new: str, files: Sequence[FileChange], most_lines: int, *, encoding: str | None
) -> dict[str, FileChange]:
    """The files with their hunks, by path; files that moved and changed are found among these, too."""
    sizes = {sha: size for file in files for _path, sha, size in _sides(file) if size is not None}
    options = ["-r", "-M", "-l200", "--raw", "-p", "-z", "--no-abbrev", "--no-commit-id", "--no-color"]
    options += ["--no-ext-diff", "--no-textconv", "--end-of-options", old, new, "--"]
    printed = git.run(copy.path, "diff-tree", *options, *_arguments(files))
    raw, _end, text = printed.partition(b"\0\0")
    sections, found, budget = Sections(text), {}, max(LINES_OF_A_PAGE, most_lines)
    taken = [
        (file, sections.take(file.old_path, file.path, count=2 if file.status == "T" else 1))
        for file in read_raw_changes(raw + b"\0")
    ]
    known = {} if encoding else read_encodings(copy, taken, sizes)
    for file, section in taken:
        patch = read_section(file, section, known, encoding=encoding)
        marks = max(LINES_OF_A_PAGE, most_lines) - budget < MARKED_LINES
        made = _with_hunks(file, patch.text, min(most_lines, budget), mark=marks)
        budget -= sum(len(hunk.lines) for hunk in made.hunks)
        made = replace(made, old_encoding=patch.old_encoding, encoding=patch.encoding)
        found[file.path] = replace(made, old_size_bytes=sizes.get(file.old_sha), new_size_bytes=sizes.get(file.new_sha))
    return found


def _with_hunks(file: FileChange, patch: str, most_lines: int, *, mark: bool) -> FileChange:
    lines = patch.split("\n")
    if any(line.startswith("Binary files ") for line in lines[:8]):
        return replace(file, hidden=BINARY)
    if most_lines <= 0 and "\n@@ " in patch:
        return replace(file, hidden=MANY)
    found, left_out = parse_hunks(lines[:-1], most_lines=most_lines, mark=mark)
    return replace(file, hunks=found, left_out=left_out)


def _sides(file: FileChange) -> Sequence[tuple[str, str, int | None]]:
    """Path, blob and size in bytes, before and now."""
    return (file.old_path, file.old_sha, file.old_size_bytes), (file.path, file.new_sha, file.new_size_bytes)


def _arguments(files: Sequence[FileChange]) -> list[str]:
    """The paths to hand to git, as many as a command line surely takes."""
    chosen, room = [], LONGEST_ARGUMENTS
    for path in dict.fromkeys(path for file in files for path in (file.old_path, file.path)):
        room -= len(path.encode(errors="surrogateescape"))
        if room < 0:
            break
        chosen.append(path)
    return chosen
