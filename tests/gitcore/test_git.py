"""What a running git prints is passed on as it comes; its limits and its end hold for all that it starts."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from framework.config import Config
from framework.gitcore import git


@contextmanager
def printing() -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[bytes], None]]]:
    """A program that prints what it is given, and how to give it something."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        given = process.stdin.fileno()

        def give(data: bytes) -> None:
            assert os.write(given, data) == len(data)

        yield process, give


def test_a_trickle_is_passed_on_as_it_comes() -> None:
    with printing() as (process, give):
        chunks = git.bulk(process)
        for line in (b"Counting objects: 1\r", b"Counting objects: 2\r"):
            give(line)
            assert next(chunks) == line


def test_a_flow_is_passed_on_in_whole_chunks_and_a_trickle_after_it_at_once() -> None:
    flow = os.urandom(git.FLOW_BYTES)
    with printing() as (process, give):
        chunks = git.bulk(process)
        give(flow)
        assert next(chunks) == flow
        for _ in range(git.PIPE_BYTES // git.FLOW_BYTES):
            give(flow)
        assert len(next(chunks)) == git.PIPE_BYTES
        give(b"done")
        assert next(chunks) == b"done"


def test_what_ends_within_a_chunk_is_passed_on_with_its_end() -> None:
    with printing() as (process, give):
        chunks = git.bulk(process)
        give(os.urandom(git.FLOW_BYTES))
        assert next(chunks)
        give(b"the rest")
        assert process.stdin
        process.stdin.close()
        assert list(chunks) == [b"the rest"]


def test_limits_hold_from_the_first_instruction(with_settings: Callable[..., Config], tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nulimit -d\nulimit -t\n")
    program.chmod(0o755)
    with_settings(git_path=f"{tmp_path}:{os.environ['PATH']}")
    assert git.run(tmp_path, "blame").split() == [b"262144", b"600"]
    assert git.run(tmp_path, "upload-pack").split() == [b"1048576", b"600"]


@pytest.fixture
def starting(with_settings: Callable[..., Config], tmp_path: Path) -> Callable[[str], None]:
    """Has git start a child from now on that writes its number to `tmp_path / "child"`, and then do this."""

    def start(act: str) -> None:
        program = tmp_path / "git"
        program.write_text(f"#!/bin/sh\nsleep 600 &\necho $! >{tmp_path}/child\n{act}\n")
        program.chmod(0o755)
        with_settings(git_path=f"{tmp_path}:{os.environ['PATH']}")

    return start


def has_ended(process_id: int) -> bool:
    """Whether it runs no more, as soon as that is so: a killed orphan may wait for init to reap it."""
    for _look in range(1000):
        try:
            if ") Z " in Path(f"/proc/{process_id}/stat").read_text():
                return True
        except FileNotFoundError:
            return True
        sleep(0.01)
    return False


def child_in(folder: Path) -> int:
    """The number that git's child has written, once it has."""
    while not (text := (folder / "child").read_text() if (folder / "child").exists() else ""):
        sleep(0.01)
    return int(text)


def test_the_deadline_ends_what_git_has_started(starting: Callable[[str], None], tmp_path: Path) -> None:
    starting("wait")
    with pytest.raises(git.GitTooSlow):
        git.run(tmp_path, "version", deadline_seconds=0.5)  # reads until the child lets go of git's output
    assert has_ended(child_in(tmp_path))


def test_the_child_of_a_git_that_ended_well_is_not_left_behind(starting: Callable[[str], None], tmp_path: Path) -> None:
    starting("echo done")
    with git.start(tmp_path, "version") as process:
        assert process.stdout
        assert process.stdout.readline() == b"done\n"
    assert has_ended(child_in(tmp_path))


def test_what_git_has_started_ends_with_the_block(starting: Callable[[str], None], tmp_path: Path) -> None:
    starting("echo ready; wait")

    def leave() -> None:
        with git.start(tmp_path, "version") as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            raise LookupError

    with pytest.raises(LookupError):
        leave()
    assert has_ended(child_in(tmp_path))


def test_what_git_has_started_ends_when_the_server_does(
    starting: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_server", git._Server())
    starting("wait")

    def wait_for_git() -> None:
        with git.start(tmp_path, "version") as process:
            child = child_in(tmp_path)
            git.interrupt()
            assert process.stdout
            assert process.stdout.read() == b""
            assert has_ended(child)

    with pytest.raises(git.GitInterrupted):
        wait_for_git()


def test_git_ends_when_its_parent_is_killed(starting: Callable[[str], None], tmp_path: Path) -> None:
    starting(f"echo $$ >{tmp_path}/own; exec sleep 600")
    code = (
        "import sys; from pathlib import Path; from framework import config; from framework.gitcore import git\n"
        "with git.start(Path(sys.argv[1]), 'version'): print(flush=True); sys.stdin.read()"
    )
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOLDFAST_DATA": str(tmp_path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = child_in(tmp_path)
        assert parent.stdout
        assert parent.stdout.readline()
        parent.kill()
    own = int((tmp_path / "own").read_text())
    assert has_ended(own)
    os.kill(child, signal.SIGKILL)  # it has another parent, and ends at a closed pipe


def test_a_child_of_git_has_its_limits(with_settings: Callable[..., Config], tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nsh -c 'ulimit -d; ulimit -S -t; ulimit -H -t; ulimit -f' & wait\n")
    program.chmod(0o755)
    with_settings(git_path=f"{tmp_path}:/bin")
    with git.start(tmp_path, "blame", file_bytes=1025) as process:
        assert process.stdout
        assert process.stdout.read().split() == [b"262144", b"600", b"610", b"3"]
