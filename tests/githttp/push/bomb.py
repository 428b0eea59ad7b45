"""A pack that is small until it is unpacked (gitformat-pack(5))."""

import hashlib
import zlib

MIB = 1 << 20


def delta_bomb(size_bytes: int) -> bytes:
    """A small pack whose last object, a delta of deltas of a blob of zeros, has this many bytes."""
    entries, last = [(3, bytes(65536))], 65536
    while last < size_bytes:
        times = min(200, -(-size_bytes // last))
        copies = b"".join(_copies(last) for _ in range(times))
        entries.append((6, _varint(last) + _varint(last * times) + copies))
        last *= times
    data, previous = b"", b""
    for kind, content in entries:
        data += (previous := _entry(kind, content, len(previous)))
    pack = b"PACK" + (2).to_bytes(4, "big") + len(entries).to_bytes(4, "big") + data
    return pack + hashlib.sha1(pack).digest()


def tiny_objects(count: int) -> bytes:
    """A pack of so many blobs of eight bytes."""
    body, compressed = bytearray(b"PACK" + (2).to_bytes(4, "big") + count.to_bytes(4, "big")), zlib.compress(bytes(8))
    for _number in range(count):
        body += b"\x38"
        body += compressed
    return bytes(body) + hashlib.sha1(body).digest()


def _entry(kind: int, content: bytes, back: int) -> bytes:
    head, rest = bytearray([kind << 4 | len(content) & 15]), len(content) >> 4
    while rest:
        head[-1] |= 128
        head.append(rest & 127)
        rest >>= 7
    return bytes(head) + (_offset(back) if kind == 6 else b"") + zlib.compress(content)


def _offset(back: int) -> bytes:
    digits = [back & 127]
    while back := back >> 7:
        back -= 1
        digits.append(128 | back & 127)
    return bytes(reversed(digits))


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 127:
        digits.append(128 | number & 127)
        number >>= 7
    return bytes([*digits, number])


def _copies(size_bytes: int) -> bytes:
    """Delta instructions that copy the whole base, 8 MiB at a time."""
    made = b""
    for start in range(0, size_bytes, 8 * MIB):
        size = min(8 * MIB, size_bytes - start)
        made += b"\xff" + start.to_bytes(4, "little") + size.to_bytes(3, "little")
    return made
