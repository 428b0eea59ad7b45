"""A pack that is read while it arrives is what git says that it is; what was not seen whole is never cleared."""

import random
import shutil
import subprocess
from collections import UserDict
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from framework.gitcore.packs import BLOB, KIND_NAMES, LONGEST_HEAD_BYTES, OFS_DELTA, REF_DELTA
from framework.repositories.write.inventory import Inventory, Limits
from framework.repositories.write.received import scan as scanning
from framework.repositories.write.received.pack_stream import PackStream, PackUnreadable
from framework.repositories.write.received.scan import Clearing, scan_beside
from framework.repositories.write.received.stock import ReceivedPack, list_unclear, match_scan
from tests.packs_by_hand import entry_of, head_of, name_of, pack_by_hand, varint

MARK = b"a mark that somebody looks for"
MIB = 1 << 20
CLEARING = Clearing(lambda _kind, content: MARK not in content, lambda pieces: MARK not in b"".join(pieces))
START = b"PACK\0\0\0\2\0\0\0\1"
LIMITS = Limits(large_blob_bytes=MIB, blob_bytes=10 * MIB, other_bytes=10 * MIB)


class Source:
    """A repository with a base and a branch on top of it, whose objects become packs with deltas of each kind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        """Eight versions of a text, of a large file, and of small ones beside."""
        path = self.path
        noise = random.Random(1)
        self.git("init", "-q", "-b", "main", ".")
        for name, value in {"user.name": "Ann", "user.email": "ann@example.org"}.items():
            self.git("config", name, value)
        text = [noise.randbytes(20).hex() for _line in range(200)]
        for number in range(8):
            text[noise.randrange(200)] = MARK.decode() if number == 6 else str(number)
            (path / "text").write_text("\n".join(text))
            (path / f"file-{number}").write_bytes(noise.randbytes(500))
            (path / "large").write_bytes(noise.randbytes(MIB + number))
            self.commit(f"Number {number}\nand more\n\nof it")
            if number == 4:
                self.git("branch", "base")
        self.git("tag", "-m", "Annotated", "v1")

    def git(self, *arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(["git", *arguments], cwd=self.path, input=given, check=True, capture_output=True)
        return done.stdout

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-q", "-m", message)

    def pack(self, *options: str, revisions: str = "v1\n") -> bytes:
        arguments = ("-c", "core.bigFileThreshold=1m", "pack-objects", "--revs", "--stdout", "-q", *options)
        return self.git(*arguments, given=revisions.encode())

    def receive(self, pack: bytes, chunk_bytes: int = 1 << 16) -> tuple[Path, ReceivedPack | None]:
        """What git makes of the pack, and what the scan beside it saw."""
        (made,) = (self.path / ".git" / "objects" / "pack",)
        for old in made.iterdir():
            old.unlink()
        pieces = (pack[start : start + chunk_bytes] for start in range(0, len(pack), chunk_bytes))
        with scan_beside(CLEARING) as scan:
            self.git("index-pack", "--stdin", "--fix-thin", given=b"".join(scan.watch(pieces)))
        (file,) = made.glob("*.pack")
        return file, match_scan(scan, file)

    def objects_of(self, pack: Path) -> dict[str, tuple[str, bytes]]:
        """Kind and content of each object of the pack by its name, as git says."""
        names = self.git("show-index", given=pack.with_suffix(".idx").read_bytes()).decode().split()[1::3]
        printed = BytesIO(self.git("cat-file", "--batch", given="\n".join(names).encode()))
        found = dict[str, tuple[str, bytes]]()
        while head := printed.readline().split():
            found[head[0].decode()] = head[1].decode(), printed.read(int(head[2]) + 1)[:-1]
        return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled")
    Source(path).fill()
    return path


@pytest.fixture
def source(filled: Path, tmp_path: Path) -> Source:
    return Source(shutil.copytree(filled, tmp_path / "source"))


KINDS_OF_PACKS = pytest.mark.parametrize(
    ("options", "revisions"),
    [
        pytest.param(["--delta-base-offset"], "v1\n", id="deltas-by-offset"),
        pytest.param([], "v1\n", id="deltas-by-name"),
        pytest.param(["--thin", "--delta-base-offset"], "v1\n^base\n", id="thin"),
        pytest.param(["--depth=0"], "v1\n", id="whole"),
    ],
)


@KINDS_OF_PACKS
@pytest.mark.parametrize("held_bytes", [scanning.HELD_BYTES, 5000, 0], ids=["all-held", "some-held", "none-held"])
def test_it_sees_what_git_sees(
    source: Source, monkeypatch: pytest.MonkeyPatch, options: list[str], revisions: str, held_bytes: int
) -> None:
    monkeypatch.setattr(scanning, "HELD_BYTES", held_bytes)
    pack, received = source.receive(source.pack(*options, revisions=revisions), 999)
    assert received
    scanned, names = received.scanned, received.names
    seen = {
        (names[number].hex(), KIND_NAMES[scanned.kinds[number]].decode(), scanned.sizes[number])
        for number in range(len(names))
    }
    objects = source.objects_of(pack)
    assert seen == {(name, kind, len(content)) for name, (kind, content) in objects.items()}
    for number in range(len(names)):
        assert not (scanned.cleared[number] and MARK in objects[names[number].hex()][1])
    if held_bytes and "--depth=0" in options:
        assert any(scanned.cleared)


@KINDS_OF_PACKS
def test_only_what_has_the_mark_is_looked_at_again(
    source: Source, tmp_path: Path, options: list[str], revisions: str
) -> None:
    (source.path / "large").write_bytes(bytes(MIB) + MARK)
    source.commit("Another")
    pack, received = source.receive(source.pack(*options, revisions=revisions.replace("v1", "main")))
    assert received
    found = Inventory(tmp_path / "trees", tmp_path / "small", tmp_path / "brief", tmp_path / "unsearched")
    list_unclear(found, received.scanned, received.names, LIMITS)
    with_mark = {name for name, (_kind, content) in source.objects_of(pack).items() if MARK in content}
    looked_at = found.unsearched.read_text().split()
    assert with_mark == {*looked_at, *found.unsearched_large}
    assert found.large.keys() >= found.unsearched_large.keys() == with_mark & found.large.keys() != set()
    assert set(found.small.read_text().split()).isdisjoint(found.large)


def test_a_small_pack_is_held_and_knows_its_titles(source: Source) -> None:
    (source.path / "large").unlink()
    source.git("checkout", "-q", "--orphan", "small")
    source.commit("First  \nline\n\nBody")
    source.git("commit", "-q", "--allow-empty", "-m", "Second")
    source.git("tag", "-m", "Annotated", "v2")
    _pack, received = source.receive(source.pack(revisions="v2\n"))
    assert received
    held, tag = received.held, source.git("rev-parse", "v2").decode().strip()
    assert held.titles(tag) == source.git("log", "--format=%s", "v2").decode().splitlines()
    assert held.kind(tag) == "tag"
    assert held.peel(tag) == source.git("rev-parse", "v2^{commit}").decode().strip()
    assert held.tree_of(tag) == source.git("rev-parse", "v2^{tree}").decode().strip()
    assert held.content(tag) == source.git("cat-file", "tag", tag)


def test_titles_are_told_only_of_whole_histories_in_one_encoding(source: Source) -> None:
    (source.path / "large").unlink()
    source.commit("On top")
    _pack, received = source.receive(source.pack("--depth=0", revisions="main\n^v1\n"))
    assert received
    assert received.held.titles(source.git("rev-parse", "main").decode().strip()) is None
    source.git("checkout", "-q", "--orphan", "latin")
    source.git("-c", "i18n.commitEncoding=latin1", "commit", "-q", "-m", "caf\u00e9".encode("latin1").decode("latin1"))
    _pack, received = source.receive(source.pack(revisions="latin\n"))
    assert received
    assert received.held.titles(source.git("rev-parse", "latin").decode().strip()) is None


def read(pieces: Iterable[bytes]) -> ReceivedPack | None:
    """What a scan alone makes of these bytes; there is no pack beside."""
    with scan_beside(CLEARING) as scan:
        for _piece in scan.watch(pieces):
            pass
    return match_scan(scan, Path("nowhere"))


@pytest.mark.parametrize(
    "bytes_of_it",
    [
        *(b"", b"PACK", START, START + b"\x31junk that is not deflated" * 9),
        pack_by_hand([entry_of(BLOB, b"x", length=10)]),
        pack_by_hand([head_of(BLOB, 1 << 64)]),
        pack_by_hand([entry_of(REF_DELTA, b"\1" + varint(1 << 64) + b"\1x", bytes(20))]),
    ],
)
def test_what_is_no_pack_is_left_to_git(bytes_of_it: bytes) -> None:
    assert read([bytes_of_it]) is None


def test_the_longest_head_that_git_reads_is_read(source: Source) -> None:
    assert source.receive(pack_by_hand([entry_of(BLOB, b"x", length=9)]))[1]


@pytest.mark.parametrize("start", [b"", head_of(OFS_DELTA, 5)], ids=["size", "distance"])
def test_no_more_is_read_of_a_head_that_does_not_end(start: bytes) -> None:
    chunks = iter([start, *[b"\xe0" * LONGEST_HEAD_BYTES] * 9])
    with pytest.raises(PackUnreadable):
        PackStream(chunks).read_head()
    assert len(list(chunks)) == 8


def test_an_index_of_another_pack_is_noticed(source: Source) -> None:
    one, _received = source.receive(source.pack(revisions="base\n"))
    index = one.with_suffix(".idx").read_bytes()
    with scan_beside(CLEARING) as scan:
        for _piece in scan.watch([source.pack(revisions="base~1\n")]):
            pass
    one.with_suffix(".idx").chmod(0o600)
    one.with_suffix(".idx").write_bytes(index)
    assert match_scan(scan, one) is None


def test_nothing_more_is_read_of_what_inflates_without_end(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST_INFLATED_BYTES", MIB)
    assert source.receive(source.pack())[1] is None


@pytest.mark.parametrize("kind", [BLOB, REF_DELTA])
def test_nothing_is_inflated_that_says_it_is_too_large(monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    monkeypatch.setattr(scanning, "MOST_INFLATED_BYTES", 2 * MIB)
    looked_at = list[int]()

    def look(_stream: PackStream, size_bytes: int) -> Iterator[bytes]:
        looked_at.append(size_bytes)
        yield b""

    monkeypatch.setattr(PackStream, "read_pieces", look)
    base = bytes(20) if kind == REF_DELTA else b""
    read([pack_by_hand([entry_of(kind, bytes(2 * MIB + 1), base)])])
    assert not looked_at


def test_what_deltas_inflate_to_counts_whatever_they_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST_INFLATED_BYTES", 2 * MIB)
    deltas = [entry_of(REF_DELTA, b"\1\1" + bytes(MIB), bytes(20)) for _number in range(3)]
    assert read([pack_by_hand(deltas)]) is None


class Numbers(UserDict[bytes, int]):
    """The numbers of objects by name, and how often one was asked for."""

    asked = 0

    def __getitem__(self, name: bytes) -> int:
        self.asked += 1
        return super().__getitem__(name)


def test_each_delta_is_looked_at_once_in_whatever_order_they_come() -> None:
    contents = [b"%08d" % number for number in range(200)]
    names = [name_of(BLOB, content) for content in contents]
    delta = varint(8) * 2 + b"\x08"
    deltas = [entry_of(REF_DELTA, delta + contents[number], names[number - 1]) for number in range(199, 0, -1)]
    with scan_beside(CLEARING) as scan:
        for _piece in scan.watch([pack_by_hand([*deltas, entry_of(BLOB, contents[0])])]):
            pass
    numbers = Numbers(zip(reversed(names), range(200), strict=True))
    scan.resolve(numbers)
    assert numbers.asked == 199


def test_large_files_are_blobs_and_never_held(source: Source) -> None:
    _pack, received = source.receive(source.pack())
    assert received
    scanned = received.scanned
    large = [number for number, size in enumerate(scanned.sizes) if size > MIB and scanned.kinds[number] == BLOB]
    assert len(large) == 7
    assert not scanned.held.keys() & set(large)
    assert not scanned.holds_all
