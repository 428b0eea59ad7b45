"""What a running git prints is passed on as it comes, and in whole chunks once it flows."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
        for _ in range(git.CHUNK_BYTES // git.FLOW_BYTES):
            give(flow)
        assert len(next(chunks)) == git.CHUNK_BYTES
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
