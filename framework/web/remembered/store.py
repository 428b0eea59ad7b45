"""Recorded pages on the local disk, of bounded size, for all processes of a machine.

An entry is written beside its place and moved there whole; its first bytes are the SHA-256 of the rest. What is
damaged, too old or gone is rendered anew. The disk may be emptied at any moment.
"""

import hashlib
import logging
import secrets
import time
from contextlib import suppress
from pathlib import Path

from framework import config
from framework.files import read_whole

FOLDERS = 16
MOST_BYTES = 64 << 20
LONGEST_BYTES = 1 << 20
LASTS_SECONDS = 86_400
"""So long after it was rendered an entry is served: what was erased from a project is not kept here for ever."""
DIGEST_BYTES = 32

log = logging.getLogger(__name__)


def find(key: str) -> bytes | None:
    """What was kept under this key, in hexadecimal digits; None where nothing is, or it is damaged or too old."""
    try:
        stored, written_at = read_whole(_place(key))
    except OSError:
        return None
    if time.time() - written_at > LASTS_SECONDS:
        return None
    if hashlib.sha256(stored[DIGEST_BYTES:]).digest() != stored[:DIGEST_BYTES]:
        log.warning("a remembered page was damaged, and is rendered again: %s", key)
        return None
    return stored[DIGEST_BYTES:]


def keep(key: str, content: bytes) -> None:
    """Keep this under the key, unless it is too long or the disk does not take it; the oldest entries make room."""
    if len(content) > LONGEST_BYTES:
        return
    place = Path(_place(key))
    draft = place.with_name(f"{secrets.token_hex(8)}.draft")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(hashlib.sha256(content).digest() + content)
        draft.replace(place)
        _make_room(place.parent)
    except OSError as failure:
        log.warning("a page was not remembered: %s", failure)
        with suppress(OSError):
            draft.unlink()


def delete_old() -> None:
    """Delete the entries that are too old, also where nobody adds any; to be called now and then."""
    for folder in (config.current().data / "pages").glob("?"):
        with suppress(FileNotFoundError):
            _make_room(folder)


def _make_room(folder: Path) -> None:
    """Each folder has its part of the bytes, so that one entry more costs one look at one folder."""
    entries = [(path.stat(), path) for path in folder.iterdir()]
    entries.sort(key=lambda entry: entry[0].st_mtime)
    size_bytes = sum(status.st_size for status, _path in entries)
    too_old = time.time() - LASTS_SECONDS
    for status, path in entries:
        if size_bytes <= MOST_BYTES // FOLDERS and status.st_mtime >= too_old:
            return
        path.unlink(missing_ok=True)
        size_bytes -= status.st_size


def _place(key: str) -> str:
    """A text, since each page is looked for."""
    return f"{config.current().data}/pages/{key[0]}/{key}"
