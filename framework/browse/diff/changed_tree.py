"""The files of a change as a tree: folders with their files, one that has a single folder joined with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.browse.diff.file_change import FileChange

DEEPEST = 20
"""What lies deeper is listed by the rest of its path."""

Numbered = tuple[int, str, FileChange]
"""A file's number on the page, its path below the folder, and its change."""


@dataclass(frozen=True)
class ChangedFolder:
    """A folder with what changed in it; a file is told with its number on the page and its name."""

    name: str
    folders: Sequence["ChangedFolder"]
    files: Sequence[Numbered]


def build_changed_tree(files: Sequence[FileChange]) -> ChangedFolder:
    """The root of these files, numbered from 1 in their order."""
    return _folder("", [(number, file.path, file) for number, file in enumerate(files, 1)], DEEPEST)


def _folder(name: str, found: Sequence[Numbered], depth: int) -> ChangedFolder:
    below: dict[str, list[Numbered]] = {}
    here: list[Numbered] = []
    for number, path, file in found:
        first, slash, rest = path.partition("/")
        if slash and depth:
            below.setdefault(first, []).append((number, rest, file))
        else:
            here.append((number, path, file))
    return ChangedFolder(name, [_join_single(first, inside, depth - 1) for first, inside in below.items()], here)


def _join_single(name: str, found: Sequence[Numbered], depth: int) -> ChangedFolder:
    """The folder, by a longer name as long as there is nothing but one other folder in it."""
    while len(tops := {path.partition("/")[0] for _number, path, _file in found}) == 1 and all(
        "/" in path for _number, path, _file in found
    ):
        name = f"{name}/{tops.pop()}"
        found = [(number, path.partition("/")[2], file) for number, path, file in found]
    return _folder(name, found, depth)
