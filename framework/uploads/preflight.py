"""What an upload would do with each file, told before a byte of it is sent."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework import config
from framework.accounts.core.plans import Plan
from framework.errors import Invalid
from framework.gitcore.modes import FOLDER, SUBMODULE
from framework.gitcore.path_policy import BadPath, check_path, explain_twin, fold_name, folders_above, quote_path
from framework.projects.core.access import ProjectAccess
from framework.projects.members import quota
from framework.projects.members.limits import FileOverPlan
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import blob_sizes
from framework.uploads import ignoring
from framework.uploads.junk import explain_junk
from framework.uploads.receiving import MAX_PARTS
from framework.uploads.refusals import too_large_sentence

LONGEST_BYTES = 8 << 20


class NotAsked(Invalid):
    """The request does not say which files are meant."""

    def __init__(self) -> None:
        super().__init__(
            "Send JSON with `files`, a list of objects with `path` and `size`, and `ignores`, the texts of"
            " .gitignore files by their paths."
        )


@dataclass(frozen=True)
class PreflightRequest:
    """The files that somebody wants to upload, with their sizes in bytes, and `.gitignore` files among them."""

    files: Sequence[tuple[str, int]]
    ignores: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, body: bytes) -> "PreflightRequest":
        """What a page's script has sent, as JSON.

        Raises:
            NotAsked: it is not of the form.
        """
        try:
            told: Any = json.loads(body)
            files = [(str(one["path"]), int(one["size"])) for one in told["files"]]
            ignores = {str(path): str(text).encode() for path, text in told.get("ignores", {}).items()}
        except (TypeError, KeyError, ValueError, OverflowError, AttributeError, RecursionError) as error:
            raise NotAsked from error
        if len(files) > MAX_PARTS:
            raise NotAsked
        return cls(files, ignores)


@dataclass(frozen=True)
class Outlook:
    """What would become of one file.

    States: `new`, `replaces` (the file of this blob name and size in bytes), `ignored`, `junk`, `refused`; a `note`
    says why, or what to look out for.
    """

    path: str
    state: str
    note: str = ""
    sha: str | None = None
    size_bytes: int | None = None


def look_ahead(access: ProjectAccess, branch: str, asked: PreflightRequest, plan: Plan) -> list[Outlook]:
    """What would become of each file on this branch under the owner's plan, in the order of the question.

    Raises:
        IgnoresTooSlow.
    """

    def look(copy: Copy) -> list[Outlook]:
        known = _Known(copy, copy.snapshot.find_branch(branch), asked, plan)
        refusals = {path: known.refusal(path, size) for path, size in asked.files}
        coming = [path for path, refusal in refusals.items() if not refusal]
        ignored = ignoring.find_ignored(copy.path, known.ignores(coming), coming)
        found = [_predict(known, path, refusals[path], ignored) for path, _size in asked.files]
        sizes = blob_sizes(copy, [one.sha for one in found if one.sha])
        return [_with_size(one, sizes) for one in found]

    return read_project(access, look)


def _with_size(one: Outlook, sizes: Mapping[str, int]) -> Outlook:
    return Outlook(one.path, one.state, one.note, one.sha, sizes.get(one.sha)) if one.sha else one


def _predict(known: "_Known", path: str, refusal: str, ignored: set[str]) -> Outlook:
    if refusal:
        return Outlook(path, "refused", refusal)
    if path in ignored:
        return Outlook(path, "ignored", "A .gitignore leaves it out.")
    found, junk = known.outlook(path), explain_junk(path)
    return Outlook(path, "junk", junk) if junk and found.state == "new" else found


class _Known:
    """A branch's folders, read as they are needed, beside the files that are to come."""

    def __init__(self, copy: Copy, tip: str | None, asked: PreflightRequest, plan: Plan) -> None:
        self._copy = copy
        self._ignores_sent = asked.ignores
        self._coming: dict[str, Counter[str]] = {}
        for path, _size in asked.files:
            self._coming.setdefault(fold_name(path), Counter())[path] += 1
        root = copy.commit(tip).tree.decode() if tip else None
        self._folders: dict[str, dict[str, tuple[int, str]]] = {"": self._entries(root)}
        self._names: dict[str, dict[str, str]] = {}
        self._limit, self._plan = config.current().max_file_bytes, plan

    def refusal(self, path: str, size_bytes: int) -> str:
        """Why the path cannot be stored; empty when it can."""
        try:
            check_path(path)
            quota.refuse_large_file(self._plan, path, min(size_bytes, self._limit))
        except (BadPath, FileOverPlan) as refusal:
            return refusal.sentence
        return too_large_sentence(path, size_bytes) if size_bytes > self._limit else self._clash(path)

    def outlook(self, path: str) -> Outlook:
        """What would become of a file that can be stored."""
        there = self._entry(path)
        return Outlook(path, "replaces", sha=there[1]) if there else Outlook(path, "new", self._twin(path))

    def ignores(self, paths: Sequence[str]) -> dict[str, bytes]:
        """The texts of the `.gitignore` files on the way to these paths, by their folders, up to a size in all."""
        found: dict[str, bytes] = {}
        room = ignoring.LONGEST_IN_ALL_BYTES
        for folder in sorted(folders_above(paths)):
            text = self._ignores_in(folder)
            if text and len(text) <= room:
                found[folder] = text
                room -= len(text)
        return found

    def _clash(self, path: str) -> str:
        """A file where the path needs a folder, or a folder where it is, in the branch or among what is to come."""
        if self._coming[fold_name(path)][path] > 1:
            return f"“{path}” is here more than once; give each a name of its own."
        steps = path.split("/")
        for depth in range(1, len(steps)):
            above = "/".join(steps[:depth])
            there = self._entry(above)
            if (there and there[0] != FOLDER) or above in self._coming.get(fold_name(above), ()):
                return f"“{above}” is a file, so it cannot be the folder of this one; rename one of them."
        there = self._entry(path)
        if there and there[0] in {FOLDER, SUBMODULE}:
            return f"“{path}” is a folder already; give the file another name."
        return ""

    def _twin(self, path: str) -> str:
        """A name that only some systems keep apart: those that tell large from small letters, or NFC from NFD."""
        folder, name = self._first_new(path)
        twin = self._names_in(folder).get(fold_name(name))
        if twin is None:
            coming = next((other for other in self._coming[fold_name(path)] if other != path), "")
            name, twin = path.rpartition("/")[2], coming.rpartition("/")[2]
        if not twin or twin == name:
            return ""
        quoted = f"The folder {quote_path(name)}" if name != path.rpartition("/")[2] else "It"
        return f"{quoted} {explain_twin(name, twin)}"

    def _first_new(self, path: str) -> tuple[str, str]:
        """The deepest folder on the way that the branch has, and the name that would be new in it."""
        folder, _slash, name = path.rpartition("/")
        while folder and self._entry(folder) is None:
            folder, _slash, name = folder.rpartition("/")
        return folder, name

    def _names_in(self, folder: str) -> dict[str, str]:
        """The names in the branch's folder, each by what `fold_name` makes of it."""
        if folder not in self._names:
            self._names[folder] = {fold_name(name): name for name in self._open(folder)}
        return self._names[folder]

    def _ignores_in(self, folder: str) -> bytes:
        path = f"{folder}/{ignoring.NAME}" if folder else ignoring.NAME
        there = self._entry(path)
        if path in self._ignores_sent or there is None or there[0] in {FOLDER, SUBMODULE}:
            return self._ignores_sent.get(path, b"")
        blob = self._copy.blob(there[1])
        return b"".join(blob.chunks) if blob.size_bytes <= ignoring.LONGEST_IGNORE_BYTES else b""

    def _entry(self, path: str) -> tuple[int, str] | None:
        folder, _slash, name = path.rpartition("/")
        return self._open(folder).get(name)

    def _open(self, folder: str) -> dict[str, tuple[int, str]]:
        if folder not in self._folders:
            there = self._entry(folder)
            self._folders[folder] = self._entries(there[1] if there and there[0] == FOLDER else None)
        return self._folders[folder]

    def _entries(self, tree: str | None) -> dict[str, tuple[int, str]]:
        if tree is None:
            return {}
        items = self._copy.tree(tree).iteritems()
        return {item.path.decode(errors="surrogateescape"): (item.mode, item.sha.decode()) for item in items}
