"""Filling a local copy from the store: packs in parallel, checked before use, put in place by renames."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from framework.errors import Unavailable
from framework.gitcore import side_files
from framework.gitcore.pack_index import PackNotIndexed, remake_index
from framework.gitcore.packs import MeasuredPack, WrittenPack
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.repositories.cache import ranges
from framework.repositories.cache.marker import FULL, Marker, read_marker, replace_text, write_marker
from framework.repositories.cache.packs.superseded import count_pack_bytes, list_superseded
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, StoredPack
from framework.repositories.catalog.snapshot import Snapshot
from framework.storage.contract import Fetched, ObjectMissing
from framework.storage.current import store

log = logging.getLogger(__name__)

PARALLEL_FETCHES = 8

_GIT_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = false\n\tbare = true\n"


class PackAltered(Unavailable):
    """A pack came back from the store with another length or hash than SQL recorded, twice."""

    def __init__(self, key: str) -> None:
        super().__init__("A part of this project could not be read from the object store; try again in a minute.")
        self.key = key


class PackMissing(Unavailable):
    """A pack that SQL names is not in the store: an alarm, and never an empty or a missing project."""

    def __init__(self, key: str) -> None:
        super().__init__("A part of this project is missing in the object store; the operator has to look at it.")
        self.key = key


@contextmanager
def expect_pack(key: str) -> Iterator[None]:
    """Have the operator told when the object, which SQL names, is not in the store.

    Raises:
        PackMissing.
    """
    try:
        yield
    except ObjectMissing as error:
        log.critical("%s is named in SQL and missing in the object store", key)
        raise PackMissing(key) from error


@dataclass(frozen=True)
class Filling:
    """What a copy is brought to: a version with its packs, as `history` or `full`; `written` are packs at hand."""

    snapshot: Snapshot
    packs: Sequence[StoredPack]
    kind: str
    written: Mapping[str, WrittenPack]

    @property
    def size_bytes(self) -> int:
        """What all of it takes."""
        return sum(pack.size_bytes for pack in self.packs)


Fetch = Callable[[str, Path, int], Fetched]
"""Brings the object of a key, which ought to have so many bytes, into a file."""


@dataclass(frozen=True)
class _Wanted:
    """A file of a pack as SQL recorded it."""

    key: str
    size_bytes: int
    sha256: str


def fill(path: Path, filling: Filling) -> None:
    """Packs first, then refs, then the marker: a reader of the copy never sees a ref whose objects are not there.

    Raises:
        StoreUnavailable, PackAltered, PackMissing: the copy is as it was, with packs more perhaps.
        OSError: the disk is full.
    """
    side_files_of = _side_files_owner(path)
    with scratch("fetch") as landing:
        _fetch_missing(path, filling, landing, side_files_of)
        side_files_of = _install_side_files(landing, path, filling) or side_files_of
    write_refs(path, filling.snapshot)
    write_marker(path, _marker(path, filling, side_files_of))


def _marker(path: Path, filling: Filling, side_files_of: str | None) -> Marker:
    newest = (filling.snapshot.epoch, filling.snapshot.version, filling.snapshot.entry_hash)
    whole = all(pack_file(path, pack.name).exists() for pack in filling.packs)
    lacks_side_files = any(pack.side_files and pack.name != side_files_of for pack in filling.packs)
    return Marker(
        *newest,
        kind=FULL if whole and (filling.kind == FULL or not lacks_side_files) else HISTORY,
        size_bytes=count_pack_bytes(path),
        packs=sorted(filling.snapshot.packs),
        side_files_of=side_files_of,
        has_superseded_packs=bool(list_superseded(path, filling.snapshot.packs)),
    )


def _side_files_owner(path: Path) -> str | None:
    found = read_marker(path)
    return found.side_files_of if found else None


def mend(path: Path, snapshot: Snapshot, damaged: Sequence[tuple[StoredPack, str]]) -> None:
    """Put these files of packs (`.pack` or `.idx`) into the copy anew, each by a rename over the damaged one.

    Raises:
        StoreUnavailable, PackAltered, PackMissing: the copy is as it was.
    """
    filling = Filling(snapshot, (), HISTORY, {})
    with scratch("mend") as landing:
        for pack, suffix in damaged:
            _land(filling, pack, [suffix], landing)
        _place(landing, path)


def download(repository_id: str, pack: StoredPack, folder: Path) -> WrittenPack:
    """The pack and its index from the store into this folder, checked; one after the other, over one connection.

    Raises:
        StoreUnavailable, PackAltered, PackMissing, OSError.
    """
    _bring(repository_id, pack, folder / f"pack-{pack.name}.pack", _in_one_piece)
    return index_pack(repository_id, pack, folder)


def index_pack(repository_id: str, pack: StoredPack, folder: Path) -> WrittenPack:
    """The pack, which lies in this folder and is checked, with its index, which is brought and checked.

    Raises:
        StoreUnavailable, PackAltered, PackMissing, OSError.
    """
    file = folder / f"pack-{pack.name}.pack"
    _bring(repository_id, pack, file.with_suffix(".idx"), _in_one_piece)
    return WrittenPack(file, file.with_suffix(".idx"), **MeasuredPack.values_of(pack))


def pack_file(path: Path, name: str, suffix: str = ".pack") -> Path:
    """Where the pack of this name, or its index, lies in this repository, or would."""
    return path / "objects" / "pack" / f"pack-{name}{suffix}"


def lay_out(path: Path) -> None:
    """An empty bare repository, as gitrepository-layout(5) wants it at the least."""
    (path / "objects" / "pack").mkdir(parents=True)
    (path / "objects" / "info").mkdir()
    (path / "refs").mkdir()
    (path / "config").write_text(_GIT_CONFIG)


def _fetch_missing(path: Path, filling: Filling, landing: Path, side_files_of: str | None) -> None:
    """Link what is at hand, fetch the rest in parallel, and put each pack before its index in its place."""
    wanted = [(pack, suffixes) for pack in filling.packs for suffixes in _parts(path, pack, filling)]
    beside = [
        (pack, suffix)
        for pack in filling.packs
        if pack.name != side_files_of
        for suffix in _side_files_of(pack, filling)
    ]
    with Pool(PARALLEL_FETCHES) as pool, ExitStack() as running:
        running.callback(pool.shutdown, cancel_futures=True)
        landed = [pool.submit(_land, filling, pack, suffixes, landing) for pack, suffixes in wanted]
        landed += [pool.submit(_land_side_file, filling, pack, suffix, landing) for pack, suffix in beside]
        for future in landed:
            future.result()
    _place(landing, path)


def _side_files_of(pack: StoredPack, filling: Filling) -> list[str]:
    """Which side files of the pack the copy gets: they name all packs of a consolidation, so those have to be there."""
    wanted = filling.kind == FULL or pack.name in filling.written
    return [suffix for suffix in side_files.INSTALLED if suffix in pack.side_files and wanted]


def _land_side_file(filling: Filling, pack: StoredPack, suffix: str, landing: Path) -> None:
    """Without it the copy is right, and slower; what hinders it is told in the log."""
    target = landing / f"{pack.name}.{suffix}"
    own = filling.written.get(pack.name)
    if own and suffix in own.side_files:
        target.hardlink_to(own.side_files[suffix].path)
        return
    recorded = pack.side_files[suffix]
    key = object_keys.side_key(filling.snapshot.repository_id, pack.name, suffix)
    try:
        _fetch_and_check(_Wanted(key, recorded.size_bytes, recorded.sha256), target, ranges.fetch)
    except Unavailable as error:
        log.warning("%s is done without: %s", key, error)


def _install_side_files(landing: Path, path: Path, filling: Filling) -> str | None:
    """Install what landed; the pack that it belongs to."""
    for pack in filling.packs:
        files = {suffix: landing / f"{pack.name}.{suffix}" for suffix in side_files.INSTALLED}
        landed = {suffix: file for suffix, file in files.items() if file.exists()}
        if landed:
            side_files.install(path, landed)
            return pack.name
    return None


def _place(landing: Path, path: Path) -> None:
    """Packs before indexes: git takes an index as the sign that its pack is whole."""
    for suffix in (".pack", ".idx"):
        for file in landing.glob(f"*{suffix}"):
            file.rename(path / "objects" / "pack" / file.name)


def _parts(path: Path, pack: StoredPack, filling: Filling) -> list[list[str]]:
    """Which files of the pack the copy lacks, in groups of what lands one after the other.

    A `history` copy takes a pack of large blobs only when it is at hand.
    """
    distant = pack.kind == BLOBS and filling.kind == HISTORY and pack.name not in filling.written
    suffixes = [".idx"] if distant else [".pack", ".idx"]
    lacking = [suffix for suffix in suffixes if not pack_file(path, pack.name, suffix).exists()]
    return [[suffix] for suffix in lacking] if pack.idx_stored or not lacking else [lacking]


def _land(filling: Filling, pack: StoredPack, suffixes: Sequence[str], landing: Path) -> None:
    own = filling.written.get(pack.name)
    for suffix in suffixes:
        target = landing / f"pack-{pack.name}{suffix}"
        if own:
            target.hardlink_to(own.pack if suffix == ".pack" else own.idx)  # both are below the data folder
        else:
            _bring(filling.snapshot.repository_id, pack, target, ranges.fetch)


def _bring(repository_id: str, pack: StoredPack, target: Path, fetch: Fetch) -> None:
    """Fetch the pack or its index, as the target's suffix says, or make the index where the store has none."""
    if target.suffix == ".pack" or pack.idx_stored:
        _fetch_and_check(_describe_file(repository_id, pack, target.suffix), target, fetch)
        return
    file, key = target.with_suffix(".pack"), object_keys.pack_key(repository_id, pack.name)
    if not file.exists():  # the copy has it, damaged perhaps
        _bring(repository_id, pack, file, fetch)
    try:
        target.write_bytes(remake_index(file, pack))
    except PackNotIndexed as error:
        raise PackAltered(key) from error


def _describe_file(repository_id: str, pack: StoredPack, suffix: str) -> _Wanted:
    if suffix == ".pack":
        return _Wanted(object_keys.pack_key(repository_id, pack.name), pack.pack_bytes, pack.pack_sha256)
    return _Wanted(object_keys.idx_key(repository_id, pack.name), pack.idx_bytes, pack.idx_sha256)


def _fetch_and_check(wanted: _Wanted, target: Path, fetch: Fetch) -> None:
    """The object of this length and SHA-256, tried twice."""
    for _attempt in range(2):
        with expect_pack(wanted.key):
            fetched = fetch(wanted.key, target, wanted.size_bytes)
        if (fetched.size_bytes, fetched.sha256) == (wanted.size_bytes, wanted.sha256):
            return
        target.unlink()
    raise PackAltered(wanted.key)


def _in_one_piece(key: str, target: Path, _size_bytes: int) -> Fetched:
    return store().fetch(key, target)


def write_refs(path: Path, snapshot: Snapshot) -> None:
    """Have git see the version's refs in this repository."""
    lines = [f"{sha} {name}\n" for name, sha in sorted(snapshot.refs.items(), key=lambda ref: ref[0].encode())]
    replace_text(path / "HEAD", f"ref: refs/heads/{snapshot.default_branch}\n")
    replace_text(path / "packed-refs", "# pack-refs with: sorted\n" + "".join(lines))
