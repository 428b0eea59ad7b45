"""The local cache: bare repositories below `<data>/cache/` that may vanish at any moment and are made again from S3."""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from framework import config
from framework.errors import Unavailable
from framework.repositories import keys, locks
from framework.repositories.change import BLOBS, HISTORY
from framework.repositories.packwriter import WrittenPack
from framework.repositories.snapshot import Snapshot, StoredPack, read_snapshot, read_snapshot_and_packs
from framework.storage.contract import Fetched, ObjectMissing
from framework.storage.current import store

log = logging.getLogger(__name__)

FULL = "full"
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
        log.critical("%s is named in SQL and missing in the object store", key)


class DatabaseBehind(Unavailable):
    """The local copy knows a version that SQL does not: the database was restored from a backup."""

    def __init__(self) -> None:
        super().__init__("This project is being recovered after a restore; try again later.")


@dataclass(frozen=True)
class Marker:
    """Which version a local copy is at, and whether its packs of large blobs are there (`full`) or not (`history`)."""

    epoch: int
    version: int
    entry_hash: str | None
    kind: str

    def serves(self, snapshot: Snapshot, kind: str) -> bool:
        """Whether a reader of this snapshot finds everything here."""
        return not self._place < (snapshot.epoch, snapshot.version) and kind in {HISTORY, self.kind}

    def contradicts(self, snapshot: Snapshot) -> bool:
        """Whether SQL, asked after the marker was read, knows less than the copy or tells another story."""
        here = (snapshot.epoch, snapshot.version)
        return self._place > here or (self._place == here and self.entry_hash != snapshot.entry_hash)

    @property
    def _place(self) -> tuple[int, int]:
        return self.epoch, self.version


@contextmanager
def open_copy(repository_id: str, kind: str = HISTORY) -> Iterator[tuple[Path, Snapshot]]:
    """A bare repository on the local disk that holds at least the newest version, and what SQL says of it.

    `history` serves pages and browser edits, `full` everything that reads large blobs by git. It stays as it is
    until the block ends. A warm copy asks SQL and nothing else.

    Raises:
        RepositoryMissing, StoreUnavailable, PackAltered, DatabaseBehind.
    """
    while True:
        snapshot = read_snapshot(repository_id)
        with locks.shared(_lock(repository_id, "lease")):
            path = copy_path(repository_id)
            marker = _read_marker(path)
            if marker and marker.contradicts(snapshot):
                snapshot = read_snapshot(repository_id)
                _refuse_contradiction(marker, snapshot)
            if marker and marker.serves(snapshot, kind):
                yield path, snapshot
                return
        _catch_up(repository_id, kind, {})


def install(repository_id: str, written: Mapping[str, WrittenPack]) -> None:
    """Take packs that this process has just committed into the local copy, when there is one."""
    if copy_path(repository_id).exists():
        _catch_up(repository_id, HISTORY, written)


def copy_path(repository_id: str) -> Path:
    """Where the local copy of a repository lies, or would."""
    return config.current().data / "cache" / f"{repository_id}.git"


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A private folder on the cache's file system, removed with the block."""
    path = config.current().data / "scratch" / f"{prefix}-{keys.new_id()}"
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _catch_up(repository_id: str, kind: str, written: Mapping[str, WrittenPack]) -> None:
    """Bring the local copy to SQL's newest version: one process or thread at a time does it, the others wait."""
    with locks.exclusive(_lock(repository_id, "update")):
        snapshot, packs = read_snapshot_and_packs(repository_id)
        path = copy_path(repository_id)
        marker = _read_marker(path)
        if marker:
            _refuse_contradiction(marker, snapshot)
        if marker and marker.serves(snapshot, kind):
            return
        if marker:
            _advance(path, snapshot, packs, kind=kind, written=written)
            return
        with scratch("hydrate") as draft:
            _lay_out(draft / "copy")
            _advance(draft / "copy", snapshot, packs, kind=kind, written=written)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(path, ignore_errors=True)
            (draft / "copy").rename(path)


def _refuse_contradiction(marker: Marker, snapshot: Snapshot) -> None:
    if marker.contradicts(snapshot):
        raise DatabaseBehind


def _advance(
    path: Path, snapshot: Snapshot, packs: Sequence[StoredPack], *, kind: str, written: Mapping[str, WrittenPack]
) -> None:
    """Packs first, then refs, then the marker: a reader of the copy never sees a ref whose objects are not there."""
    with scratch("fetch") as landing:
        _fetch_missing(path, snapshot.repository_id, packs, kind=kind, written=written, landing=landing)
    _write_refs(path, snapshot)
    complete = all(_pack_file(path, pack.name).exists() for pack in packs)
    _write_marker(path, Marker(snapshot.epoch, snapshot.version, snapshot.entry_hash, FULL if complete else HISTORY))


def _fetch_missing(
    path: Path,
    repository_id: str,
    packs: Sequence[StoredPack],
    *,
    kind: str,
    written: Mapping[str, WrittenPack],
    landing: Path,
) -> None:
    """Link what this process wrote, fetch the rest in parallel, and put each pack before its index in its place."""
    wanted = [(pack, part) for pack in packs for part in _parts(path, pack, kind)]
    with ThreadPoolExecutor(PARALLEL_FETCHES) as pool, ExitStack() as running:
        running.callback(pool.shutdown, cancel_futures=True)
        fetched = [pool.submit(_land, repository_id, pack, part, landing, written) for pack, part in wanted]
        for future in fetched:
            future.result()
    for suffix in (".pack", ".idx"):
        for file in landing.glob(f"*{suffix}"):
            file.rename(path / "objects" / "pack" / file.name)


def _parts(path: Path, pack: StoredPack, kind: str) -> list[str]:
    """Which files of the pack a copy of this kind lacks; the packs of large blobs stay away from a `history` copy."""
    suffixes = [".idx"] if kind == HISTORY and pack.kind == BLOBS else [".pack", ".idx"]
    return [suffix for suffix in suffixes if not _pack_file(path, pack.name).with_suffix(suffix).exists()]


def _land(repository_id: str, pack: StoredPack, suffix: str, landing: Path, written: Mapping[str, WrittenPack]) -> None:
    target = landing / f"pack-{pack.name}{suffix}"
    if own := written.get(pack.name):
        shutil.copyfile(own.pack if suffix == ".pack" else own.idx, target)
        return
    if suffix == ".pack":
        key, expected = keys.pack_key(repository_id, pack.name), (pack.pack_bytes, pack.pack_sha256)
    else:
        key, expected = keys.idx_key(repository_id, pack.name), (pack.idx_bytes, pack.idx_sha256)
    for _attempt in range(2):
        fetched = _fetched(key, target)
        if (fetched.size_bytes, fetched.sha256) == expected:
            return
        target.unlink()
    raise PackAltered(key)


def _fetched(key: str, target: Path) -> Fetched:
    try:
        return store().fetch(key, target)
    except ObjectMissing as error:
        raise PackMissing(key) from error


def _lay_out(path: Path) -> None:
    (path / "objects" / "pack").mkdir(parents=True)
    (path / "objects" / "info").mkdir()
    (path / "refs").mkdir()
    (path / "config").write_text(_GIT_CONFIG)


def _write_refs(path: Path, snapshot: Snapshot) -> None:
    lines = [f"{sha} {name}\n" for name, sha in sorted(snapshot.refs.items(), key=lambda ref: ref[0].encode())]
    _replace(path / "HEAD", f"ref: refs/heads/{snapshot.default_branch}\n")
    _replace(path / "packed-refs", "# pack-refs with: sorted\n" + "".join(lines))


def _write_marker(path: Path, marker: Marker) -> None:
    _replace(path / "holdfast.json", json.dumps(marker.__dict__))


def _read_marker(path: Path) -> Marker | None:
    try:
        return Marker(**json.loads((path / "holdfast.json").read_bytes()))
    except FileNotFoundError:
        return None


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)


def _pack_file(path: Path, name: str) -> Path:
    return path / "objects" / "pack" / f"pack-{name}.pack"


def _lock(repository_id: str, kind: str) -> Path:
    return config.current().data / "locks" / f"{repository_id}.{kind}"
