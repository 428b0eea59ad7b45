"""The git executable, called from this one place: fixed environment, argument lists, a deadline, limits."""

import os
import resource
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from framework import config
from framework.database.session import refuse_held_connection
from framework.errors import Unavailable

CHUNK_BYTES = 1 << 16
FLOW_BYTES = 1 << 12
DEADLINE_SECONDS = 60
MEMORY_BYTES = 2 << 30
CPU_SECONDS = 600

# What published histories hold and every git reads alike; the rest of fsck stays an error (framework/git/DESIGN.md).
FSCK_IGNORED = (
    "zeroPaddedFilemode",
    "badTimezone",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingNameBeforeEmail",
)

# Sizes that follow the machine's memory and not the repository's; files from 1 MiB on are streamed, never deltas.
# What git writes is scratch or cache: durable is what the store has confirmed, so nothing waits for the local disk.
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.bigFileThreshold=1m",
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


class GitFailed(Unavailable):
    """git ended with an error that no input explains; its words are for the log.

    `exit_status` is that of the process, negative for the signal that ended it.
    """

    def __init__(self, arguments: Sequence[str], status: int, words: str) -> None:
        super().__init__("Git could not read this project just now; try again in a minute.")
        self.said = words.strip()
        self.exit_status = status
        self.words = f"git {' '.join(arguments)}: exit status {status}: {words.strip()}"


def run(
    repository: Path,
    *arguments: str,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> bytes:
    """What git prints for these arguments and this standard input in this repository.

    Raises:
        GitFailed: git ended with another status than 0, or the deadline passed.
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
    memory_bytes: int = MEMORY_BYTES,
    file_bytes: int | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A running git whose output is read by the caller; ended with the block, and at the deadline.

    Raises:
        GitFailed: at the end of the block, when git ended with another status than 0.
    """
    refuse_held_connection("git")
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            ["git", *_options(), *arguments],
            cwd=repository,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=words,
            env={**_environment(), **(environment or {})},
        )
        _limit(process.pid, memory_bytes, file_bytes)
        timer = threading.Timer(deadline_seconds, process.kill)
        timer.start()
        try:
            yield process
            _close(process)
            status = process.wait()
        finally:
            _close(process)
            process.kill()
            process.wait()
            timer.cancel()
        if status:
            words.seek(0)
            raise GitFailed(arguments, status, words.read(4096).decode(errors="replace"))


def chunks(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """What the process prints, as it comes."""
    assert process.stdout
    while chunk := process.stdout.read1(CHUNK_BYTES):  # type: ignore[attr-defined]
        yield chunk


def bulk(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """As `chunks`, in fewer and larger pieces once data flows: for what is passed on and not looked at.

    A trickle, such as progress, is passed on as it comes; a flow is held back for what completes a chunk.
    """
    assert process.stdout
    while chunk := process.stdout.read1(CHUNK_BYTES):  # type: ignore[attr-defined]
        yield chunk
        if len(chunk) >= FLOW_BYTES and (chunk := process.stdout.read(CHUNK_BYTES)):
            yield chunk


@cache
def version() -> str | None:
    """The version of the git executable, such as `2.39.5`, or None where there is none."""
    try:
        printed = subprocess.run(["git", "--version"], capture_output=True, check=True, text=True, env=_environment())
    except (OSError, subprocess.CalledProcessError):
        return None
    return printed.stdout.split()[2]


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


def _limit(process_id: int, memory_bytes: int, file_bytes: int | None) -> None:
    """Hold the child to its memory, its CPU and the size of the files that it writes, and its own children with it.

    Linux sets a running process's limits; elsewhere the deadline must do.
    """
    if hasattr(resource, "prlimit"):
        try:
            resource.prlimit(process_id, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
            resource.prlimit(process_id, resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            if file_bytes is not None:
                resource.prlimit(process_id, resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        except ProcessLookupError:
            return


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close our ends of the pipes, so that a git whose reader went away ends by itself."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
