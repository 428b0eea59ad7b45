"""A pack that is small until it is unpacked (gitformat-pack(5))."""

import hashlib
import zlib

from framework.gitcore.packs import BLOB, OFS_DELTA
from tests.packs_by_hand import entry_of, pack_by_hand, varint

MIB = 1 << 20


def delta_bomb(size_bytes: int) -> bytes:
    """A small pack whose last object, a delta of deltas of a blob of zeros, has this many bytes."""
    entries, last = [(BLOB, bytes(65536))], 65536
    while last < size_bytes:
        times = min(200, -(-size_bytes // last))
        copies = b"".join(_copies(last) for _ in range(times))
        entries.append((OFS_DELTA, varint(last) + varint(last * times) + copies))
        last *= times
    packed, previous = list[bytes](), b""
    for kind, content in entries:
        packed.append(previous := entry_of(kind, content, _offset(len(previous)) if kind == OFS_DELTA else b""))
    return pack_by_hand(packed)


def tiny_objects(count: int) -> bytes:
    """A pack of so many blobs of eight bytes."""
    body, compressed = bytearray(b"PACK" + (2).to_bytes(4, "big") + count.to_bytes(4, "big")), zlib.compress(bytes(8))
    for _number in range(count):
        body += b"\x38"
        body += compressed
    return bytes(body) + hashlib.sha1(body).digest()


def _offset(back: int) -> bytes:
    digits = [back & 127]
    while back := back >> 7:
        back -= 1
        digits.append(128 | back & 127)
    return bytes(reversed(digits))


def _copies(size_bytes: int) -> bytes:
    """Delta instructions that copy the whole base, 8 MiB at a time."""
    made = b""
    for start in range(0, size_bytes, 8 * MIB):
        size = min(8 * MIB, size_bytes - start)
        made += b"\xff" + start.to_bytes(4, "little") + size.to_bytes(3, "little")
    return made
