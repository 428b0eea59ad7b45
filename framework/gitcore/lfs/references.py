"""Which Git LFS objects a history needs: those that the pointers in it stand for."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.gitcore import git
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.lfs.pointer import Pointer
from framework.gitcore.pack_objects import DEADLINE_SECONDS


def find_pointed_objects(repository: Path, tips: Iterable[str], folder: Path) -> set[str]:
    """The SHA-256 (hex) of each object that a pointer among the files which these tips reach stands for.

    Tips are object names; what those with a caret reach is left out. Lists of names go into files of the folder.

    Raises:
        GitFailed.
    """
    given, reached = folder / "names-of-tips", folder / "names-of-reached"
    given.write_text("".join(f"{tip}\n" for tip in tips))
    with reached.open("wb") as names, _run_with_names(repository, given, "rev-list", "--objects", "--stdin") as process:
        assert process.stdout
        names.writelines(line[:40] + b"\n" for line in process.stdout)
    return {pointer.oid for _sha, pointer in find_pointers(repository, reached, folder)}


def find_pointers(repository: Path, names: Path, folder: Path) -> Iterator[tuple[str, Pointer]]:
    """Those of the objects that this file names, a line each, that are pointers; what is not here is none.

    Raises:
        GitFailed.
    """
    brief = folder / "names-of-brief"
    with (
        brief.open("wb") as chosen,
        _run_with_names(repository, names, "cat-file", "--batch-check", "--buffer") as process,
    ):
        chosen.writelines(_of_a_pointers_size(process))
    with _run_with_names(repository, brief, "cat-file", "--batch", "--buffer") as process:
        for sha, data in _contents(process):
            if found := lfs_pointer.parse(data):
                yield sha, found


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
        sha, kind, *size = line.split()  # no size for what is missing
        if kind == b"blob" and int(size[0]) in lfs_pointer.SIZES:
            yield sha + b"\n"


def _contents(process: "subprocess.Popen[bytes]") -> Iterator[tuple[str, bytes]]:
    """Each object's name and bytes."""
    assert process.stdout
    while header := process.stdout.readline():
        sha, _kind, size = header.split()
        yield sha.decode(), process.stdout.read(int(size) + 1)[: int(size)]
