"""Passwords as argon2id hashes; 19 MiB and two passes, as OWASP advises for small servers."""

from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
hashing_slots = BoundedSemaphore(2)
"""A hash takes 20 to 50 ms of one core; sixteen at once would take no less time, and 304 MiB."""


def hash_password(password: str) -> str:
    """The salted hash to keep."""
    with hashing_slots:
        return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether the hash was made from this password; takes as long when there is no hash."""
    known = kept or _nobodys()
    try:
        with hashing_slots:
            return _hasher.verify(known, password.encode(errors="replace")) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return hash_password("nobody has this password")
