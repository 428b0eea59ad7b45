"""What `git fsck --strict` refuses in folders and in the files that Git reads itself, decided before a commit.

A push is looked at by git (`index-pack --strict`). Others write their folders in this process and ask here, so that no
writer stores what another one refuses, or a clone with `transfer.fsckObjects` (git's fsck.c, path.c and utf8.c).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dulwich.objects import Blob, ObjectID, Tree

from framework.errors import Invalid
from framework.gitcore import git
from framework.gitcore.modes import FILE, FOLDER, SUBMODULE, SYMLINK
from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.path_policy import ATTRIBUTES, MODULES, quote_path, read_as, spells_git
from framework.repositories.cache.hydration import lay_out
from framework.repositories.cache.scratch import scratch

MAX_SPECIAL_BYTES = 1 << 20
"""Git does not look into larger ones: every git that runs here has this as its `core.bigFileThreshold`."""
LONGEST_ATTRIBUTES_LINE_BYTES = 2047
REMEMBERED_FILES, REMEMBERED_BYTES = 256, 4 << 10
"""What git said of so many files up to this size is remembered."""

_NO_OBJECT = "0" * 40


class TreeRefused(Invalid):
    """A folder would hold what Git refuses; the sentence says where and what to do."""


class SpecialFileRefused(Invalid):
    """A file that Git itself reads says what Git refuses."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"Git does not accept this “{path}”: {reason}. Correct or delete the file.")


@dataclass(frozen=True)
class SpecialFile:
    """A file that Git reads as `kind`, `.gitmodules` or `.gitattributes`, and where it would be."""

    kind: str
    sha: str
    path: str


def check_tree(folder: str, entries: Iterable[tuple[bytes, int, str]]) -> set[SpecialFile]:
    """The special files among a new folder's entries (name, mode, object name), whose contents are to be checked.

    Raises:
        TreeRefused: Git refuses the folder.
    """
    found = set()
    for name, mode, sha in entries:
        if name in {b"", b".", b".."} or b"/" in name or spells_git(name):
            raise TreeRefused(f"Git does not accept the name {_quote(folder, name)}; rename it or leave it out.")
        if sha == _NO_OBJECT:
            raise TreeRefused(f"{_quote(folder, name)} stands for no object at all; leave it out.")
        for kind in read_as(name) - ({ATTRIBUTES} if mode == SYMLINK else set()):
            if mode in {FOLDER, SYMLINK, SUBMODULE}:
                raise TreeRefused(
                    f"{_quote(folder, name)} has to be a plain file, since Git reads it as {kind}; rename or delete it."
                )
            found.add(SpecialFile(kind, sha, _path(folder, name)))
    return found


def _quote(folder: str, name: bytes) -> str:
    return quote_path(_path(folder, name))


def _path(folder: str, name: bytes) -> str:
    return f"{folder}/{name.decode(errors='surrogateescape')}".lstrip("/")


def check_special_file(file: SpecialFile, content: bytes) -> None:
    """Let the content pass when Git accepts it there; no more than a byte beyond `MAX_SPECIAL_BYTES` is needed of it.

    Raises:
        SpecialFileRefused.
    """
    if len(content) > MAX_SPECIAL_BYTES:
        raise SpecialFileRefused(file.path, f"it is larger than {MAX_SPECIAL_BYTES >> 20} MiB")
    if file.kind == ATTRIBUTES:
        longest = max(map(len, content.partition(b"\0")[0].split(b"\n")))
        if longest > LONGEST_ATTRIBUTES_LINE_BYTES:
            raise SpecialFileRefused(file.path, f"a line is longer than {LONGEST_ATTRIBUTES_LINE_BYTES:,} bytes")
    elif reason := _modules_refusal(content):
        raise SpecialFileRefused(file.path, reason)


def _modules_refusal(content: bytes) -> str:
    """What git itself says against these submodules; empty when it takes them."""
    return _remember_refusal(content) if len(content) <= REMEMBERED_BYTES else _ask_git(content)


def _ask_git(content: bytes) -> str:
    blob = Blob.from_string(content)
    tree = Tree()
    tree.add(MODULES.encode(), FILE, ObjectID(blob.id))
    with scratch("fsck") as folder:
        lay_out(folder)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        with PackWriter(folder / "objects" / "pack" / "pack-new.pack") as writer:
            writer.add(blob)
            writer.add(tree)
            writer.finish()
        try:
            git.run(folder, "fsck", "--strict", "--no-dangling")
        except git.GitCutOff:
            raise
        except git.GitFailed as failure:
            found = re.search(r"gitmodules\w+: (.+)", failure.said)
            return found[1].strip() if found else "it may be read as options or paths outside the project"
    return ""


_remember_refusal = lru_cache(REMEMBERED_FILES)(_ask_git)
