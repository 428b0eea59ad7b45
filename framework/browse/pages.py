"""What each page shows, read from the local copy and frozen, so that nothing is open while it is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import ClassVar

from markupsafe import Markup

from framework.browse.content import PROBED_BYTES, SHOWN_TEXT_BYTES, Shown, is_text, media_type, shown
from framework.browse.documents import LONGEST_DOCUMENT_BYTES, is_markdown, readme_among
from framework.browse.highlighting import file_lines
from framework.browse.last_changes import LastChange, last_changes
from framework.errors import NotFound
from framework.lfs.reading import content, sizes
from framework.repositories.bundle import offered_bundle
from framework.repositories.change import StoredLfs
from framework.repositories.copy import Blob, Copy
from framework.repositories.reading import (
    Changed,
    Entry,
    LogEntry,
    changed_files,
    count_commits,
    find,
    list_folder,
    read_log,
    resolve,
    split_ref,
)

HISTORY_PAGE = 50


@dataclass(frozen=True)
class Place:
    """Where a page is: a ref as the address writes it, the commit that it stands for, and a path (empty: the root)."""

    ref: str
    sha: str
    path: str
    branches: Sequence[str]

    @property
    def is_branch(self) -> bool:
        """Whether one can write here."""
        return self.ref in self.branches

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The path's names, each with the path up to it."""
        names = self.path.split("/") if self.path else []
        return [(name, "/".join(names[: depth + 1])) for depth, name in enumerate(names)]


@dataclass(frozen=True)
class Readme:
    """The file that introduces a folder."""

    name: str
    text: str

    @property
    def is_document(self) -> bool:
        """Whether it is Markdown; anything else is shown as it is written."""
        return is_markdown(self.name)


@dataclass(frozen=True)
class FolderPage:
    """A folder's entries with their last changes; without a place the project is empty."""

    kind: ClassVar = "tree"
    template: str
    default_branch: str
    place: Place | None = None
    entries: Sequence[Entry] = ()
    changes: dict[str, LastChange] = field(default_factory=dict)
    newest: LogEntry | None = None
    commit_count: int = 0
    readme: Readme | None = None
    bundle_bytes: int | None = None


@dataclass(frozen=True)
class FilePage:
    """A file: its entry, how it is shown, and its last change; `in_lfs` when Git has only a pointer to it."""

    kind: ClassVar = "blob"
    template: ClassVar = "browse/file.html"
    place: Place
    entry: Entry
    size_bytes: int
    shown: Shown
    newest: LogEntry
    in_lfs: bool = False

    @property
    def is_document(self) -> bool:
        """Whether it can be shown as a document instead of its lines."""
        return (
            self.entry.kind == "blob"
            and self.shown.text is not None
            and self.size_bytes <= LONGEST_DOCUMENT_BYTES
            and is_markdown(self.entry.name)
        )

    @property
    def lines(self) -> Sequence[Markup]:
        """The text line by line, in colours."""
        return file_lines(self.entry.name, self.shown.text or "")


class FolderHasNoBytes(NotFound):
    """Raw bytes were asked of a folder."""

    def __init__(self, path: str) -> None:
        super().__init__(f"“{path}” is a folder; open it in the browser, or download the project as an archive.")


@dataclass(frozen=True)
class RawFile:
    """A file on its way out: its stream, of which `head` is read already, and its media type.

    `stored` is its object when it is in Git LFS; the stream is the object's then.
    """

    path: str
    blob: Blob
    head: bytes
    media: str
    stored: StoredLfs | None


@dataclass(frozen=True)
class Day:
    """The commits of one day, as their authors' clocks showed it."""

    title: str
    commits: Sequence[LogEntry]


@dataclass(frozen=True)
class HistoryPage:
    """One page of a history, counted from 1."""

    place: Place
    kind: str
    commits: Sequence[LogEntry]
    number: int
    more: bool

    @property
    def days(self) -> list[Day]:
        """The commits by day, the newest day first."""
        groups = groupby(self.commits, key=lambda commit: commit.authored_at.strftime("%-d %B %Y"))
        return [Day(title, tuple(commits)) for title, commits in groups]


@dataclass(frozen=True)
class CommitPage:
    """A commit and the files that it changed."""

    commit: LogEntry
    files: Sequence[Changed]


def project_page(copy: Copy) -> FolderPage:
    """The root folder of the default branch, or of any branch when that one is missing; empty without branches."""
    branches = copy.snapshot.branches
    default = copy.snapshot.default_branch
    if not branches:
        return FolderPage("browse/empty.html", default)
    return folder_page(copy, default if default in branches else min(branches), "")


def page_at(copy: Copy, ref: str, path: str) -> FolderPage | FilePage:
    """The page of what is at this path: a folder's or a file's.

    Raises:
        RefAbsent, PathAbsent.
    """
    entry = find(copy, resolve(copy, ref), path)
    return folder_page(copy, ref, path) if entry.kind == "tree" else file_page(copy, ref, path)


def folder_page(copy: Copy, ref: str, path: str) -> FolderPage:
    """A folder at a ref.

    Raises:
        RefAbsent, PathAbsent.
    """
    place = _place(copy, ref, path)
    folder = find(copy, place.sha, path)
    entries = list_folder(copy, folder)
    names = frozenset(entry.name for entry in entries)
    bundle = offered_bundle(copy.snapshot.repository_id)
    large = sizes(copy, entries)
    return FolderPage(
        template="browse/folder.html",
        default_branch=copy.snapshot.default_branch,
        place=place,
        entries=[replace(entry, size_bytes=large.get(entry.sha, entry.size_bytes)) for entry in entries],
        changes=last_changes(copy, place.sha, folder, names),
        newest=next(iter(read_log(copy, place.sha, path, limit=1)), None),
        commit_count=count_commits(copy, place.sha),
        readme=_readme(copy, entries),
        bundle_bytes=bundle.size_bytes if bundle else None,
    )


def file_page(copy: Copy, ref: str, path: str) -> FilePage:
    """A file at a ref; its content up to `SHOWN_TEXT_BYTES`.

    Raises:
        RefAbsent, PathAbsent.
    """
    place = _place(copy, ref, path)
    entry = find(copy, place.sha, path)
    found = content(copy, entry.sha)
    return FilePage(
        place=place,
        entry=entry,
        size_bytes=found.blob.size_bytes,
        shown=shown(path, _head(found.blob), found.blob.size_bytes),
        newest=read_log(copy, place.sha, path, limit=1)[0],
        in_lfs=found.stored is not None,
    )


def raw_file(copy: Copy, ref: str, path: str) -> RawFile:
    """A file's bytes, the first chunk of them read.

    Raises:
        RefAbsent, PathAbsent. FolderHasNoBytes: the path is a folder or a submodule.
    """
    entry = find(copy, resolve(copy, ref), path)
    if entry.kind not in {"blob", "symlink"}:
        raise FolderHasNoBytes(path)
    found = content(copy, entry.sha)
    head = next(found.blob.chunks, b"")
    return RawFile(path, found.blob, head, media_type(path, head), found.stored)


def history_at(copy: Copy, place: str, *, number: int) -> HistoryPage:
    """A page of the history of the ref, or of the path in it, that `ref/path` names; of the default branch for "".

    Raises:
        RefAbsent, PathAbsent: nothing was ever at this path.
    """
    return history_page(copy, *split_ref(copy, place or copy.snapshot.default_branch), number=number)


def history_page(copy: Copy, ref: str, path: str, *, number: int) -> HistoryPage:
    """A page of the history of a ref or of one path in it.

    Raises:
        RefAbsent, PathAbsent: nothing was ever at this path.
    """
    place = _place(copy, ref, path)
    found = read_log(copy, place.sha, path, skip=(number - 1) * HISTORY_PAGE, limit=HISTORY_PAGE + 1)
    kind = find(copy, place.sha, path).kind if number == 1 or found else "tree"
    return HistoryPage(place, kind, found[:HISTORY_PAGE], number, more=len(found) > HISTORY_PAGE)


def commit_page(copy: Copy, sha: str) -> CommitPage:
    """A commit with the files that it changed."""
    return CommitPage(read_log(copy, sha, limit=1)[0], changed_files(copy, sha))


def _place(copy: Copy, ref: str, path: str) -> Place:
    return Place(ref, resolve(copy, ref), path, sorted(copy.snapshot.branches))


def _readme(copy: Copy, entries: Sequence[Entry]) -> Readme | None:
    files = {entry.name: entry for entry in entries if entry.kind == "blob"}
    name = readme_among(list(files))
    if name is None or (files[name].size_bytes or 0) > LONGEST_DOCUMENT_BYTES:
        return None
    found = shown(name, _head(content(copy, files[name].sha).blob), 0)
    return Readme(name, found.text) if found.text else None


def _head(blob: Blob) -> bytes:
    """What a page needs of the file: the first chunk, and up to `SHOWN_TEXT_BYTES` when it is text."""
    head = bytearray()
    for chunk in blob.chunks:
        head += chunk
        if len(head) >= SHOWN_TEXT_BYTES or not is_text(bytes(head[:PROBED_BYTES])):
            break
    return bytes(head[:SHOWN_TEXT_BYTES])
