"""What `.gitattributes` files say of paths, by git's own rules (gitattributes(5))."""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from stat import S_ISREG

from dulwich.objects import Tree

from framework.files import split_chunks
from framework.gitcore import git
from framework.gitcore.modes import FOLDER
from framework.gitcore.path_policy import ATTRIBUTES, folders_above
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch

UNSPECIFIED = "unspecified"

Attributes = Mapping[str, str]
"""Each attribute's value by its name: `set`, `unset`, `unspecified`, or what the file says."""


def read_attributes(copy: Copy, tip: str, paths: Sequence[str], names: Sequence[str]) -> dict[str, Attributes]:
    """These attributes of these paths in a commit; empty where no `.gitattributes` lies on the way to one of them."""
    files = dict(find_attribute_files(copy, tip, paths))
    if not files:
        return {}
    with check_attributes(copy, files, paths, names) as found:
        return dict(zip(paths, found, strict=True))


def find_attribute_files(copy: Copy, tip: str, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Path and blob of every `.gitattributes` on the way to these paths; each folder is read once."""
    trees: dict[str, Tree | None] = {"": copy.tree(copy.commit(tip).tree.decode())}
    for folder in sorted(folders_above(paths)):
        parent, _slash, name = folder.rpartition("/")
        if folder:
            trees[folder] = _subtree(copy, trees[parent], name)
        mode, sha = _entry(trees[folder], ATTRIBUTES)
        if S_ISREG(mode):  # also of a mode that only old versions of git have written, such as 100664
            yield f"{folder}/{ATTRIBUTES}".lstrip("/"), sha


@contextmanager
def check_attributes(
    copy: Copy, files: Mapping[str, str], paths: Iterable[str], names: Sequence[str]
) -> Iterator[Iterator[Attributes]]:
    """The attributes of each path in their order, from `.gitattributes` files by path and blob, while the block lasts.

    A folder's path ends with a slash, as patterns for folders want it.
    """
    with scratch("attributes") as folder, tempfile.TemporaryFile() as asked:
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        lines = "".join(f"100644 {sha}\t{path}\0" for path, sha in files.items())
        git.run(copy.path, "update-index", "-z", "--index-info", given=_bytes(lines), environment=index)
        asked.writelines(_bytes(f"{path}\0") for path in paths)
        asked.seek(0)
        arguments = ["check-attr", "--cached", "--stdin", "-z", *names]
        with git.start(copy.path, *arguments, stdin=asked, environment=index) as process:
            yield _read(split_chunks(git.chunks(process)), names)


def _read(told: Iterator[bytes], names: Sequence[str]) -> Iterator[Attributes]:
    """What git prints: path, name and value for each attribute of each path."""
    while values := [value for _path, _name, value in itertools.islice(zip(told, told, told, strict=True), len(names))]:
        yield dict(zip(names, (value.decode(errors="replace") for value in values), strict=True))


def _subtree(copy: Copy, tree: Tree | None, name: str) -> Tree | None:
    mode, sha = _entry(tree, name)
    return copy.tree(sha) if mode == FOLDER else None


def _entry(tree: Tree | None, name: str) -> tuple[int, str]:
    encoded = name.encode(errors="surrogateescape")
    if tree is None or encoded not in tree:
        return 0, ""
    mode, sha = tree[encoded]
    return mode, sha.decode()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
