"""Trees, commits and tags without some versions of a file, and otherwise byte for byte as they were."""

import re
from collections.abc import Callable, Collection, Mapping

from framework.gitcore.modes import FOLDER
from framework.gitcore.packs import TREE
from framework.lru import LRUCache
from framework.repositories.old_versions.trees import MOST_PLACES, TreeReader

SIGNATURES = frozenset({b"gpgsig", b"gpgsig-sha256", b"mergetag"})
"""Headers that vouch for the bytes of a commit or of what it merged, and would not any more."""

AddObject = Callable[[int, bytes, int], str]
"""Stores an object of this kind, byte for byte; its name in hex. Objects of one number are much like each other."""

_SIGNATURE = re.compile(rb"^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----", re.MULTILINE)


class TreeStripper:
    """Takes a file's versions out of trees, those of the names `kept` left in; `removed` are the names of the others.

    A folder that held nothing else goes with the file.
    """

    def __init__(self, trees: TreeReader, steps: tuple[bytes, ...], kept: Collection[str], add: AddObject) -> None:
        self._trees, self._steps, self._kept, self._add = trees, steps, kept, add
        self._made = LRUCache[tuple[str, int], str | None](MOST_PLACES)
        self.removed: set[str] = set()

    def strip(self, tree: str) -> str:
        """The name of the tree without the versions; the same where it has none of them."""
        stripped = self._strip(tree, 0)
        return self._add(TREE, b"", 0) if stripped is None else stripped

    def _strip(self, tree: str, depth: int) -> str | None:
        """None for one that has nothing left."""
        made = self._made.get((tree, depth), "")
        if made == "":
            made = self._strip_anew(tree, depth)
            self._made.put((tree, depth), made)
        return made

    def _strip_anew(self, tree: str, depth: int) -> str | None:
        entry = self._trees.entries(tree).get(self._steps[depth])
        if entry is None:
            return tree
        if depth == len(self._steps) - 1:
            if not entry.is_file or entry.sha in self._kept:
                return tree
            self.removed.add(entry.sha)
            child = None
        elif entry.mode == FOLDER:
            child = self._strip(entry.sha, depth + 1)
        else:
            return tree
        if child == entry.sha:
            return tree
        raw = self._trees.raw(tree)
        middle = raw[entry.start : entry.end - 20] + bytes.fromhex(child) if child else b""
        rest = raw[: entry.start] + middle + raw[entry.end :]
        return self._add(TREE, rest, depth) if rest else None


def rewrite_commit(raw: bytes, tree: str, names: Mapping[str, str]) -> bytes:
    """The commit with this tree, and with those of its parents that have a new name in `names` called so.

    Author, committer, dates, message and unknown headers stay; signatures are left out.
    """
    headers, blank, message = raw.partition(b"\n\n")

    def rewrite(line: bytes) -> bytes:
        key, _, value = line.partition(b" ")
        if key == b"parent":
            return b"parent " + names.get(value.decode(), value.decode()).encode()
        return b"tree " + tree.encode() if key == b"tree" else line

    return b"\n".join(map(rewrite, _without_signatures(headers))) + blank + message


def rewrite_tag(raw: bytes, target: str) -> bytes:
    """The tag of this object, without the signature in its headers or below its message."""
    headers, blank, message = raw.partition(b"\n\n")
    _first, *others = _without_signatures(headers)
    found = list(_SIGNATURE.finditer(message))
    if found:
        message = message[: found[-1].start()]
    return b"\n".join([b"object " + target.encode(), *others]) + blank + message


def _without_signatures(headers: bytes) -> list[bytes]:
    """The header's lines; a line that begins with a blank continues the one before."""
    lines, dropping = list[bytes](), False
    for line in headers.split(b"\n"):
        if not line.startswith(b" "):
            dropping = line.partition(b" ")[0] in SIGNATURES
        if not dropping:
            lines.append(line)
    return lines
