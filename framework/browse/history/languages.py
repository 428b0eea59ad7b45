"""Which languages a version is written in, by the bytes of its source files.

Trees are read, attributes, and of files whose names do not tell it the first lines.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from framework.browse.history.tree_entries import TreeEntry, choose_attribute_files, list_tree
from framework.browse.render.code.languages import (
    LOOKED_AT_BYTES,
    name_language,
    name_languages,
    needs_lines,
)
from framework.browse.render.code.linguist import NAMES, NOTHING, Told, speak_of_languages
from framework.browse.render.rendering import sandbox
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.attributes import check_attributes
from framework.repositories.history.folders import read_blobs
from framework.sandbox.sandbox import Busy, TooCostly

MOST_ENTRIES = 20_000
"""The languages of a version with more files and folders are not told."""
MOST_LANGUAGES = 6
LEAST_SHARE = 0.005
REMEMBERED_TREES = 2_048
MOST_LOOKED_INTO, LONGEST_LOOKED_INTO = 200, 1 << 15
"""Files of a version, and their bytes, that are looked into; the others are what their endings mean most often."""
REMEMBERED_FILES = 20_000
OTHER = "Other"
_ASIDE = {"vendor", "node_modules", "third_party", "third-party", "dist", "docs", "doc", "renv", "packrat", ".venv"}


@dataclass(frozen=True)
class Language:
    """A language and its share of the bytes, from 0 to 1."""

    name: str
    share: float

    @property
    def percent(self) -> str:
        """The share as a page shows it."""
        return f"{100 * self.share:.1f} %"


_decided: LRUCache[tuple[Path, str, str], str] = LRUCache(REMEMBERED_FILES)
_known: LRUCache[tuple[Path, str], Sequence[Language] | None] = LRUCache(REMEMBERED_TREES)


def read_languages(copy: Copy, root_sha: str) -> Sequence[Language]:
    """The languages of the tree of this name, the largest first; none where it is too large to look through.

    `.gitattributes` say otherwise of a file by `linguist-language`, `-vendored`, `-generated` and `-documentation`.
    """
    key = copy.path, root_sha
    found = _known.get(key, None)
    if found is None:
        entries = list(islice(list_tree(copy, root_sha), MOST_ENTRIES + 1))
        found = (
            _count(copy, [entry for entry in entries if entry.kind == "blob"]) if len(entries) <= MOST_ENTRIES else ()
        )
        _known.put(key, found)
    return found


def _count(copy: Copy, files: Sequence[TreeEntry]) -> Sequence[Language]:
    told = _read_told(copy, files)
    counted = [entry for entry in files if entry.mode.startswith("100") and _counts(entry.path, told)]
    names = _name_languages(copy, counted, told)
    sizes: Counter[str] = Counter()
    for entry, name in zip(counted, names, strict=True):
        if name:
            sizes[name] += entry.size_bytes or 0
    total = sum(sizes.values())
    shares = [
        Language(name, size / total) for name, size in sizes.most_common() if size and size / total >= LEAST_SHARE
    ]
    shown = shares[:MOST_LANGUAGES]
    rest = 1 - sum(language.share for language in shown) if shown else 0
    return (*shown, Language(OTHER, rest)) if rest >= LEAST_SHARE else tuple(shown)


def _read_told(copy: Copy, files: Sequence[TreeEntry]) -> Mapping[str, Told]:
    """What `.gitattributes` say of each file; empty, and without a process, where none speaks of languages."""
    found = choose_attribute_files(iter(files))
    if not speak_of_languages(text for _sha, text in read_blobs(copy, sorted(set(found.values())))):
        return {}
    with check_attributes(copy, found, (entry.path for entry in files), NAMES) as values:
        return {entry.path: Told.of(attributes) for entry, attributes in zip(files, values, strict=True)}


def _counts(path: str, told: Mapping[str, Told]) -> bool:
    """Whether the file tells of what the project is written in."""
    is_aside = told.get(path, NOTHING).is_aside
    if is_aside is not None:
        return not is_aside
    return _ASIDE.isdisjoint(path.lower().split("/")[:-1]) and not path.lower().endswith((".min.js", ".min.css"))


def _name_languages(copy: Copy, files: Sequence[TreeEntry], told: Mapping[str, Told]) -> list[str]:
    """The language of each file: said, or known by its name, or by the first lines of as many as are looked into."""
    named = [told.get(entry.path, NOTHING).language for entry in files]
    asked = [entry for entry, name in zip(files, named, strict=True) if not name and needs_lines(entry.path)]
    found = _look_into(copy, asked)
    return [
        found.get((entry.sha, _ending(entry.path)), "") or name_language(entry.path, (), name)
        for entry, name in zip(files, named, strict=True)
    ]


def _look_into(copy: Copy, files: Sequence[TreeEntry]) -> Mapping[tuple[str, str], str]:
    """The languages of these files by blob and ending, from their first lines; each blob is looked into once."""
    short = (entry for entry in files if (entry.size_bytes or 0) <= LONGEST_LOOKED_INTO)
    keys = {(entry.sha, _ending(entry.path)): entry for entry in short}
    found = {key: _decided.get((copy.path, *key), "?") for key in islice(keys, MOST_LOOKED_INTO)}
    missing = [key for key, name in found.items() if name == "?"]
    contents = dict(read_blobs(copy, sorted({sha for sha, _ending in missing})))
    there = [key for key in missing if key[0] in contents]
    heads = [(keys[key].path, contents[key[0]][:LOOKED_AT_BYTES]) for key in there]
    with suppress(TooCostly, Busy):
        made = sandbox.call((copy.path, heads), name_languages, heads) if heads else []
        for key, name in zip(there, made, strict=True):
            _decided.put((copy.path, *key), name)
            found[key] = name
    return {key: name for key, name in found.items() if name != "?"}


def _ending(path: str) -> str:
    return PurePosixPath(path.lower()).suffix
