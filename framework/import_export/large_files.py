"""Git LFS objects in an export, in the folders in which git-lfs keeps them itself (git-lfs's docs/spec.md).

So `unzip export.zip 'lfs/*' -d garden/.git` gives them to a clone of the export's bundle.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from framework import config
from framework.celery.jobs import Work
from framework.files import sha256_of
from framework.formatting import format_size
from framework.import_export.zips import ZipRefused, ZipTooLarge, open_zip, unpack
from framework.lfs.reading import stream_whole
from framework.lfs.receiving import store_files
from framework.projects.core.access import ProjectAccess
from framework.projects.members import quota
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs

OBJECTS_AT_ONCE, BYTES_AT_ONCE = 100, 64 << 20

_ENTRY = re.compile(r"lfs/objects/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")

Entries = dict[str, zipfile.ZipInfo]


def write_objects(target: zipfile.ZipFile, repository_id: str, objects: Sequence[StoredLfs], work: Work) -> None:
    """Write these objects into an export, each checked as it passes; constant memory.

    Raises:
        LfsLost: one is not in the store as it was received.
    """
    for number, stored in enumerate(objects, 1):
        work.say(f"Gathering Git LFS files, {number:,} of {len(objects):,}")
        with target.open(_name(stored.oid), "w", force_zip64=True) as file:
            for chunk in stream_whole(repository_id, stored):
                file.write(chunk)
        work.advance()


def take_objects(archive: Path, access: ProjectAccess, folder: Path, work: Work) -> None:
    """Store the objects of an export, which wait then for a version that needs them; those that are there stay.

    Raises:
        ZipRefused, ZipTooLarge, QuotaExceeded, FileOverPlan: the export is not imported. What `store_files` raises.
    """
    with open_zip(archive) as opened:
        entries = _find_missing(access.repository_id, _entries(opened))
        plan = quota.check_room(access, sum(entry.file_size for entry in entries.values())).plan
        for entry in entries.values():
            quota.refuse_large_file(plan, entry.filename, entry.file_size)
        done = 0
        for some in _batches(entries):
            work.say(f"Storing Git LFS files, {done:,} of {len(entries):,}")
            files = {oid: _unpack(opened, entry, folder / oid) for oid, entry in some.items()}
            store_files(access.repository_id, files)
            for file in files.values():
                file.unlink()
            done += len(files)


def _name(oid: str) -> str:
    return f"lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}"


def _entries(opened: zipfile.ZipFile) -> Entries:
    """The objects in an export, by their SHA-256 (hex)."""
    found = ((_ENTRY.fullmatch(entry.filename), entry) for entry in opened.infolist())
    return {match[3]: entry for match, entry in found if match}


def _find_missing(repository_id: str, entries: Entries) -> Entries:
    there = lfs_objects.read_received(repository_id, entries) | lfs_objects.read_named(repository_id, entries)
    return {oid: entry for oid, entry in entries.items() if oid not in there}


def _batches(entries: Entries) -> Iterator[Entries]:
    """A few at a time, so that neither the disk nor the number of requests grows with the export."""
    some: Entries = {}
    for oid, entry in entries.items():
        some[oid] = entry
        if len(some) == OBJECTS_AT_ONCE or sum(one.file_size for one in some.values()) >= BYTES_AT_ONCE:
            yield some
            some = {}
    if some:
        yield some


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> Path:
    limit = config.current().max_lfs_file_bytes
    if unpack(opened, entry, target, limit) > limit:
        raise ZipTooLarge(
            f"“{entry.filename}” in this ZIP file is over the limit of {format_size(limit)} for a large file."
        )
    if sha256_of(target) != target.name:
        raise ZipRefused(f"“{entry.filename}” in this ZIP file is damaged: it is not what its name says.")
    return target
