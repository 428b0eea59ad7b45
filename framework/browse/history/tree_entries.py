"""All folders and files of a version, as git lists them, and which of them `export-ignore` keeps out of archives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from framework.files import split_chunks
from framework.gitcore import git
from framework.gitcore.path_policy import ATTRIBUTES
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.attributes import check_attributes
from framework.repositories.history.folders import find, read_blobs

MOST_ATTRIBUTE_FILES, LONGEST_ATTRIBUTES_BYTES = 1_000, 1 << 18
"""More of them, or longer ones, are not read."""
REMEMBERED_TREES = 64
MOST_LOOKED_THROUGH = 20_000
"""Files and folders of a version that a page looks through for what archives leave out."""
SHOWN_PATHS = 3
EXPORT_IGNORE = "export-ignore"


@dataclass(frozen=True)
class TreeEntry:
    """A line of a version: `kind` is tree, blob or commit (a submodule); size in bytes where it is known here."""

    mode: str
    kind: str
    sha: str
    size_bytes: int | None
    path: str


def list_tree(copy: Copy, tree_sha: str, folder: str = "") -> Iterator[TreeEntry]:
    """What is below a tree, each folder before what is in it; paths begin with `folder`, the tree's own."""
    prefix = f"{folder}/" if folder else ""
    options = ["-r", "-t", "-l", "-z", "--full-tree", "--end-of-options"]
    with git.start(copy.path, "ls-tree", *options, tree_sha) as process:
        for line in split_chunks(git.chunks(process)):
            facts, _tab, path = line.decode(errors="surrogateescape").partition("\t")
            mode, kind, sha, digits = facts.split()
            yield TreeEntry(mode, kind, sha, int(digits) if digits.isdigit() else None, prefix + path)


_attribute_files: LRUCache[tuple[Path, str], Mapping[str, str] | None] = LRUCache(REMEMBERED_TREES)


def choose_attribute_files(entries: Iterator[TreeEntry]) -> dict[str, str]:
    """The `.gitattributes` files among these, by path and blob: as many as are read, of a bearable length."""
    found: dict[str, str] = {}
    for entry in entries:
        is_short = entry.size_bytes is not None and entry.size_bytes <= LONGEST_ATTRIBUTES_BYTES
        if entry.path.rpartition("/")[2] == ATTRIBUTES and entry.mode.startswith("100") and is_short:
            found[entry.path] = entry.sha
            if len(found) == MOST_ATTRIBUTE_FILES:
                break
    return found


@dataclass(frozen=True)
class Part:
    """A folder of a version (empty: all of it) by its tree, and the tree of the version's root; names in hex."""

    root_sha: str
    tree_sha: str
    folder: str

    @classmethod
    def of(cls, copy: Copy, commit_sha: str, folder: str) -> "Part":
        """The folder of this commit.

        Raises:
            PathAbsent: it is none.
        """
        found = find(copy, commit_sha, folder)
        if found.kind != "tree":
            raise PathAbsent(folder)
        return cls(find(copy, commit_sha, "").sha, found.sha, folder)


def list_exported(copy: Copy, part: Part, *, everything: bool = False) -> Iterator[TreeEntry]:
    """What is below a folder, without what `export-ignore` leaves out, unless `everything` is wanted."""
    tree_sha, folder = part.tree_sha, part.folder
    files = {} if everything else _export_attributes(copy, part.root_sha)
    if not files:
        yield from list_tree(copy, tree_sha, folder)
        return
    asked = (_as_asked(entry) for entry in list_tree(copy, tree_sha, folder))
    with check_attributes(copy, files, asked, [EXPORT_IGNORE]) as found:
        left_out = "\0"
        for entry, values in zip(list_tree(copy, tree_sha, folder), found, strict=True):
            if entry.path.startswith(left_out):
                continue
            if values[EXPORT_IGNORE] == "set":
                left_out = f"{entry.path}/" if entry.kind == "tree" else left_out
                continue
            yield entry


@dataclass(frozen=True)
class LeftOut:
    """The files that `export-ignore` keeps out of archives: how many, and the first few paths.

    Where there are too many files and folders to look through, it is known only that there are some.
    """

    count: int = 0
    paths: Sequence[str] = ()
    is_known: bool = True

    def __bool__(self) -> bool:
        return self.count > 0 or not self.is_known


NOTHING = LeftOut()
_left_out: LRUCache[tuple[Path, str], LeftOut | None] = LRUCache(REMEMBERED_TREES)


def read_left_out(copy: Copy, commit_sha: str) -> LeftOut:
    """What archives of the commit leave out; of one with very many files only what the root's attributes tell."""
    part = Part.of(copy, commit_sha, "")
    key = copy.path, part.root_sha
    found = _left_out.get(key, None)
    if found is None:
        found = _find_left_out(copy, part)
        _left_out.put(key, found)
    return found


def _find_left_out(copy: Copy, part: Part) -> LeftOut:
    entries = list(islice(list_tree(copy, part.root_sha), MOST_LOOKED_THROUGH + 1))
    if len(entries) > MOST_LOOKED_THROUGH:
        return LeftOut(is_known=not _names_export_ignore(copy, part.root_sha))
    if not _export_attributes(copy, part.root_sha, entries):
        return NOTHING
    kept = {entry.path for entry in list_exported(copy, part)}
    gone = [entry.path for entry in entries if entry.kind == "blob" and entry.path not in kept]
    return LeftOut(len(gone), gone[:SHOWN_PATHS])


def _names_export_ignore(copy: Copy, root_sha: str) -> bool:
    """Whether the root's `.gitattributes` speaks of `export-ignore`."""
    tree, name = copy.tree(root_sha), ATTRIBUTES.encode()
    sha = tree[name][1].decode() if name in tree else ""
    return any(EXPORT_IGNORE.encode() in text for _sha, text in read_blobs(copy, [sha] if sha else []))


def _export_attributes(copy: Copy, root_sha: str, entries: Iterable[TreeEntry] | None = None) -> Mapping[str, str]:
    """The version's `.gitattributes` files by path and blob, if one of them speaks of `export-ignore`.

    They are among these `entries`, where somebody has listed the version already.
    """
    key = copy.path, root_sha
    found = _attribute_files.get(key, None)
    if found is None:
        found = choose_attribute_files(iter(list_tree(copy, root_sha) if entries is None else entries))
        texts = read_blobs(copy, sorted(set(found.values())))
        if not any(EXPORT_IGNORE.encode() in text for _sha, text in texts):
            found = {}
        _attribute_files.put(key, found)
    return found


def _as_asked(entry: TreeEntry) -> str:
    return f"{entry.path}/" if entry.kind == "tree" else entry.path
