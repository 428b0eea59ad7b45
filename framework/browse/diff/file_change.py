"""A file that differs between two versions, as git lists it and as a page shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framework.browse.diff.patches import ADDED, REMOVED, Hunk
from framework.browse.diff.rich import Rich
from framework.browse.render.signs import Warnings
from framework.gitcore.ref_names import NO_OBJECT

UNFOLDED_LINES = 400
PICTURES = {"png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "svg"}
LARGEST_PICTURE_BYTES = 20 << 20

SHOWN, BINARY, LARGE, MANY, SUBMODULE = "", "binary", "large", "many", "submodule"


@dataclass(frozen=True)
class FileChange:
    """A file that differs: `status` is Git's letter (A added, M changed, D deleted, R renamed, T another type).

    Modes are octal digits, object names hex, `NO_OBJECT` where the file is absent; sizes in bytes where they are known.
    `hidden` says why there are no hunks: binary, large, many (asked for by itself, its lines
    are counted all the same, as far as git was asked for them), submodule. `encoding` is that of lines beyond ASCII,
    `old_encoding` that of those before.
    `is_generated`: its `.gitattributes` say so, and a page folds it up at first.
    """

    status: str
    path: str
    old_path: str
    old_mode: str
    new_mode: str
    old_sha: str
    new_sha: str
    old_size_bytes: int | None = None
    new_size_bytes: int | None = None
    hunks: Sequence[Hunk] = ()
    left_out: int = 0
    hidden: str = SHOWN
    rich: Rich | None = None
    encoding: str = ""
    old_encoding: str = ""
    is_generated: bool = False

    @property
    def warnings(self) -> Warnings:
        """What a reader has to know of hidden signs in the lines, and of some that look like others."""
        return Warnings.of(
            line.plain.removeprefix("\ufeff") if 1 in {line.old, line.new} else line.plain
            for hunk in self.hunks
            for line in hunk.lines
        )

    @property
    def added(self) -> int:
        """How many of the shown lines were added."""
        return sum(line.kind == ADDED for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        """How many of the shown lines were removed."""
        return sum(line.kind == REMOVED for hunk in self.hunks for line in hunk.lines)

    @property
    def is_long(self) -> bool:
        """Whether it has more lines than a page shows unfolded."""
        return sum(len(hunk.lines) for hunk in self.hunks) > UNFOLDED_LINES

    @property
    def is_image(self) -> bool:
        """Whether it is a picture that a browser can show beside the one before."""
        suffix = self.path.rpartition(".")[2].lower()
        largest = max(self.old_size_bytes or 0, self.new_size_bytes or 0)
        return suffix in PICTURES and largest <= LARGEST_PICTURE_BYTES

    @property
    def mode_change(self) -> str:
        """The change of the file's mode in words; empty when there is none."""
        if NO_OBJECT in {self.old_sha, self.new_sha} or self.old_mode == self.new_mode:
            return ""
        return f"{self.old_mode} → {self.new_mode}"


def read_raw_changes(printed: bytes) -> Iterator[FileChange]:
    """The files that `git diff-tree --raw -z` has printed (git-diff-tree(1), Raw output format)."""
    texts = iter(printed.decode(errors="surrogateescape").split("\0")[:-1])
    for record in texts:
        old_mode, new_mode, old_sha, new_sha, status = record.removeprefix(":").split(" ")
        first = next(texts)
        path = next(texts) if status[0] in "RC" else first
        yield FileChange(status[0], path, first, old_mode, new_mode, old_sha, new_sha)
