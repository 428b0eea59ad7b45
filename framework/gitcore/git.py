"""The git executable, called from this one place: fixed environment, argument lists, a deadline, limits.

Each git leads a process group of its own: what it starts ends with it, and a signal to the group of this process leaves
it alone. Where setpriv(1) can, the kernel kills a git whose parent died; elsewhere it ends at the first closed pipe.
"""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from framework import config
from framework.database.session import refuse_held_connection
from framework.gitcore.failures import GitCutOff, GitFailed, GitInterrupted, GitTooSlow, classify_failure
from framework.gitcore.process_limits import limit_command, tie_to_parent

__all__ = ["GitCutOff", "GitFailed", "GitInterrupted", "GitTooSlow"]

PIPE_BYTES = 1 << 16
"""What a pipe of Linux holds, and so the most that one read of it brings."""
FLOW_BYTES = 1 << 12
DEADLINE_SECONDS = 60
MEMORY_BYTES = 256 << 20
RESOLVED_BLOB_BYTES = MEMORY_BYTES // 8
"""How large a blob may be that git is to make of deltas: it holds three of its size, beside the pack that is mapped."""
PACKING_MEMORY_BYTES = 1 << 30
PACKING = frozenset({"upload-pack", "pack-objects", "multi-pack-index", "bundle", "commit-graph", "rev-list", "fsck"})
"""Commands that hold a line for every object of a repository, and so take memory with its size."""

# What published histories hold and every git reads alike; the rest of fsck is an error (framework/githttp/DESIGN.md).
FSCK_IGNORED = (
    "zeroPaddedFilemode",
    "badTimezone",
    "badDateOverflow",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingNameBeforeEmail",
)

# Sizes that follow the machine's memory and not the repository's; files from 1 MiB on are streamed, never deltas.
# What git writes is scratch or cache: durable is what the store has confirmed, so nothing waits for the local disk.
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.bigFileThreshold=1m",
    "core.deltaBaseCacheLimit=16m",
    "core.fsync=none",
    "core.packedGitLimit=128m",
    "core.packedGitWindowSize=4m",
    "gc.auto=0",
    "maintenance.auto=false",
    "pack.deltaCacheSize=16m",
    "pack.threads=1",
    "pack.windowMemory=64m",
    "pack.writeBitmapLookupTable=true",
    "safe.directory=*",
    "transfer.unpackLimit=1",
    "uploadpack.allowFilter=true",
    "uploadpack.allowSidebandAll=true",
    "protocol.version=2",
    *(f"fsck.{message}=ignore" for message in FSCK_IGNORED),
)


def run(
    repository: Path,
    *arguments: str,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> bytes:
    """What git prints for these arguments and this standard input in this repository.

    Raises:
        GitFailed, GitInterrupted: git ended with another status than 0, or the deadline passed.
    """
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        with start(
            repository, *arguments, stdin=stdin, environment=environment, deadline_seconds=deadline_seconds
        ) as process:
            assert process.stdout
            return process.stdout.read()


@contextmanager
def start(
    repository: Path,
    *arguments: str,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
    memory_bytes: int | None = None,
    file_bytes: int | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A running git whose output is read by the caller; ended with the block, and at the deadline.

    It may take `memory_bytes`, or else what its command needs for honest repositories. What the block raises about the
    output of a git that was cut off does not count.

    Raises:
        GitFailed: at the end of the block, when git ended with another status than 0.
        GitInterrupted: it was ended from outside, or the server is restarting.
    """
    refuse_held_connection("git")
    if _server.is_ending:
        raise GitInterrupted
    limits = limit_command(memory_bytes or _memory_of(arguments), file_bytes)
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [*tie_to_parent(config.current().git_path), *limits, "git", *_options(), *arguments],
            cwd=repository,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=words,
            env={**_environment(), **(environment or {})},
            process_group=0,
        )
        with _supervise(_Group(process), deadline_seconds) as (group, expired):
            try:
                yield process
                _close(process)
                status = group.wait()
            except Exception as conclusion:
                cut = classify_failure(arguments, group.stop(), _read(words), expired=expired.is_set())
                if isinstance(cut, (GitInterrupted, GitCutOff)):
                    raise cut from conclusion
                raise
            if status:
                raise classify_failure(arguments, status, _read(words), expired=expired.is_set())


class _Group:
    """A git and what it has started, which are killed together.

    The group's number is git's, and may be another's once git was reaped: so git is reaped last, and by nobody else.
    """

    def __init__(self, leader: "subprocess.Popen[bytes]") -> None:
        self.leader = leader
        self._reaping = threading.RLock()  # `interrupt` runs in a signal handler, maybe of the thread that reaps

    def kill(self) -> None:
        """End all of it that still runs."""
        with self._reaping:
            if self.leader.returncode is None:
                with suppress(ProcessLookupError, PermissionError):  # macOS forbids it where only the dead are left
                    os.killpg(self.leader.pid, signal.SIGKILL)

    def wait(self) -> int:
        """The status with which git ended by itself or by others; what it had started ends, too."""
        if self.leader.returncode is None:
            os.waitid(os.P_PID, self.leader.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self.kill()
            return self.leader.wait()

    def stop(self) -> int:
        """The same, or 0 when it still ran and was ended here."""
        if self.leader.returncode is not None or self._has_ended():
            return self.wait()
        self.kill()
        status = self.wait()  # a signal that came before ours is the one that counts
        return 0 if status == -signal.SIGKILL and not _server.is_ending else status

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self.leader.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


class _Server:
    """What the end of this process means for the gits that it runs."""

    is_ending = False

    def __init__(self) -> None:
        self.running: set[_Group] = set()


_server = _Server()


def interrupt() -> None:
    """End every running git, and start none any more: whoever waits for one hears that the server is restarting."""
    _server.is_ending = True
    for group in tuple(_server.running):
        group.kill()


@contextmanager
def _supervise(group: _Group, deadline_seconds: float) -> Iterator[tuple[_Group, threading.Event]]:
    """Have the group ended with the block, and killed at the deadline, which the event tells."""
    expired = threading.Event()

    def kill() -> None:
        expired.set()
        group.kill()

    timer = threading.Timer(deadline_seconds, kill)
    _server.running.add(group)
    timer.start()
    try:
        if _server.is_ending:  # since we looked
            group.kill()
        yield group, expired
    finally:
        timer.cancel()
        _close(group.leader)
        group.stop()
        _server.running.discard(group)


def _read(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read(4096).decode(errors="replace")


def chunks(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """What the process prints, as it comes."""
    assert process.stdout
    while chunk := process.stdout.read1(PIPE_BYTES):  # type: ignore[attr-defined]
        yield chunk


def bulk(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """As `chunks`, in fewer and larger pieces once data flows: for what is passed on and not looked at.

    A trickle, such as progress, is passed on as it comes; a flow is held back for what completes a chunk.
    """
    assert process.stdout
    while chunk := process.stdout.read1(PIPE_BYTES):  # type: ignore[attr-defined]
        yield chunk
        if len(chunk) >= FLOW_BYTES and (chunk := process.stdout.read(PIPE_BYTES)):
            yield chunk


@cache
def version() -> str | None:
    """The version of the git executable, such as `2.39.5`, or None where there is none."""
    try:
        printed = subprocess.run(["git", "--version"], capture_output=True, check=True, text=True, env=_environment())
    except (OSError, subprocess.CalledProcessError):
        return None
    return printed.stdout.split()[2]


def version_numbers() -> tuple[int, int]:
    """The first two numbers of the version, such as (2, 39); zeros where there is no git."""
    numbers = re.findall(r"\d+", version() or "0.0")
    return int(numbers[0]), int(numbers[1])


def cat_blob(repository: Path, sha: str) -> Iterator[bytes]:
    """The bytes of the blob of this name.

    Raises:
        GitFailed: at the end.
    """
    with start(repository, "cat-file", "blob", "--end-of-options", sha) as process:
        yield from bulk(process)


def _options() -> list[str]:
    return [part for setting in _SETTINGS for part in ("-c", setting)]


def _environment() -> dict[str, str]:
    settings = config.current()
    return {
        "PATH": settings.git_path,
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_DIR": ".",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        **dict(settings.git_environment),
    }


def _memory_of(arguments: Sequence[str]) -> int:
    return PACKING_MEMORY_BYTES if PACKING.intersection(arguments[:8]) else MEMORY_BYTES


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close our ends of the pipes, so that a git whose reader went away ends by itself."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
