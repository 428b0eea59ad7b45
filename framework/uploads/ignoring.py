"""Which paths `.gitignore` files leave out, as git itself tells; what is ignored is told to people, never dropped."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from framework.errors import Invalid
from framework.gitcore import git
from framework.repositories.cache.scratch import scratch

NAME = ".gitignore"
LONGEST_IGNORE_BYTES = 256 << 10
LONGEST_IN_ALL_BYTES = 8 << 20
DEADLINE_SECONDS = 5
_DEEPEST_BYTES = 2048
"""A folder's path, so that the file in it can be made below the data folder, too."""
_NONE_IGNORED = 1


class IgnoresTooSlow(Invalid):
    """Patterns that take git too long to compare with the paths."""

    def __init__(self) -> None:
        super().__init__(
            "The .gitignore files here take too long to compare, so it is not told what they leave out; shorten them."
        )


def find_ignored(repository: Path, texts: Mapping[str, bytes], paths: Sequence[str]) -> set[str]:
    """Those of the paths that are ignored, by `.gitignore` files as texts of the folders that they lie in.

    The root's folder is the empty one; rules are those of gitignore(5). Git compares, in a process of its own: as
    regular expressions some patterns take longer than anybody waits.

    Raises:
        IgnoresTooSlow.
    """
    if not texts or not paths:
        return set()
    with scratch("ignores") as folder:
        for place in filter(_can_lie_on_a_disk, texts):
            _write(folder / place, texts[place])
        try:
            told = _ask(repository, folder, paths)
        except git.GitTooSlow as failure:
            raise IgnoresTooSlow from failure
        except git.GitFailed as failure:
            if failure.exit_status == _NONE_IGNORED:
                return set()
            raise
    return {path.removeprefix("./") for path in told.decode().split("\0") if path}


def _ask(repository: Path, folder: Path, paths: Sequence[str]) -> bytes:
    """Ask `git check-ignore`; `./` keeps a colon at a path's beginning from being read as magic (gitglossary(7))."""
    return git.run(
        folder,
        *("check-ignore", "--no-index", "--stdin", "-z"),
        given="".join(f"./{path}\0" for path in paths).encode(),
        environment={
            "GIT_DIR": str(repository.absolute()),
            "GIT_WORK_TREE": str(folder.absolute()),
            "GIT_LITERAL_PATHSPECS": "0",
        },
        deadline_seconds=DEADLINE_SECONDS,
    )


def _can_lie_on_a_disk(place: str) -> bool:
    return NAME not in place.split("/") and len(place.encode()) <= _DEEPEST_BYTES


def _write(folder: Path, text: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(text)
