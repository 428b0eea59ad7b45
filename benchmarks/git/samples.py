"""Repositories as the bodies that git posts: a push that brings all of it, and what fetches it or finds nothing new."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from framework.gitcore.pkt_line import FLUSH, pkt

MIB = 1 << 20
NOTHING = "0" * 40
DELIMITER = b"0001"
AUTHOR = "A <a@example.org>"


@dataclass(frozen=True)
class Sample:
    """One repository; `ls_refs` asks for its refs, the other bodies come after that as git's do."""

    name: str
    key: str
    push: bytes
    ls_refs: bytes
    clone: bytes
    shallow: bytes


def make_files(folder: Path) -> Sample:
    """One commit of a hundred files of two kilobytes."""
    files = [_file(f"folder-{number % 10}/file-{number}", os.urandom(1000).hex()) for number in range(100)]
    return _make("100 files", folder, [_commit(0), *files])


def make_history(folder: Path, commits: int = 20_000) -> Sample:
    """Commits of two files of three kilobytes each, in a hundred folders."""
    return _make(f"{commits:,} commits", folder, _history(commits))


def make_noise(folder: Path) -> Sample:
    """Two files of 50 MiB that do not compress."""
    noise = [_file(f"noise-{number}", os.urandom(50 * MIB)) for number in range(2)]
    return _make("100 MiB of noise", folder, [_commit(0), *noise])


def make_refs(folder: Path, refs: int = 5_000) -> Sample:
    """As many branches, each at a commit of its own."""
    commits = [
        _commit(number, f"refs/heads/branch-{number}") + _file("file", f"{number}") for number in range(refs - 1)
    ]
    return _make(f"{refs:,} refs", folder, [*commits, _commit(0)])


def _history(commits: int) -> Iterator[bytes]:
    for number in range(commits):
        yield _commit(number)
        for path in (f"file-{number % 10}", f"folder-{number % 100}/file"):
            yield _file(path, os.urandom(1500).hex())


def _commit(number: int, ref: str = "refs/heads/main") -> bytes:
    return f"commit {ref}\ncommitter {AUTHOR} {1_600_000_000 + number} +0000\ndata 4\nText\n".encode()


def _file(path: str, content: str | bytes) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def _make(name: str, folder: Path, stream: Iterable[bytes]) -> Sample:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    _git(folder, "fast-import", "--quiet", given=b"".join(stream))
    listed = _git(folder, "for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
    refs = {ref: tip for tip, _space, ref in (line.partition(" ") for line in listed)}
    pack = _git(folder, "pack-objects", "--quiet", "--all", "--stdout", "--delta-base-offset")  # as git pushes
    commands = [f"{NOTHING} {tip} {ref}".encode() for ref, tip in refs.items()]
    commands[0] += b"\0report-status side-band-64k"
    wants = [f"want {tip}\n".encode() for tip in sorted(set(refs.values()))]
    return Sample(
        name,
        folder.name,
        b"".join(map(pkt, commands)) + FLUSH + pack,
        _ask("ls-refs", [b"peel\n", b"symrefs\n", b"ref-prefix HEAD\n", b"ref-prefix refs/heads/\n"]),
        _ask("fetch", [b"thin-pack\n", b"no-progress\n", b"ofs-delta\n", *wants, b"done\n"]),
        _ask("fetch", [b"thin-pack\n", b"no-progress\n", b"ofs-delta\n", b"deepen 1\n", *wants, b"done\n"]),
    )


def _ask(command: str, lines: Iterable[bytes]) -> bytes:
    """A request of protocol version 2 (gitprotocol-v2)."""
    return pkt(f"command={command}\n".encode()) + DELIMITER + b"".join(map(pkt, lines)) + FLUSH


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", "-C", folder, *arguments], input=given, check=True, capture_output=True).stdout
