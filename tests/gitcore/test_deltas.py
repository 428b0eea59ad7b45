"""Deltas of large files: git makes of them what we do, and they are small where the files are alike."""

import io
import random
import subprocess
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as some

from framework.gitcore.deltas.buffers import Buffers
from framework.gitcore.deltas.encoder import make_delta
from framework.gitcore.deltas.recipes import DeltaDamaged, Recipe, apply_delta, parse_delta, result_bytes
from framework.gitcore.pack_writer import PackWriter, blob_name

PIECES = some.lists(some.sampled_from([random.Random(seed).randbytes(100) for seed in range(6)]), max_size=20)


def made(recipe: Recipe, base: bytes) -> bytes:
    with NamedTemporaryFile() as file:
        Path(file.name).write_bytes(base)
        return b"".join(recipe.apply(Path(file.name)))


def in_buffers(base: bytes, *deltas: bytes) -> bytes:
    buffers = Buffers(max(len(base), *map(result_bytes, deltas)))
    buffers.fill([base[:10], base[10:]])
    for delta in deltas:
        buffers.apply(delta)
    return b"".join(buffers.chunks())


def delta_of(folder: Path, base: bytes, target: bytes) -> bytes:
    (folder / "base").write_bytes(base)
    (folder / "target").write_bytes(target)
    return b"".join(make_delta(folder / "base", folder / "target"))


@given(base=PIECES, target=PIECES, noise=some.binary(max_size=50))
def test_a_delta_makes_the_target(
    tmp_path_factory: pytest.TempPathFactory, base: list[bytes], target: list[bytes], noise: bytes
) -> None:
    old, new = b"".join(base), noise.join(target)
    folder = tmp_path_factory.mktemp("delta")
    delta = delta_of(folder, old, new)
    assert made(parse_delta(delta), old) == new
    assert b"".join(apply_delta(delta, folder / "base")) == new
    assert in_buffers(old, delta) == new


@given(some.lists(some.tuples(PIECES, some.binary(max_size=50)), min_size=2, max_size=6))
def test_deltas_of_deltas_are_one(
    tmp_path_factory: pytest.TempPathFactory, versions: list[tuple[list[bytes], bytes]]
) -> None:
    contents = [noise.join(pieces) for pieces, noise in versions]
    folder = tmp_path_factory.mktemp("delta")
    deltas = [delta_of(folder, *pair) for pair in pairwise(contents)]
    assert in_buffers(contents[0], *deltas) == contents[-1]
    whole, *others = map(parse_delta, deltas)
    for other in others:
        whole = other.after(whole)
    assert made(whole, contents[0]) == contents[-1]


@pytest.mark.parametrize("length", [0, 1, 0x7F, 0x80, 0xFFFF, 0x10000, 0x10001, (1 << 24) + 5])
def test_git_makes_the_same_of_it(tmp_path: Path, length: int) -> None:
    base = random.Random(1).randbytes(length)
    target = base[length // 2 :] + b"new" * 100 + base[: length // 2]
    delta = delta_of(tmp_path, base, target)
    names = [blob_name(io.BytesIO(data), len(data)) for data in (base, target)]
    with PackWriter(tmp_path / "made.pack") as pack:
        pack.add_blob(names[0], io.BytesIO(base), len(base))
        pack.add_delta(names[1], names[0], [delta], len(delta))
        pack.finish()
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "git"], check=True)
    for suffix in ("pack", "idx"):
        (tmp_path / "git" / "objects" / "pack" / f"pack-made.{suffix}").hardlink_to(tmp_path / f"made.{suffix}")
    git = ["git", "-C", str(tmp_path / "git")]
    subprocess.run([*git, "fsck", "--full", "--strict"], check=True, capture_output=True)
    told = subprocess.run([*git, "cat-file", "blob", names[1]], check=True, capture_output=True)
    assert told.stdout == target


def test_what_is_alike_costs_what_differs(tmp_path: Path) -> None:
    rows = [f"{number},{random.Random(number).random()}\n".encode() for number in range(50_000)]
    base = b"".join(rows)
    rows[100], rows[40_000] = b"another\n", b"and another\n"
    rows.insert(20_000, b"inserted\n")
    assert len(delta_of(tmp_path, base, b"".join(rows))) < 500


def test_pages_that_changed_in_their_place_cost_their_bytes(tmp_path: Path) -> None:
    base = random.Random(1).randbytes(4 << 20)
    target = bytearray(base)
    for page in range(0, 1000, 100):
        target[page * 4096 : (page + 1) * 4096] = random.Random(page).randbytes(4096)
    assert len(delta_of(tmp_path, base, bytes(target))) < 10 * 4096 * 1.05


def test_what_has_nothing_in_common_is_given_up(tmp_path: Path) -> None:
    base, target = random.Random(1).randbytes(3 << 20), random.Random(2).randbytes(3 << 20)
    assert len(target) < len(delta_of(tmp_path, base, target)) < len(target) * 1.02


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (b"", "cut off"),
        (b"\x05\x05\x90", "cut off"),
        (b"\x04\x05\x90\x05", "copies what its base does not have"),
        (b"\x05\x05\x90\x04", "cut off"),
        (b"\x05\x06\x90\x06", "copies what its base does not have"),
        (b"\x05\x03\x90\x05", "an instruction that there cannot be"),
        (b"\x05\x05\x00", "an instruction that there cannot be"),
        (b"\x05\x05\x03ab", "cut off"),
        (b"\x05" + b"\x80" * 9 + b"\x01\x90\x05", "a length that there cannot be"),
    ],
    ids=[
        *("empty", "in a copy", "shorter base", "too short", "beyond the base", "too long", "reserved", "in an insert"),
        "long length",
    ],
)
def test_what_is_no_delta_is_told(tmp_path: Path, delta: bytes, words: str) -> None:
    with pytest.raises(DeltaDamaged, match=words):
        parse_delta(delta)
    (tmp_path / "base").write_bytes(bytes(delta[0] if delta else 0))
    with pytest.raises(DeltaDamaged, match=words):
        list(apply_delta(delta, tmp_path / "base"))
    with pytest.raises(DeltaDamaged, match=words):
        in_buffers(bytes(delta[0] if delta else 0), delta)


def test_what_is_larger_than_the_buffers_is_told() -> None:
    with pytest.raises(DeltaDamaged, match="larger than its entry says"):
        Buffers(3).fill([b"01", b"23"])
    buffers = Buffers(3)
    buffers.fill([b"012"])
    with pytest.raises(DeltaDamaged, match="more than there is room for"):
        buffers.apply(b"\x03\x04\x90\x03\x010")


def test_another_base_is_told() -> None:
    recipe = parse_delta(b"\x05\x05\x90\x05")
    assert made(recipe, b"01234") == b"01234"
    with pytest.raises(DeltaDamaged, match="of another base"):
        made(recipe, b"0123456")
    with pytest.raises(DeltaDamaged, match="of another base"):
        recipe.after(Recipe(3, [b"0123456"]))
    with pytest.raises(DeltaDamaged, match="of another base"):
        in_buffers(b"0123456", b"\x05\x05\x90\x05")
