"""The sizes of large blobs, read from the heads of their pack entries in the store."""

import struct
import zlib
from contextlib import closing
from functools import partial
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.gitcore.deltas.recipes import result_bytes
from framework.gitcore.packs import LONGEST_HEAD_BYTES, OFS_DELTA, HeadTooLong, parse_head
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch
from framework.storage.current import store

PARALLEL_READS = 8
DELTA_START_BYTES = 256
"""Of a deflated delta: more than enough for the two numbers that it begins with."""


def read_blob_sizes(repository_id: str, pack_name: str) -> dict[str, int]:
    """The sizes in bytes of the blobs in a pack of kind `blobs`: one request for the index and one for each blob.

    What no git can read, as earlier releases took it, has none: a rebuild must not fail because of it.
    """
    offsets = _offsets(repository_id, pack_name)
    with Pool(PARALLEL_READS) as pool:
        sizes = pool.map(partial(_size, object_keys.pack_key(repository_id, pack_name)), offsets.values())
        return {name: size for name, size in zip(offsets, sizes, strict=True) if size is not None}


def _offsets(repository_id: str, pack_name: str) -> dict[str, int]:
    with scratch("sizes") as folder:
        idx = folder / "pack.idx"
        store().fetch(object_keys.idx_key(repository_id, pack_name), idx)
        return read_offsets(idx)


def read_offsets(idx: Path) -> dict[str, int]:
    """Where the objects of the pack of this index are, in bytes from its start, by their names in hex.

    Raises:
        ValueError: it is not an index.
    """
    try:
        with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
            return {name.hex(): offset for name, offset, _crc in index.iterentries()}
    except (AssertionError, IndexError, struct.error) as error:
        raise ValueError(f"{idx} is not an index of a pack") from error


def _size(key: str, offset: int) -> int | None:
    with store().stream(key, offset, LONGEST_HEAD_BYTES + DELTA_START_BYTES) as chunks:
        data = b"".join(chunks)
    try:
        head = parse_head(data)
    except HeadTooLong:
        return None
    if head.kind != OFS_DELTA:
        return head.size_bytes
    return result_bytes(zlib.decompressobj().decompress(data[head.length :]))
