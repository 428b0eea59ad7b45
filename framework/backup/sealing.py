"""Sealing: encryption as the `age` tool does it (age-encryption.org/v1), to the identity that BACKUP_KEY stands for.

The recipient, the public half of that identity, is in no file and told to nobody. So only who has the key can make a
backup that opens with it, and every byte of such a backup is authentic.
"""

from pathlib import Path

import pyrage

from framework.backup import first_sealing
from framework.backup.first_sealing import CannotUnseal
from framework.backup.identity import identity_of

MARK = b"age-encryption.org/v1\n"
NO_KEY = "The backup is encrypted and BACKUP_KEY is not set. Set it to the key that was used then."


def seal(source: Path, target: Path, key: str) -> None:
    """Write the encrypted form of a file, in constant memory."""
    recipient = pyrage.x25519.Identity.from_str(identity_of(key)).to_public()
    with source.open("rb") as plain, target.open("xb") as sealed:
        pyrage.encrypt_io(plain, sealed, [recipient])


def is_sealed(path: Path) -> bool:
    """Whether the file is encrypted."""
    with path.open("rb") as file:
        return file.read(len(MARK)).startswith((MARK, first_sealing.MARK))


def unseal(source: Path, target: Path, key: str | None) -> None:
    """Write the plain form of an encrypted file, in constant memory; every byte of it is authentic.

    Raises:
        CannotUnseal: with what to do about it.
    """
    if not key:
        raise CannotUnseal(NO_KEY)
    with source.open("rb") as file:
        is_first = file.read(len(first_sealing.MARK)) == first_sealing.MARK
    if is_first:
        first_sealing.unseal(source, target, key)
    else:
        _unseal(source, target, key)


def _unseal(source: Path, target: Path, key: str) -> None:
    identity = pyrage.x25519.Identity.from_str(identity_of(key))
    with source.open("rb") as sealed, target.open("xb") as plain:
        try:
            pyrage.decrypt_io(sealed, plain, [identity])
        except pyrage.DecryptError as error:
            raise CannotUnseal from error
        except OSError as error:
            if error.errno is None:  # what is no fault of the disk is one of the file
                raise CannotUnseal from error
            raise
