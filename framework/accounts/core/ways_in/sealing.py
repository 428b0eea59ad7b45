"""Secrets that the database keeps encrypted, with keys derived from `SECRET_KEY`; Fernet over HKDF-SHA-256 (RFC 5869).

What an earlier key sealed is read while `SECRET_KEY_FALLBACKS` has that key. The package is loaded by the first secret,
since most processes at rest never see one.
"""

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from framework import config

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PURPOSE = b"holdfast second factors"


class Unreadable(Exception):
    """Nothing that a key of ours has sealed, or sealed too long ago."""


def seal(secret: str) -> str:
    """The secret, encrypted with the newest key."""
    return _fernets()[0].encrypt(secret.encode()).decode()


def unseal(sealed: str, *, within: timedelta | None = None) -> str:
    """What was sealed, `within` this time if it is given.

    Raises:
        Unreadable.
    """
    from cryptography.fernet import InvalidToken, MultiFernet  # noqa: PLC0415 - 7 MB, for the first secret

    age = int(within.total_seconds()) if within else None
    try:
        return MultiFernet(_fernets()).decrypt(sealed.encode(errors="replace"), ttl=age).decode()
    except InvalidToken as error:
        raise Unreadable from error


def current_key_name() -> str:
    """By what a row tells that the newest key has sealed it; it tells nobody the key."""
    return hashlib.sha256(_derive(config.current().secret_key)).hexdigest()[:16]


def _fernets() -> "list[Fernet]":
    from cryptography.fernet import Fernet  # noqa: PLC0415 - as above

    settings = config.current()
    return [Fernet(urlsafe_b64encode(_derive(key))) for key in (settings.secret_key, *settings.secret_key_fallbacks)]


@lru_cache(maxsize=8)
def _derive(key: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
