"""ZIP files that are imported: their files unpacked into scratch, counted as they inflate, links left out."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from framework import config
from framework.browse.render.zip_ends import DirectoryTooLarge, check_directory
from framework.errors import Invalid, TooLarge
from framework.files import read_chunks
from framework.gitcore.pack_writer import blob_name
from framework.import_export.zip_names import ZipNames, read_names
from framework.repositories.write.operations import Put
from framework.uploads.refusals import too_large_sentence

MOST_FILES = 20_000
MOST_ENTRIES, LONGEST_DIRECTORY_BYTES = 100_000, 32 << 20
ENCRYPTED = 0x1
TOO_MUCH = "Unpacked, this ZIP file is larger than one import may be."
BUNDLE, ABOUT = "project.bundle", "project.json"
"""What an export consists of, beside the Git LFS objects."""


class ZipRefused(Invalid):
    """The file is no ZIP file that can be imported."""

    field = "archive"


class ZipTooLarge(TooLarge):
    """What the ZIP file holds is more than one import may bring."""

    field = "archive"


def check_zip(archive: Path) -> None:
    """Refuse what cannot be imported, by what the ZIP file says of itself; the task counts what really comes out.

    Raises:
        ZipRefused, ZipTooLarge.
    """
    with open_zip(archive) as opened:
        entries = [opened.getinfo(BUNDLE)] if _is_export(opened) else _entries(opened)
        if any(entry.flag_bits & ENCRYPTED for entry in entries):
            raise ZipRefused("This ZIP file is protected by a password. Make one without.")
        if sum(entry.file_size for entry in entries) > config.current().max_push_bytes:
            raise ZipTooLarge(TOO_MUCH)
        largest = max(entries, key=lambda entry: entry.file_size)
        if not _is_export(opened) and largest.file_size > config.current().max_file_bytes:
            raise ZipTooLarge(too_large_sentence(largest.filename, largest.file_size))


def bundle_of(archive: Path, folder: Path) -> Path | None:
    """The bundle in an export of a project; None when the ZIP file is another one.

    Raises:
        ZipRefused, ZipTooLarge.
    """
    with open_zip(archive) as opened:
        if not _is_export(opened):
            return None
        target = folder / "bundle"
        limit = config.current().max_push_bytes
        if unpack(opened, opened.getinfo(BUNDLE), target, limit) > limit:
            raise ZipTooLarge(TOO_MUCH)
        return target


def files_of(archive: Path, folder: Path, encoding: str = "") -> tuple[list[Put], Sequence[str]]:
    """The files of the ZIP file, ready to be stored, and what there is to tell of them, as `read_names` has it.

    Raises:
        ZipRefused, ZipTooLarge: nothing is to be stored.
    """
    with open_zip(archive) as opened:
        _entries(opened)
        names = read_names([entry for entry in opened.infolist() if _is_kept(entry)], encoding)
        return list(_unpack(opened, names, folder)), names.told


def unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, limit_bytes: int) -> int:
    """Unpack one file and stop when it is over the limit, whatever its header says; how many bytes there were.

    Raises:
        ZipRefused.
    """
    size = 0
    try:
        with opened.open(entry) as source, target.open("wb") as file:
            for chunk in read_chunks(source):
                size += len(chunk)
                file.write(chunk)
                if size > limit_bytes:
                    break
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise ZipRefused(f"“{entry.filename}” in this ZIP file is damaged, or packed in an unknown way.") from error
    return size


def open_zip(archive: Path) -> zipfile.ZipFile:
    """The ZIP file, opened.

    Raises:
        ZipRefused: it is none. ZipTooLarge: it has more entries than are looked at.
    """
    try:
        with archive.open("rb") as file:
            check_directory(file, most_bytes=LONGEST_DIRECTORY_BYTES, most_entries=MOST_ENTRIES)
        return zipfile.ZipFile(archive)
    except DirectoryTooLarge as error:
        raise ZipTooLarge(f"This ZIP file holds too many files; one import may bring {MOST_FILES:,}.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError, OverflowError) as error:
        raise ZipRefused("This is not a ZIP file, or it is cut off.") from error


def _entries(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files among the entries, if there are some and not too many."""
    entries = [entry for entry in opened.infolist() if _is_file(entry)]
    if not entries:
        raise ZipRefused("There is no file in this ZIP file.")
    if len(entries) > MOST_FILES:
        raise ZipTooLarge(f"This ZIP file holds {len(entries):,} files; one import may bring {MOST_FILES:,}.")
    return entries


def _is_export(opened: zipfile.ZipFile) -> bool:
    return {BUNDLE, ABOUT} <= set(opened.namelist())


def _unpack(opened: zipfile.ZipFile, names: ZipNames, folder: Path) -> Iterator[Put]:
    left = config.current().max_push_bytes
    for number, (entry, path) in enumerate(names.files):
        target = folder / f"file-{number}"
        limit = config.current().max_file_bytes
        size = unpack(opened, entry, target, min(limit, left))
        if size > limit:
            raise ZipTooLarge(too_large_sentence(path, max(size, entry.file_size)))
        if size > left:
            raise ZipTooLarge(TOO_MUCH)
        left -= size
        with target.open("rb") as source:
            yield Put(path, target, size, blob_name(source, size))


def _is_file(entry: zipfile.ZipInfo) -> bool:
    return not entry.filename.endswith(("/", "\\")) and _is_kept(entry)


def _is_kept(entry: zipfile.ZipInfo) -> bool:
    """Whether it is a file or a folder, and no symbolic link or device."""
    return stat.S_IFMT(entry.external_attr >> 16) in {0, stat.S_IFREG, stat.S_IFDIR}
