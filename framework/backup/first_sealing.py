"""Opening what earlier releases sealed: AES-256-GCM in chunks, each bound to its place and to whether it is the last.

A file is the mark, 16 bytes of salt, and chunks of 1 MiB, each with 16 bytes behind it that only the key can make; the
key is derived from BACKUP_KEY and the salt by scrypt.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from framework.errors import Invalid

MARK = b"holdfast sealed 1\n"
SEALED_CHUNK_BYTES = 1 << 20
TAG_BYTES = 16
SALT_BYTES = 16
NONCE_BYTES = 12


class CannotUnseal(Invalid):
    """The key is missing or another one, or the file is damaged."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(
            sentence
            or "The backup cannot be opened: BACKUP_KEY is not the one that it was made with, or the file is damaged."
        )


def unseal(source: Path, target: Path, key: str) -> None:
    """Write the plain form of an encrypted file, in constant memory; every byte of it is authentic.

    Raises:
        CannotUnseal: with what to do about it.
    """
    with source.open("rb") as sealed, target.open("xb") as plain:
        sealed.seek(len(MARK))
        cipher = _cipher(key, sealed.read(SALT_BYTES))
        for nonce, chunk in _chunks(sealed, SEALED_CHUNK_BYTES + TAG_BYTES):
            plain.write(_decrypt(cipher, nonce, chunk))


def _decrypt(cipher: AESGCM, nonce: bytes, chunk: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, chunk, MARK)
    except InvalidTag as error:
        raise CannotUnseal from error


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Pieces of this size with their nonces: a count, and a mark on the last; an empty file is one empty piece."""
    number, chunk = 0, file.read(size)
    while True:
        following = file.read(size)
        last = not following
        yield number.to_bytes(NONCE_BYTES - 1) + bytes([last]), chunk
        if last:
            return
        number, chunk = number + 1, following


def _cipher(key: str, salt: bytes) -> AESGCM:
    derived = hashlib.scrypt(key.encode(), salt=salt, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
    return AESGCM(derived)
