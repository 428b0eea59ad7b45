"""Pointers: the small text files that stand for Git LFS objects in Git (git-lfs's docs/spec.md)."""

import re
from dataclasses import dataclass

SIZES = range(110, 1024)
"""What a pointer can have in bytes."""

_VERSIONS = {
    b"https://git-lfs.github.com/spec/v1",
    b"https://hawser.github.com/spec/v1",
    b"http://git-media.io/v/2",
}
_OID = re.compile(rb"sha256:([0-9a-f]{64})")
_SIZE = re.compile(rb"[0-9]{1,18}")
_EXTENSION = re.compile(rb"ext-[0-9]-[^ ]+ ")


@dataclass(frozen=True)
class Pointer:
    """An object by its SHA-256 (hex), and its size in bytes."""

    oid: str
    size_bytes: int

    @property
    def text(self) -> bytes:
        """The file that stands for the object."""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\nsize {self.size_bytes}\n".encode()


def parse(data: bytes) -> Pointer | None:
    """The pointer that these bytes are, taken as leniently as git-lfs does; None for any other file."""
    if len(data) not in SIZES:
        return None
    lines = [line.removesuffix(b"\r") for line in data.strip().split(b"\n")]
    fields = [line.partition(b" ")[::2] for line in lines if line and not _EXTENSION.match(line)]
    if [key for key, _value in fields] != [b"version", b"oid", b"size"] or fields[0][1] not in _VERSIONS:
        return None
    oid, size = _OID.fullmatch(fields[1][1]), _SIZE.fullmatch(fields[2][1])
    return Pointer(oid[1].decode(), int(size[0])) if oid and size else None
