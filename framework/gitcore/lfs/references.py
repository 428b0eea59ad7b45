"""Which Git LFS objects a history needs: those that the pointers in it stand for."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.gitcore import git
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.pack_objects import DEADLINE_SECONDS


def find_pointed_objects(repository: Path, tips: Iterable[str], folder: Path) -> set[str]:
    """The SHA-256 (hex) of each object that a pointer among the files which these tips reach stands for.

    Tips are object names; what those with a caret reach is left out. Lists of names go into files of the folder.

    Raises:
        GitFailed.
    """
    given, reached, brief = (folder / f"names-of-{part}" for part in ("tips", "reached", "brief"))
    given.write_text("".join(f"{tip}\n" for tip in tips))
    with reached.open("wb") as names, _run_with_names(repository, given, "rev-list", "--objects", "--stdin") as process:
        assert process.stdout
        names.writelines(line[:40] + b"\n" for line in process.stdout)
    with (
        brief.open("wb") as names,
        _run_with_names(repository, reached, "cat-file", "--batch-check", "--buffer") as process,
    ):
        names.writelines(_of_a_pointers_size(process))
    with _run_with_names(repository, brief, "cat-file", "--batch", "--buffer") as process:
        return {found.oid for data in _contents(process) if (found := lfs_pointer.parse(data))}


@contextmanager
def _run_with_names(repository: Path, names: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    with (
        names.open("rb") as given,
        git.start(repository, *arguments, stdin=given, deadline_seconds=DEADLINE_SECONDS) as process,
    ):
        yield process


def _of_a_pointers_size(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """Those of the objects that may be pointers, a name a line."""
    assert process.stdout
    for line in process.stdout:
        sha, kind, size = line.split()
        if kind == b"blob" and int(size) in lfs_pointer.SIZES:
            yield sha + b"\n"


def _contents(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    assert process.stdout
    while header := process.stdout.readline():
        size = int(header.split()[2])
        yield process.stdout.read(size + 1)[:size]
