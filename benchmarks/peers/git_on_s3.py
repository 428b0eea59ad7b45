"""init, add and commit by git where the repository is in a bucket: in s3fs, in `rclone mount`, and by git-remote-s3."""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.mounts import Bucket, Mount, mount_rclone, mount_s3fs
from benchmarks.peers.programs import find_python_program
from benchmarks.setting.running import read_cpu_seconds

FILES = 10
AUTHOR = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")


@dataclass(frozen=True)
class Steps:
    """Seconds of each step; who adds and commits in one step has it all as the commit."""

    init: float
    add: float
    commit: float


@dataclass(frozen=True)
class Way:
    """A way to do the steps: `perform` takes the number of the round, so that each has a repository of its own."""

    perform: Callable[[int], Steps]
    count_cpu_seconds: Callable[[], float]


@contextmanager
def git_in_s3fs(bucket: Bucket, folder: Path) -> Iterator[Way]:
    """The repository and its working tree are in s3fs.

    Raises:
        Absent: it cannot run on this machine.
    """
    with mount_s3fs(bucket, folder) as mount:
        yield _in_mount(mount)


@contextmanager
def git_in_rclone(bucket: Bucket, folder: Path) -> Iterator[Way]:
    """The repository and its working tree are in `rclone mount`; a step ends when all of it is stored.

    Raises:
        Absent: it cannot run on this machine.
    """
    with mount_rclone(bucket, folder) as mount:
        yield _in_mount(mount)


@contextmanager
def git_remote_s3(bucket: Bucket, folder: Path) -> Iterator[Way]:
    """The repository is on the local disk; the commit ends with a push to the bucket.

    Raises:
        Absent: it cannot run on this machine.
    """
    programs = Path(find_python_program("git-remote-s3")).parent
    variables = {**bucket.environment, "PATH": f"{programs}:{os.environ['PATH']}"}

    def perform(number: int) -> Steps:
        work = folder / _new_name(number)
        steps = _use_git(work, lambda: None)
        push = ["push", "-q", f"s3://{bucket.name}/{work.name}", "main"]
        return Steps(steps.init, steps.add, steps.commit + take_seconds(lambda: _git(work, *push, variables=variables)))

    yield Way(perform, _count_children_seconds)


def content_of(number: int, file: int) -> bytes:
    """A small text file, of which no two are alike."""
    return f"{number} {file}\n".encode() * 20


def take_seconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _in_mount(mount: Mount) -> Way:
    def perform(number: int) -> Steps:
        return _use_git(mount.folder / _new_name(number), mount.wait_until_stored)

    return Way(perform, lambda: _count_children_seconds() + read_cpu_seconds(mount.process_id))


def _new_name(number: int) -> str:
    """Of a repository; the bucket has those of other runs, too."""
    return f"repository-{number}-{os.urandom(4).hex()}"


def _use_git(folder: Path, wait_until_stored: Callable[[], None]) -> Steps:
    def init() -> None:
        subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
        wait_until_stored()

    def add() -> None:
        for file in range(FILES):
            (folder / f"file-{file}.txt").write_bytes(content_of(0, file))
        _git(folder, "add", ".")
        wait_until_stored()

    def commit() -> None:
        _git(folder, *AUTHOR, "commit", "-q", "-m", "Ten files")
        wait_until_stored()

    return Steps(take_seconds(init), take_seconds(add), take_seconds(commit))


def _git(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
    environment = {**os.environ, **(variables or {})}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def _count_children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
