"""Encrypted backups as releases before age wrote them."""

import hashlib
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = b"holdfast sealed 1\n"
CHUNK_BYTES = 1 << 20


def seal_first(body: bytes, key: str) -> bytes:
    """The encrypted form of this content."""
    salt = os.urandom(16)
    cipher = AESGCM(hashlib.scrypt(key.encode(), salt=salt, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32))
    starts = range(0, len(body) or 1, CHUNK_BYTES)
    chunks = [
        cipher.encrypt(number.to_bytes(11) + bytes([start == starts[-1]]), body[start : start + CHUNK_BYTES], MARK)
        for number, start in enumerate(starts)
    ]
    return MARK + salt + b"".join(chunks)
