"""Packs that no git would write, entry by entry (gitformat-pack(5))."""

import hashlib
import zlib
from collections.abc import Sequence

from framework.gitcore.pack_writer import object_hash
from framework.gitcore.packs import BLOB, COMMIT, KIND_NAMES, TREE

SIGNED = b"Ann <ann@example.org> 1000000000 +0000"


def name_of(kind: int, content: bytes) -> bytes:
    """The name of the object, in bytes."""
    made = object_hash(KIND_NAMES[kind], len(content))
    made.update(content)
    return made.digest()


def head_of(kind: int, size_bytes: int, length: int = 0) -> bytes:
    """What an entry says of itself; a length makes it so many bytes long, by digits that add nothing."""
    head, rest = bytearray([kind << 4 | size_bytes & 15]), size_bytes >> 4
    while rest or len(head) < length:
        head[-1] |= 128
        head.append(rest & 127)
        rest >>= 7
    return bytes(head)


def entry_of(kind: int, content: bytes, base: bytes = b"", length: int = 0) -> bytes:
    """An entry; that of a delta says what its base is."""
    return head_of(kind, len(content), length) + base + zlib.compress(content)


def pack_by_hand(entries: Sequence[bytes]) -> bytes:
    """The pack of these entries."""
    pack = b"PACK" + (2).to_bytes(4, "big") + len(entries).to_bytes(4, "big") + b"".join(entries)
    return pack + hashlib.sha1(pack).digest()


def varint(number: int) -> bytes:
    """A length at the beginning of a delta."""
    digits = bytearray()
    while number > 127:
        digits.append(128 | number & 127)
        number >>= 7
    return bytes([*digits, number])


def push_by_hand(entries: Sequence[tuple[bytes, bytes, bytes]], *, long: int = 0) -> tuple[str, bytes]:
    """The name of a commit with these entries of its folder, all of the same small file, and the pack for it.

    An entry is (mode, name, object), where no object stands for the file. Objects of the kind `long` have a head of
    twelve bytes.
    """
    file = b"a small file\n"
    tree = b"".join(mode + b" " + name + b"\0" + (target or name_of(BLOB, file)) for mode, name, target in entries)
    commit = b"tree %s\nauthor %s\ncommitter %s\n\nBy hand\n" % (name_of(TREE, tree).hex().encode(), SIGNED, SIGNED)
    objects = {BLOB: file, TREE: tree, COMMIT: commit}
    packed = [entry_of(kind, content, length=12 if kind == long else 0) for kind, content in objects.items()]
    return name_of(COMMIT, commit).hex(), pack_by_hand(packed)
