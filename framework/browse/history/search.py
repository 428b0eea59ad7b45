"""Finding files of a version by a few letters of their path, within bounds."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path

from framework.browse.places import Place, find_place
from framework.files import split_chunks
from framework.gitcore import git
from framework.gitcore.path_policy import fold_name
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy

MOST_PATHS = 50_000
SHOWN_PATHS = 100
REMEMBERED_TREES = 16
LONGEST_QUERY = 200


@dataclass(frozen=True)
class FoundFiles:
    """The files whose paths fit best; `complete` is False where the version has more files than are looked at."""

    place: Place
    query: str
    paths: Sequence[str]
    complete: bool


_trees: LRUCache[tuple[Path, str], tuple[Sequence[str], bool]] = LRUCache(REMEMBERED_TREES)


def find_files(copy: Copy, ref: str, query: str) -> FoundFiles:
    """The files of the version whose paths hold the query's letters in this order, the best first.

    Raises:
        RefAbsent.
    """
    place = find_place(copy, ref, "")
    paths, complete = _paths(copy, place.sha)
    letters = "".join(_fold(query[:LONGEST_QUERY]).split())
    scored = ((score, path) for path in paths if (score := score_path(path, letters)) is not None)
    return FoundFiles(place, query, [path for _score, path in nsmallest(SHOWN_PATHS, scored)], complete)


def score_path(path: str, letters: str) -> tuple[int, int] | None:
    """How well a path fits letters that it holds in this order: lower is better; None when it does not hold them.

    The letters' span counts, and less when they stand together in the file's name.
    """
    text = _fold(path)
    place = text.rfind(letters)
    if place >= 0:
        return (0 if place > text.rfind("/") else 1), len(path)
    start = position = text.find(letters[0])
    for letter in letters[1:]:
        if position < 0:
            break
        position = text.find(letter, position + 1)
    return (2 + position - start, len(path)) if position >= 0 else None


def _fold(text: str) -> str:
    """The text in small letters, however they are composed."""
    return text.lower() if text.isascii() else fold_name(text)


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
