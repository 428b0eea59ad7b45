"""Reading one object back from the store, to compare it with what SQL recorded."""

import hashlib

from framework.storage.contract import BodyAltered, ObjectMissing
from framework.storage.current import store


def object_fault(key: str, size_bytes: int, sha256: str) -> str | None:
    """What is wrong with the object of this key, which has to have this length and SHA-256 (hex); None: nothing is.

    Raises:
        StoreUnavailable, StoreRefused.
    """
    try:
        found = _read_back(key)
    except ObjectMissing:
        return f"{key} is missing in the object store."
    except BodyAltered:  # the store itself says that it is damaged
        found = None
    return None if found == (size_bytes, sha256) else f"{key} has another length or SHA-256 than the database recorded."


def _read_back(key: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with store().stream(key) as chunks:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
