"""One project on a laptop's deployment, a write that is killed, and what has to hold afterwards."""

import hashlib
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from framework import config, rooms
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.database import schema
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.gitcore.pack_writer import blob_name
from framework.lfs.reading import find_content as content_of
from framework.lfs.writing import write
from framework.repositories import tasks
from framework.repositories.cache import copies
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import evict
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import find
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.folding import fold
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import RETIRED, LfsObject, Pack, Repository, StagedLfs, StagedPush, Version
from framework.repositories.object_keys import idx_key, journal_key, lfs_key, pack_key
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.operations import Put, Write
from framework.storage.current import store

LARGE_BLOB_BYTES = 4096
PROJECT = "0" * 32


def settings(data: Path) -> Config:
    """A laptop's deployment whose large blobs are small, so that a case is quick."""
    return Config(
        data=data,
        database_url=f"sqlite:///{data / 'holdfast.sqlite3'}",
        secret_key="of no value outside of the tests",
        base_url="http://localhost",
        broker_url="filesystem://",
        large_blob_bytes=LARGE_BLOB_BYTES,
        import_from_private_networks=True,
        fold_packs=1,
    )


def prepare(data: Path) -> None:
    """A project with a commit, and one in Git LFS that was pushed away, made in this process."""
    data.mkdir()
    config.use(settings(data))
    rooms.load_models()
    schema.upgrade()
    with transaction() as session:
        session.add(Repository(id=PROJECT, about={"name": "crash"}))
    kept = store_files(data, "start", {"start": b"start", ".gitattributes": b"film filter=lfs\n"})
    lost = store_files(data, "lost", {"lost/film": b"lost" * 100})
    away = RefUpdate("refs/heads/main", lost, kept)
    commit(Change(PROJECT, "crash", updates=(away,)), precheck=do_nothing, in_transaction=do_nothing)


def contents(name: str) -> dict[str, bytes]:
    """What the writer of this name stores: a small file, a large one, and one in Git LFS."""
    return {
        f"{name}/small": name.encode(),
        f"{name}/large": name.encode() * LARGE_BLOB_BYTES,
        f"{name}/film": name.encode() * 100,
    }


def repack(*, purge: bool) -> None:
    """Consolidate the project, or purge it."""
    with track_progress("repacking", every_seconds=3600) as work:
        consolidate(RepackRequest(PROJECT, purge=purge), work)


def fold_small() -> None:
    """Fold the small packs of the project."""
    fold(PROJECT)


def violations_after_repacking() -> list[str]:
    """Consolidate once more, have the collector delete what it may, and tell what does not hold then."""
    repack(purge=False)
    config.use(replace(config.current(), longest_request_hours=0, staged_hours=0))
    _sweep(all_readers_ended=True)
    collected = [found.left_because for found in collect(0) if found.left_because]
    with read_transaction() as session:
        packs = session.scalars(select(Pack)).all()
    found = [f"the collector left it alone: {reason}" for reason in collected]
    found += [f"{pack.name} is superseded and still there" for pack in packs if pack.superseded_version]
    found += [] if len(packs) == 2 else [f"{len(packs)} packs after a consolidation"]
    return found + list(verify(PROJECT).faults) + _orphans()


def store_files(data: Path, name: str, files: dict[str, bytes]) -> str:
    """Write these files in one commit of this title; its id."""
    puts = [_put(data / f"{name}-{number}", path, content) for number, (path, content) in enumerate(files.items())]
    wanted = Write(PROJECT, "main", puts, name, "Crash <crash@example.org>", "crash")
    return write(wanted, precheck=do_nothing, in_transaction=do_nothing).sha


def violations(names: Sequence[str], acknowledged: Sequence[str]) -> list[str]:
    """What does not hold after the writers of these names ended or were killed, and some were acknowledged."""
    found = [f"{name} was acknowledged and is not there" for name in acknowledged if not _is_there(name)]
    found += [f"{name} is there in part" for name in names if _is_there(name) is None]
    found += _broken_packs() + _broken_copy()
    return found


def violations_after_repeat(data: Path, names: Sequence[str]) -> list[str]:
    """Repeat every write, let the recurring work run, and tell what does not hold then."""
    for name in names:
        store_files(data, name, contents(name))
    tasks.confirm_log()
    _sweep(all_readers_ended=False)
    found = [f"{name} is missing after a repeat" for name in names if not _is_there(name)]
    with open_copy(PROJECT) as copy:
        titles = Counter(commit.title for commit in read_log(copy, resolve(copy, "main")))
    found += [f"{name} landed {titles[name]} times" for name in names if titles[name] != 1]
    return found + _broken_log() + _orphans() + _broken_copy()


def _sweep(*, all_readers_ended: bool) -> None:
    """Let the time pass that rows own their objects for, and clean up."""
    passed = {"expires_at": now() - timedelta(seconds=1)}
    with transaction() as session:
        session.execute(update(StagedPush).values(passed))
        session.execute(update(StagedLfs).where(StagedLfs.state != RETIRED).values(passed))
        if all_readers_ended:
            session.execute(update(StagedLfs).values(passed))
    tasks.sweep_staged()


def _is_there(name: str) -> bool | None:
    """Whether the writer's files are at the tip: all (True), none (False), or some (None)."""
    with open_copy(PROJECT) as copy:
        sha = resolve(copy, "main")
        there = []
        for path, content in contents(name).items():
            try:
                entry = find(copy, sha, path)
            except PathAbsent:
                there.append(False)
                continue
            found = content_of(copy, entry.sha)
            there.append(b"".join(found.blob.chunks) == content and (path.endswith("film") == bool(found.stored)))
    return there[0] if len(set(there)) == 1 else None


def _broken_packs() -> list[str]:
    """Packs and LFS objects that SQL names and the store has not, or not with the recorded length and hash."""
    with read_transaction() as session:
        packs, films = session.scalars(select(Pack)).all(), session.scalars(select(LfsObject)).all()
    expected = {pack_key(PROJECT, pack.name): (pack.pack_bytes, pack.pack_sha256) for pack in packs}
    expected |= {idx_key(PROJECT, pack.name): (pack.idx_bytes, pack.idx_sha256) for pack in packs if pack.idx_stored}
    expected |= {lfs_key(PROJECT, film.oid, film.name): (film.size_bytes, film.oid) for film in films}
    stored = {entry.key for entry in store().list(f"repos/{PROJECT}/")}
    missing = [f"{key} is missing" for key in expected if key not in stored]
    altered = [key for key, facts in expected.items() if key in stored and _facts(key) != facts]
    return missing + [f"{key} is altered" for key in altered]


def _facts(key: str) -> tuple[int, str]:
    data = store().read(key)
    return len(data), hashlib.sha256(data).hexdigest()


def _broken_copy() -> list[str]:
    """What git finds wrong in the project, hydrated onto an empty disk."""
    evict(PROJECT)
    with copies.lease_copy(PROJECT, "full") as (path, _snapshot):
        command = ["git", "-C", str(path), "fsck", "--full", "--strict", "--no-dangling"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"fsck: {done.stdout}{done.stderr}"] if done.returncode or done.stdout else []


def _broken_log() -> list[str]:
    """Versions without a gap, each naming its parent, each confirmed and in the store."""
    with read_transaction() as session:
        versions = session.scalars(select(Version).order_by(Version.epoch, Version.version)).all()
    keys = [journal_key(PROJECT, one.epoch, one.version, one.entry_hash) for one in versions]
    stored = [entry.key for entry in store().list(f"repos/{PROJECT}/log/")]
    found = [] if stored == keys else [f"the log has {stored}, SQL has {keys}"]
    if [one.version for one in versions] != list(range(1, len(versions) + 1)):
        found.append("versions have a gap")
    if [one.previous_hash for one in versions] != [None, *(one.entry_hash for one in versions[:-1])]:
        found.append("a version has another parent")
    return found


def _orphans() -> list[str]:
    with read_transaction() as session:
        films = {*session.scalars(select(LfsObject.name)), *session.scalars(select(StagedLfs.name))}
        named = {*session.scalars(select(Pack.name)), *films}
    stored = {
        Path(entry.key).stem[-32:] for part in ("packs", "lfs") for entry in store().list(f"repos/{PROJECT}/{part}/")
    }
    return [f"{name} is in the store and nobody's" for name in stored - named]


def _put(file: Path, path: str, content: bytes) -> Put:
    file.write_bytes(content)
    with file.open("rb") as source:
        return Put(path, file, len(content), blob_name(source, len(content)))
