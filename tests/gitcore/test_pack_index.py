"""Indexes that are made from a pack alone; git itself is the judge."""

import hashlib
import os
import random
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.gitcore import pack_index
from framework.gitcore.deltas.encoder import make_delta
from framework.gitcore.pack_index import MOST_DELTA_BYTES, MOST_INFLATED_BYTES, MOST_OBJECTS, PackNotIndexed, make_index
from framework.gitcore.packs import BLOB, OFS_DELTA

IDENTITY = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A repository with nine commits, a tag, and versions of a file that are deltas of each other in a pack."""
    made = tmp_path / "history"
    made.mkdir()
    git(made, "init", "-q")
    lines = [random.Random(1).randbytes(20).hex() for _ in range(200)]
    for number in range(9):
        lines[number * 7] = f"changed {number}"
        (made / "table").write_text("\n".join(lines))
        (made / f"folder-{number}").mkdir()
        (made / f"folder-{number}" / "empty").touch()
        git(made, "add", ".")
        git(made, "commit", "-qm", f"change {number}")
    git(made, "tag", "-am", "a tag", "v1")
    return made


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    environment = {**os.environ, **IDENTITY}
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=True, env=environment
    ).stdout


def pack(history: Path, *options: str, revisions: bytes = b"HEAD\nv1\n") -> Path:
    git(history, "pack-objects", "-q", "--revs", *options, str(history / "made"), given=revisions)
    return next(history.glob("made-*.pack"))


@pytest.mark.parametrize(
    "options", [(), ("--delta-base-offset",), ("--depth=0",)], ids=["by name", "by offset", "none"]
)
def test_it_is_the_one_that_git_makes(history: Path, options: tuple[str, ...]) -> None:
    made = pack(history, *options)
    assert make_index(made) == made.with_suffix(".idx").read_bytes()


def test_a_base_may_come_after_its_delta_as_in_a_completed_pack(history: Path, tmp_path: Path) -> None:
    thin = git(history, "pack-objects", "-q", "--revs", "--thin", "--stdout", given=b"HEAD\n^HEAD~1\n")
    completed = tmp_path / "completed.pack"
    git(history, "index-pack", "--stdin", "--fix-thin", str(completed), given=thin)
    assert completed.stat().st_size > len(thin), "a base was added"
    assert make_index(completed) == completed.with_suffix(".idx").read_bytes()


def test_an_empty_pack_has_one(tmp_path: Path) -> None:
    assert make_index(write_pack(tmp_path))[:8] == b"\xfftOc\0\0\0\2"


def entry(kind: int, content: bytes, size_bytes: int | None = None, behind_head: bytes = b"") -> bytes:
    left = len(content) if size_bytes is None else size_bytes
    head = [kind << 4 | left & 15]
    left >>= 4
    while left:
        head[-1] |= 0x80
        head.append(left & 0x7F)
        left >>= 7
    return bytes(head) + behind_head + zlib.compress(content, 9)


def write_pack(folder: Path, *entries: bytes, count: int | None = None) -> Path:
    body = struct.pack(">4sLL", b"PACK", 2, len(entries) if count is None else count) + b"".join(entries)
    file = folder / "made.pack"
    file.write_bytes(body + hashlib.sha1(body, usedforsecurity=False).digest())
    return file


def insert(size_bytes: int, base_bytes: int = 1) -> bytes:
    """A delta of this many instructions, each of which makes one byte."""
    return number(base_bytes) + number(size_bytes) + b"\x01a" * size_bytes


def copy(base_bytes: int, times: int) -> bytes:
    """A delta that makes its base, of less than 64 KiB, so many times."""
    return number(base_bytes) + number(base_bytes * times) + (b"\xb0" + struct.pack("<H", base_bytes)) * times


def number(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def first_then(delta: bytes, base: bytes = b"a") -> tuple[bytes, bytes]:
    first = entry(BLOB, base)
    return first, entry(OFS_DELTA, delta, behind_head=bytes([len(first)]))


TOO_MUCH = {
    "many objects": lambda: [entry(BLOB, b"%d" % number) for number in range(MOST_OBJECTS + 1)],
    "what inflates": lambda: [entry(BLOB, bytes(MOST_INFLATED_BYTES + 1))],
    "what says so": lambda: [entry(BLOB, b"", size_bytes=1 << 59)],
    "together": lambda: [entry(BLOB, bytes(MOST_INFLATED_BYTES // 2) + b"%d" % number) for number in range(2)],
    "instructions": lambda: first_then(insert(MOST_DELTA_BYTES // 2)),
    "what a delta makes": lambda: first_then(copy(60_000, 80), bytes(60_000)),
    "noise": lambda: [entry(BLOB, os.urandom(pack_index.MOST_PACK_BYTES))],
}


@pytest.mark.parametrize("make", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_might_take_long_is_refused(tmp_path: Path, make: Callable[[], list[bytes]]) -> None:
    with pytest.raises(PackNotIndexed, match="too"):
        make_index(write_pack(tmp_path, *make()))


def test_what_just_passes_is_indexed(tmp_path: Path) -> None:
    pairs = {
        "objects": [entry(BLOB, b"%d" % one) for one in range(MOST_OBJECTS)],
        "copies": first_then(copy(60_000, 60), bytes(60_000)),
    }
    for entries in pairs.values():
        file = write_pack(tmp_path, *entries)
        git(tmp_path, "index-pack", str(file))
        assert make_index(file) == file.with_suffix(".idx").read_bytes()
        file.with_suffix(".idx").unlink()


BROKEN = {
    "no such kind": lambda: [entry(5, b"a")],
    "a base that is elsewhere": lambda: [entry(7, insert(1), behind_head=bytes(20))],
    "a base before the start": lambda: [entry(OFS_DELTA, insert(1), behind_head=b"\x7f")],
    "a delta of another base": lambda: first_then(insert(1, base_bytes=2)),
    "a delta that is cut off": lambda: first_then(insert(2)[:-1]),
    "another size": lambda: [entry(BLOB, b"a", size_bytes=2)],
    "a smaller size": lambda: [entry(BLOB, b"ab", size_bytes=1)],
    "not deflated": lambda: [entry(BLOB, b"a")[:1] + b"not deflated"],
    "cut off": lambda: [entry(BLOB, b"a" * 50)[:-3]],
    "something behind the last": lambda: [entry(BLOB, b"a") + b"more"],
    "nothing but the head of an entry": lambda: [b"\xff\xff"],
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_pack_is_refused(tmp_path: Path, make: Callable[[], list[bytes]]) -> None:
    with pytest.raises(PackNotIndexed):
        make_index(write_pack(tmp_path, *make()))


def test_any_other_byte_is_noticed(history: Path) -> None:
    made = pack(history, revisions=b"HEAD~8\n")
    whole = made.read_bytes()
    for at in range(len(whole)):
        made.chmod(0o600)
        made.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(PackNotIndexed):
            make_index(made)
    for length in (0, 3, 11, 12, 31, 32, len(whole) - 1):
        made.write_bytes(whole[:length])
        with pytest.raises(PackNotIndexed):
            make_index(made)


def test_a_delta_that_we_make_is_applied(tmp_path: Path) -> None:
    base, target = tmp_path / "base", tmp_path / "target"
    base.write_bytes(random.Random(1).randbytes(100))
    target.write_bytes(base.read_bytes()[:80] + b"new")
    file = write_pack(tmp_path, *first_then(b"".join(make_delta(base, target)), base.read_bytes()))
    git(tmp_path, "index-pack", str(file))
    assert make_index(file) == file.with_suffix(".idx").read_bytes()
