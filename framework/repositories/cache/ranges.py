"""Objects fetched whole: a large one in parallel ranges, each written where it belongs, hashed in order meanwhile."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, wait
from itertools import islice
from pathlib import Path

from framework import config
from framework.repositories.cache.threads import Threads
from framework.storage.contract import Fetched
from framework.storage.current import store

PART_BYTES = 16 << 20
PARTS_AT_ONCE = 16
HASHED_BYTES = 1 << 20

_threads = Threads("ranges", lambda: max(2, config.current().s3_connections // 2))


def fetch(key: str, target: Path, size_bytes: int) -> Fetched:
    """Write the object, which ought to have this length, into the file `target`; the caller compares length and hash.

    At most `PARTS_AT_ONCE` ranges are under way for one object, so that others get their turns, and all objects of the
    process share half of its connections.

    Raises:
        ObjectMissing, BodyAltered, StoreUnavailable, StoreRefused: nothing is left at `target`.
        OSError: the disk is full.
    """
    if size_bytes <= PART_BYTES:
        return store().fetch(key, target)
    digest, arrived = hashlib.sha256(), 0
    try:
        for chunk in stream(key, target, size_bytes):
            digest.update(chunk)
            arrived += len(chunk)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Fetched(arrived, digest.hexdigest())


def stream(key: str, target: Path, size_bytes: int) -> Iterator[bytes]:
    """The same as a stream of what is written, in order, while further ranges are under way; nothing is checked.

    Raises:
        What `fetch` raises; what has arrived is left at `target`.
    """
    under_way: deque[Future[int]] = deque()
    arrived = 0
    with target.open("w+b", buffering=0) as file:
        starts = iter(range(0, size_bytes, PART_BYTES))
        try:
            for start in islice(starts, PARTS_AT_ONCE):
                under_way.append(_threads.submit(_fetch_part, key, file.fileno(), start))
            while under_way:
                length = under_way.popleft().result()
                for following in islice(starts, 1):
                    under_way.append(_threads.submit(_fetch_part, key, file.fileno(), following))
                yield from _read(file.fileno(), arrived, length)
                arrived += length
        finally:
            for part in under_way:
                part.cancel()
            wait(under_way)  # nobody may write to the number of a file that is closed


def _fetch_part(key: str, descriptor: int, start: int) -> int:
    """The range of `PART_BYTES` from `start` on, into its place; its length, less where the object ends."""
    position = start
    with store().stream(key, start, PART_BYTES) as chunks:
        for chunk in chunks:
            written = 0
            while written < len(chunk):
                written += os.pwrite(descriptor, chunk[written:], position + written)
            position += len(chunk)
    return position - start


def _read(descriptor: int, start: int, length: int) -> Iterator[bytes]:
    for position in range(start, start + length, HASHED_BYTES):
        yield os.pread(descriptor, min(HASHED_BYTES, start + length - position), position)
