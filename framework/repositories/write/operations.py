"""What a write to a branch is asked for and answers, and how it is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from framework.errors import Conflict, NotFound, Unavailable
from framework.gitcore.arriving_blob import bring_file
from framework.gitcore.packs import WrittenPack
from framework.repositories.catalog.changes import StoredLfs


class BranchAbsent(NotFound):
    """The project has no branch of this name."""

    def __init__(self, branch: str) -> None:
        super().__init__(f"There is no branch “{branch}”.")


class BranchExists(Conflict):
    """A change that was to begin a branch found one of this name."""

    def __init__(self, branch: str) -> None:
        super().__init__(f"There is a branch “{branch}” already; choose another name for the new one.")


class BranchMoved(Conflict):
    """The branch is not at the commit that the change was made for."""

    def __init__(self, branch: str) -> None:
        super().__init__(f"The branch “{branch}” has moved since; look at its newest version and repeat the change.")


class PathsChanged(Conflict):
    """Somebody else changed the same paths meanwhile; the sentence names them."""

    def __init__(self, paths: Sequence[str]) -> None:
        shown = ", ".join(f"“{path}”" for path in paths[:10]) + (" and others" if len(paths) > 10 else "")
        super().__init__(f"Somebody changed {shown} at the same time; look at the newest version and send yours again.")
        self.paths = tuple(paths)

    @property
    def members(self) -> dict[str, object]:
        """Every path that is in conflict, however many the sentence names."""
        return {"paths": list(self.paths)}


class TooBusy(Unavailable):
    """Others' changes kept landing first until the time was up."""

    def __init__(self) -> None:
        super().__init__("Many people are changing this project at once; nothing is lost, send yours again.")


@dataclass(frozen=True)
class Put:
    """Store the content of a local file (size in bytes, blob name in hex) under this path.

    `pack` has the blob, and nothing else, where somebody has packed it already. There may be no file then until
    `bring_file` was called.
    """

    path: str
    file: Path
    size_bytes: int
    sha: str
    pack: WrittenPack | None = None

    def bring_file(self) -> Path:
        """The file, which is there from now on.

        Raises:
            OSError.
        """
        return bring_file(self.file, self.pack)


@dataclass(frozen=True)
class Delete:
    """Remove the file or folder at this path."""

    path: str


@dataclass(frozen=True)
class Move:
    """Take the file or folder at `path` to the path `to`."""

    path: str
    to: str


@dataclass(frozen=True)
class Restore:
    """Put at this path the file or folder that a commit of the project's history has at `source`."""

    path: str
    commit: str
    source: str


Operation = Put | Delete | Move | Restore


@dataclass(frozen=True)
class Write:
    """What one person wants changed on one branch; `author` is Git's `Name <e-mail>`, `actor` the user's name.

    Three commits may be given. `parent`: the branch has to be there. `base`: what the person looked at; who changed
    the same paths since is in conflict, whatever else has landed. `start`: a new branch begins there.

    `free` is a path at which nothing may be, in whatever version the change lands on.

    `lfs` are received objects that pointers among the files stand for; `named_lfs` are those (SHA-256 in hex) that the
    project had when the write began.
    """

    repository_id: str
    branch: str
    operations: Sequence[Operation]
    message: str
    author: str
    actor: str
    parent: str | None = None
    base: str | None = None
    start: str | None = None
    free: str | None = None
    lfs: tuple[StoredLfs, ...] = ()
    named_lfs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Written:
    """The branch's newest commit after a write; `changed` is False when everything was there already.

    `twins` are some of the paths that are new, each with a name beside it that some systems take for the same.
    """

    sha: str
    changed: bool
    twins: Sequence[tuple[str, str]] = ()


InTransaction = Callable[[Session, Written], None]
