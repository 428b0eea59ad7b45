"""Which files belong in Git LFS: those that `.gitattributes` gives the filter `lfs`, by git's own rules."""

from collections.abc import Iterator, Sequence
from stat import S_ISREG

from dulwich.objects import Tree

from framework.gitcore import git
from framework.gitcore.modes import FOLDER
from framework.gitcore.path_policy import folders_above
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch

NAME = ".gitattributes"


def find_tracked_paths(copy: Copy, tip: str | None, paths: Sequence[str]) -> set[str]:
    """Those of these paths that the commit's `.gitattributes` files, of the root and of folders, put into Git LFS."""
    files = dict(_attribute_files(copy, tip, paths)) if tip else {}
    if not files:
        return set()
    with scratch("attributes") as folder:
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        lines = "".join(f"100644 {sha}\t{path}\0" for path, sha in files.items())
        git.run(copy.path, "update-index", "-z", "--index-info", given=_bytes(lines), environment=index)
        asked = "".join(f"{path}\0" for path in paths)
        arguments = ["check-attr", "--cached", "--stdin", "-z", "filter"]
        printed = git.run(copy.path, *arguments, given=_bytes(asked), environment=index)
    told = printed.decode(errors="surrogateescape").split("\0")
    return {path for path, value in zip(told[::3], told[2::3], strict=False) if value == "lfs"}


def _attribute_files(copy: Copy, tip: str, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Path and blob of every `.gitattributes` on the way to these paths; each folder is read once."""
    trees: dict[str, Tree | None] = {"": copy.tree(copy.commit(tip).tree.decode())}
    for folder in sorted(folders_above(paths)):
        parent, _slash, name = folder.rpartition("/")
        if folder:
            trees[folder] = _subtree(copy, trees[parent], name)
        mode, sha = _entry(trees[folder], NAME)
        if S_ISREG(mode):  # also of a mode that only old versions of git have written, such as 100664
            yield f"{folder}/{NAME}".lstrip("/"), sha


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
