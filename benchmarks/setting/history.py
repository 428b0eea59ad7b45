"""A project as people have them: small files that many commits change, and large ones, written by `git fast-import`."""

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MIB = 1 << 20


@dataclass(frozen=True)
class Shape:
    """How much of what; `opened_bytes` is the size of the one file `videos/opened` among the large ones."""

    commits: int = 2000
    small_files: int = 5000
    large_files: int = 200
    opened_bytes: int = 50 * MIB
    all_large_bytes: int = 1000 * MIB
    seed: int = 8


def make(folder: Path, shape: Shape) -> Path:
    """A bare repository in this folder with one branch, main."""
    repository = folder / "made.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)
    command = ["git", "-C", str(repository), "-c", "core.bigFileThreshold=1m", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        _write(process.stdin, shape)
        process.stdin.close()
        if process.wait():
            raise RuntimeError("git fast-import failed")
    return repository


def _write(stream: IO[bytes], shape: Shape) -> None:
    """Small files and large ones arrive evenly over the commits; every commit changes one file that is there."""
    chance = random.Random(shape.seed)  # noqa: S311
    sizes = [shape.opened_bytes]
    sizes += [(shape.all_large_bytes - shape.opened_bytes) // max(1, shape.large_files - 1)] * (shape.large_files - 1)
    small = large = 0
    for number in range(shape.commits):
        text = f"Commit {number}\n".encode()
        author = b"committer Bench <bench@example.org> %d +0000\n" % (1_700_000_000 + 600 * number)
        stream.write(b"commit refs/heads/main\n" + author + b"data %d\n%s" % (len(text), text))
        while small < shape.small_files * (number + 1) // shape.commits:
            _file(stream, f"src/part-{small % 60}/file-{small}.py", _text(chance, small))
            small += 1
        while large < shape.large_files * (number + 1) // shape.commits:
            _file(stream, f"videos/{'opened' if large == 0 else large}", chance.randbytes(sizes[large]))
            large += 1
        changed = chance.randrange(max(1, small))
        _file(stream, f"src/part-{changed % 60}/file-{changed}.py", _text(chance, changed))


def _file(stream: IO[bytes], path: str, content: bytes) -> None:
    stream.write(b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(content)))
    stream.write(content + b"\n")


def _text(chance: random.Random, number: int) -> bytes:
    """About 2 KB that compress as source does."""
    lines = [f"def function_{number}_{line}(value):  # {chance.getrandbits(40):x}\n" for line in range(10)]
    return "".join(f"{line}    return value * {chance.randrange(1000)}\n" for line in lines * 2).encode()
