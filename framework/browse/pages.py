"""What each page shows, read from the local copy and frozen, so that nothing is open while it is rendered."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from framework.browse.history.about import About, read_about
from framework.browse.history.history import newest_change
from framework.browse.history.last_changes import LastChanges, last_changes
from framework.browse.history.submodules import submodule_urls
from framework.browse.history.tree_entries import NOTHING, LeftOut, read_left_out
from framework.browse.places import Place, SubmoduleHasNoFile, find_place
from framework.browse.render.code.linguist import read_told_language
from framework.browse.render.content import SHOWN_TEXT_BYTES, is_text, media_type
from framework.browse.render.documents import LONGEST_DOCUMENT_BYTES, document_kind, readme_among
from framework.browse.render.encodings import decode
from framework.browse.render.media.subtitles import find_tracks
from framework.browse.render.pictures import choose_layout
from framework.browse.render.previews import Media, Preview
from framework.browse.render.rendering import preview_file, read_head
from framework.browse.view_options import ViewOptions
from framework.errors import NotFound
from framework.gitcore.dates import moment_at
from framework.gitcore.path_policy import fold_name
from framework.lfs.reading import find_content, sizes
from framework.lru import LRUCache
from framework.repositories.cache.copy import Blob, Copy
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.history.folders import Entry, add_sizes, find, list_folder
from framework.repositories.history.log import CommitEntry
from framework.repositories.history.refs import resolve
from framework.repositories.serve.bundle import choose_bundle

FOLDER_PAGE = 1_000
REMEMBERED_FOLDERS = 512


@dataclass(frozen=True)
class Readme:
    """The file that introduces a folder; `kind` says how it is written: markdown, rst or plain."""

    name: str
    path: str
    text: str
    kind: str

    @property
    def folder(self) -> str:
        """Where its links begin."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class FolderPage:
    """A page of a folder's entries with their last changes; without a place the project is empty.

    `count` counts all entries of the folder; `more` says whether another page follows. `submodules` are addresses as
    `.gitmodules` writes them, by path. `twins` are names of which some systems can keep one only.
    `left_out` is what archives are without. `layout` is list or grid; where the
    folder `has_pictures` there is a choice, and `chosen_layout` is what the reader chose.
    """

    kind: ClassVar = "tree"
    template: str
    default_branch: str
    place: Place | None = None
    entries: Sequence[Entry] = ()
    changes: LastChanges = field(default_factory=LastChanges)
    newest: CommitEntry | None = None
    readme: Readme | None = None
    about: About | None = None
    bundle_bytes: int | None = None
    number: int = 1
    count: int = 0
    submodules: Mapping[str, str] = field(default_factory=dict)
    twins: Collection[str] = ()
    left_out: LeftOut = NOTHING
    has_pictures: bool = False
    layout: str = "list"
    chosen_layout: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing is to follow that was too costly for the first look."""
        return self.changes.complete and (self.about is None or self.about.complete)

    @property
    def more(self) -> bool:
        """Whether another page follows."""
        return self.number * FOLDER_PAGE < self.count


@dataclass(frozen=True)
class FilePage:
    """A file: its entry, how it is shown, and its last change; `in_lfs` when Git has only a pointer to it."""

    kind: ClassVar = "blob"
    template: ClassVar = "browse/file.html"
    complete: ClassVar = True
    place: Place
    entry: Entry
    size_bytes: int
    preview: Preview
    newest: CommitEntry | None
    in_lfs: bool = False


class FolderHasNoBytes(NotFound):
    """Raw bytes were asked of a folder."""

    def __init__(self, path: str) -> None:
        super().__init__(f"“{path}” is a folder; open it in the browser, or download the project as an archive.")


@dataclass(frozen=True)
class RawFile:
    """A file on its way out: its stream, of which `head` is read already, its media type, and its version's time.

    `stored` is its object when it is in Git LFS; the stream is the object's then.
    """

    path: str
    blob: Blob
    head: bytes
    media: str
    committed_at: datetime
    stored: StoredLfs | None


def read_project_page(copy: Copy, asked: ViewOptions) -> FolderPage:
    """The root folder of the default branch, or of any branch when that one is missing; empty without branches."""
    branches = copy.snapshot.branches
    default = copy.snapshot.default_branch
    if not branches:
        return FolderPage("browse/empty.html", default)
    return read_folder_page(copy, default if default in branches else min(branches), "", asked)


def read_page_at(copy: Copy, ref: str, path: str, asked: ViewOptions) -> FolderPage | FilePage:
    """The page of what is at this path: a folder's or a file's.

    Raises:
        RefAbsent, PathAbsent.
    """
    entry = find(copy, resolve(copy, ref), path)
    return read_folder_page(copy, ref, path, asked) if entry.kind == "tree" else read_file_page(copy, ref, path, asked)


def read_folder_page(copy: Copy, ref: str, path: str, asked: ViewOptions) -> FolderPage:
    """A folder at a ref.

    Raises:
        RefAbsent, PathAbsent.
    """
    place = find_place(copy, ref, path)
    folder = find(copy, place.sha, path)
    everything = list_folder(copy, folder, sizes=False)
    entries = read_entries(copy, folder, everything, asked.number)
    names = frozenset(entry.name for entry in entries)
    bundle = choose_bundle(copy.snapshot.repository_id)
    return FolderPage(
        template="browse/folder.html",
        default_branch=copy.snapshot.default_branch,
        place=place,
        entries=entries,
        changes=last_changes(copy, place.sha, folder, names, whole=asked.whole),
        newest=newest_change(copy, place.sha, path),
        readme=read_readme(copy, place, everything),
        about=None if path else read_about(copy, place.sha, everything, whole=asked.whole),
        bundle_bytes=bundle.size_bytes if bundle else None,
        number=asked.number,
        count=len(everything),
        submodules=submodule_urls(copy, place.sha, entries),
        twins=_find_twins(everything),
        left_out=read_left_out(copy, place.sha),
        **choose_layout(everything, asked),
    )


def _find_twins(entries: Sequence[Entry]) -> frozenset[str]:
    """The names that another one of the folder is taken for where capitals, or NFC and NFD, are the same."""
    counts = Counter(fold_name(entry.name) for entry in entries)
    return frozenset(entry.name for entry in entries if counts[fold_name(entry.name)] > 1)


_entries: LRUCache[tuple[Path, str, str, int], Sequence[Entry]] = LRUCache(REMEMBERED_FOLDERS)


def read_entries(copy: Copy, folder: Entry, everything: Sequence[Entry], number: int) -> Sequence[Entry]:
    """The page's entries with their sizes, which are remembered by the folder's tree."""
    key = copy.path, folder.sha, folder.path, number
    found = _entries.get(key, ())
    if not found:
        found = add_sizes(copy, everything[(number - 1) * FOLDER_PAGE : number * FOLDER_PAGE])
        large = sizes(copy, found)
        found = [replace(entry, size_bytes=large.get(entry.sha, entry.size_bytes)) for entry in found]
        _entries.put(key, found)
    return found


def read_file_page(copy: Copy, ref: str, path: str, asked: ViewOptions) -> FilePage:
    """A file at a ref, as it was asked to be shown.

    Raises:
        RefAbsent, PathAbsent, SubmoduleHasNoFile.
    """
    place = find_place(copy, ref, path)
    entry = find(copy, place.sha, path)
    newest = newest_change(copy, place.sha, path)
    if entry.kind == "commit":
        raise SubmoduleHasNoFile(path)
    found = find_content(copy, entry.sha)
    told = read_told_language(copy, place.sha, path)
    preview = preview_file(copy.snapshot.repository_id, entry, found.blob, asked, told=told)
    preview = add_tracks(copy, place.sha, path, preview)
    return FilePage(place, entry, found.blob.size_bytes, preview, newest, in_lfs=found.stored is not None)


def add_tracks(copy: Copy, commit_sha: str, path: str, preview: Preview) -> Preview:
    """The same preview; with the subtitles that lie beside the file, if it is a film."""
    if not isinstance(preview, Media) or preview.family != "video":
        return preview
    folder = find(copy, commit_sha, path.rpartition("/")[0])
    names = [entry.name for entry in list_folder(copy, folder, sizes=False) if entry.kind == "blob"]
    return replace(preview, tracks=find_tracks(path, names))


def open_raw_file(copy: Copy, ref: str, path: str) -> RawFile:
    """A file's bytes, the first chunk of them read.

    Raises:
        RefAbsent, PathAbsent. FolderHasNoBytes: the path is a folder or a submodule.
    """
    sha = resolve(copy, ref)
    entry = find(copy, sha, path)
    if entry.kind not in {"blob", "symlink"}:
        raise FolderHasNoBytes(path)
    found = find_content(copy, entry.sha)
    head = _read_telling(found.blob)
    committed_at = moment_at(copy.commit(sha).commit_time)
    media = media_type(path, head, goes_on=found.blob.size_bytes > len(head))
    return RawFile(path, found.blob, head, media, committed_at, found.stored)


def _read_telling(blob: Blob) -> bytes:
    """The first chunk of a file; of a text that is ASCII so far, as much as its page looks at to tell its encoding."""
    head = bytearray(next(blob.chunks, b""))
    while (
        head.isascii() and is_text(bytes(head)) and len(head) < SHOWN_TEXT_BYTES and (chunk := next(blob.chunks, b""))
    ):
        head += chunk
    return bytes(head)


def read_readme(copy: Copy, place: Place, entries: Sequence[Entry]) -> Readme | None:
    """The folder's own introduction; the project's may lie in `.github/` or `docs/`, too."""
    found = _introduction(entries)
    if place.path or (found and not any(entry.name == ".github" for entry in entries)):
        return _read(copy, found)
    folders = {entry.name: entry for entry in entries if entry.kind == "tree"}
    hidden, documents = (
        _introduction(list_folder(copy, folders[name], sizes=False)) if name in folders else None
        for name in (".github", "docs")
    )
    return _read(copy, hidden or found or documents)


def _introduction(entries: Sequence[Entry]) -> Entry | None:
    files = {entry.name: entry for entry in entries if entry.kind == "blob"}
    name = readme_among(list(files))
    return files[name] if name else None


def _read(copy: Copy, entry: Entry | None) -> Readme | None:
    if entry is None:
        return None
    blob = find_content(copy, entry.sha).blob
    written = read_head(blob, LONGEST_DOCUMENT_BYTES) if blob.size_bytes <= LONGEST_DOCUMENT_BYTES else b"\0"
    if not written or b"\0" in written:
        return None
    return Readme(entry.name, entry.path, decode(written).text, document_kind(entry.name))
