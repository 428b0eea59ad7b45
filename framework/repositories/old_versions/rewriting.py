"""Trees, commits and tags without some versions of a file, and otherwise byte for byte as they were."""

import re
from collections.abc import Callable, Collection, Mapping

from framework.gitcore.modes import FOLDER
from framework.gitcore.packs import TREE
from framework.lru import LRUCache
from framework.repositories.old_versions.trees import MOST_PLACES, TreeEntry, TreeReader

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
        passed, made = self._descend(tree)
        for depth, (folder, entry) in reversed(list(enumerate(passed))):
            made = folder if made == entry.sha else self._replace(folder, entry, made, depth)
            self._made.put((folder, depth), made)
        return self._add(TREE, b"", 0) if made is None else made

    def _descend(self, tree: str) -> tuple[list[tuple[str, TreeEntry]], str | None]:
        """The folders on the way to what is known, to what stays or to a version, and what that becomes.

        Each of the folders comes with the entry that leads on.
        """
        passed = list[tuple[str, TreeEntry]]()
        for depth, step in enumerate(self._steps):
            made = self._made.get((tree, depth), "")
            if made != "":
                return passed, made
            entry = self._trees.entries(tree).get(step)
            if entry is None or not self._leads_on(entry, depth):
                self._made.put((tree, depth), tree)
                return passed, tree
            passed.append((tree, entry))
            tree = entry.sha
        self.removed.add(tree)
        return passed, None

    def _leads_on(self, entry: TreeEntry, depth: int) -> bool:
        """Whether it is a folder on the way, or a version at its end."""
        if depth < len(self._steps) - 1:
            return entry.mode == FOLDER
        return entry.is_file and entry.sha not in self._kept

    def _replace(self, folder: str, entry: TreeEntry, child: str | None, depth: int) -> str | None:
        """The folder with this child in the place of the entry, or without any; None where nothing is left."""
        raw = self._trees.raw(folder)
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
