"""The contract of the object store: what a key is, what each call promises, and how it fails.

ObjectMissing   (NotFound)     there is no object of this key
KeyInvalid      (Invalid)      the key is not of the form that every store takes
ObjectExists    (Conflict)     the key has other bytes already; a key is never used twice
StoreUnavailable (Unavailable) no answer, or a 5xx: the effect is unknown, repeating is safe
StoreRefused    (Unavailable)  wrong keys, rights or bucket: an alarm for the operator, never "missing"
BodyAltered     (Unavailable)  the bytes are not those that were checked, twice in a row
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, final

from framework.database.session import refuse_held_connection
from framework.errors import Conflict, Invalid, NotFound, Unavailable

LONGEST_KEY_BYTES = 900
UNGUARDED = ("deployment/", "doctor/")
"""What may be written whoever owns the bucket: the claims to it, and what the doctor tries."""

_SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._=+@-]{0,199}"
_KEY = re.compile(rf"{_SEGMENT}(/{_SEGMENT})*", re.ASCII)
_PREFIX = re.compile(rf"({_SEGMENT}/)*({_SEGMENT})?", re.ASCII)


class ObjectMissing(NotFound):
    """There is no object of this key."""


class KeyInvalid(Invalid):
    """The key is not of the form that every store takes."""


class ObjectExists(Conflict):
    """The key has other bytes already."""


class StoreUnavailable(Unavailable):
    """The store does not answer, or answers that it cannot."""

    def __init__(self) -> None:
        super().__init__(
            "The object store does not answer at the moment. What was stored before is safe; try again in a moment."
        )


class StoreRefused(Unavailable):
    """The store refuses us: its operator has to look at keys, rights or the bucket's name."""

    def __init__(self) -> None:
        super().__init__(
            "The object store refuses this server. What was stored before is safe; the operator has to look at it."
        )


class BodyAltered(Unavailable):
    """What arrived, or was about to be sent, is not what was checked."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The bytes of {key} were damaged on their way. Nothing damaged was used; try again.")


@dataclass(frozen=True)
class StoredObject:
    """One line of a listing."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class Fetched:
    """What `fetch` wrote: its length and SHA-256 (hex)."""

    size_bytes: int
    sha256: str


class Chunks(Iterator[bytes]):
    """The bytes of an object as they arrive, the request already answered; closing it early frees the connection."""

    def __init__(self, source: Generator[bytes, None, None]) -> None:
        self._source = source
        self._first: bytes | None = next(source, b"")

    def __next__(self) -> bytes:
        """The next bytes, never empty."""
        first, self._first = self._first, None
        return first or next(self._source)

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Ask for no more."""
        self._first = None
        self._source.close()


class Draft(ABC):
    """Bytes of an object, in the store before their key is known; dropped when it is closed, unless published."""

    @abstractmethod
    def write(self, data: bytes | memoryview) -> None:
        """Add these; what goes wrong is told by `publish`."""

    @abstractmethod
    def close(self) -> None:
        """Be done with it."""


class ObjectStore(ABC):
    """Immutable objects under keys; every call may wait long, so none is made while a database session is open.

    No key continues another one as a folder would (`a` and `a/b`). Every method may raise StoreUnavailable and
    StoreRefused besides what it names; a write what `permit_write` raises, too.
    """

    _permit: Callable[[], None] | None = None

    @final
    def guard(self, permit: Callable[[], None]) -> None:
        """Have every write ask for permission first: `permit` raises when it is refused."""
        self._permit = permit

    @final
    def permit_write(self, key: str = "") -> None:
        """Return when this process may write to the store now.

        Raises:
            NotOwner: another deployment owns the bucket, see `ownership/lease.py`.
        """
        if self._permit is not None and not key.startswith(UNGUARDED):
            self._permit()

    @final
    def put(self, key: str, source: bytes | Path, *, sha256: str) -> None:
        """Store exactly the bytes whose SHA-256 (hex) this is, durably; the same bytes again are fine.

        Raises:
            BodyAltered: the source's bytes are not those.
            ObjectExists: the key has other bytes, as far as this store can tell in one request.
        """
        self.permit_write(_ready(key))
        self._put(key, source, sha256)

    def begin_draft(self) -> Draft | None:
        """Somewhere to write an object while it is made; None where the store takes it whole."""
        return None

    @final
    def publish(self, key: str, draft: Draft, *, sha256: str) -> bool:
        """Make the draft, whose writer has hashed what it wrote, the object; False where it has to be put instead.

        Raises:
            What `put` raises.
        """
        self.permit_write(_ready(key))
        return self._publish(key, draft, sha256)

    @final
    def fetch(self, key: str, target: Path) -> Fetched:
        """Write the whole object into the file `target`, in constant memory; nothing is left there on a failure.

        Raises:
            ObjectMissing, BodyAltered.
        """
        try:
            return self._fetch(_ready(key), target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    @final
    def read(self, key: str) -> bytes:
        """The whole of a small object.

        Raises:
            ObjectMissing, BodyAltered.
        """
        return self._read(_ready(key))

    @final
    def stream(self, key: str, start: int = 0, length: int | None = None) -> Chunks:
        """`length` bytes from the offset `start`, fewer where the object ends; the lengths are checked as they pass.

        Raises:
            ObjectMissing: at once.
            BodyAltered: at once or when a chunk is asked for.
        """
        return Chunks(self._stream(_ready(key), start, length))

    @final
    def size(self, key: str) -> int:
        """The object's length in bytes.

        Raises:
            ObjectMissing.
        """
        return self._size(_ready(key))

    @final
    def list(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Every object whose key begins with `prefix` and comes after `after`, in the order of the keys' bytes."""
        refuse_held_connection("the object store")
        if not _PREFIX.fullmatch(prefix):
            raise KeyInvalid(f"{prefix!r} is not the beginning of an object's key.")
        return self._list(prefix, after)

    @final
    def delete(self, key: str) -> None:
        """Remove the object; a missing one is fine."""
        self.permit_write(_ready(key))
        self._delete(key)

    @final
    def change_class(self, key: str, storage_class: str, *, sha256: str) -> None:
        """Have the service keep the object, whose SHA-256 (hex) this is, in this class; key and bytes stay.

        Nothing happens where there are no classes. At most 5 GiB, as S3 copies in one request.

        Raises:
            ObjectMissing.
        """
        self.permit_write(_ready(key))
        self._change_class(key, storage_class, sha256)

    @final
    def presign_get(self, key: str, seconds: int) -> str | None:
        """An address that anyone may GET the object from for so long; None where there is no such thing."""
        return self._presign("get_object", {"Key": _ready(key)}, seconds)

    @final
    def presign_put(self, key: str, seconds: int, *, size_bytes: int) -> str | None:
        """An address that anyone may PUT an object of this size to for so long; None where there is no such thing.

        Whoever has it may put other bytes of the size there as often as they like, and a PUT that began in time may
        end much later: the key is never one that anything trusts.
        """
        self.permit_write(_ready(key))
        return self._presign("put_object", {"Key": key, "ContentLength": size_bytes}, seconds)

    def close(self) -> None:  # noqa: B027
        """Give back what this process holds open; the store may not be used afterwards."""

    def _publish(self, key: str, draft: Draft, sha256: str) -> bool:
        del key, draft, sha256
        return False

    @abstractmethod
    def _put(self, key: str, source: bytes | Path, sha256: str) -> None: ...

    @abstractmethod
    def _fetch(self, key: str, target: Path) -> Fetched: ...

    @abstractmethod
    def _read(self, key: str) -> bytes: ...

    @abstractmethod
    def _stream(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]: ...

    @abstractmethod
    def _size(self, key: str) -> int: ...

    @abstractmethod
    def _list(self, prefix: str, after: str) -> Iterator[StoredObject]: ...

    @abstractmethod
    def _delete(self, key: str) -> None: ...

    @abstractmethod
    def _change_class(self, key: str, storage_class: str, sha256: str) -> None: ...

    @abstractmethod
    def _presign(self, operation: str, named: dict[str, str | int], seconds: int) -> str | None: ...


def missing_object(key: str) -> ObjectMissing:
    """The error for a key without an object."""
    return ObjectMissing(f"There is no stored object {key}.")


def _ready(key: str) -> str:
    """The key, when it is one and this thread may wait."""
    refuse_held_connection("the object store")
    if len(key) > LONGEST_KEY_BYTES or not _KEY.fullmatch(key):
        raise KeyInvalid(f"{key!r} cannot be an object's key: use ASCII names of 200 characters, separated by slashes.")
    return key
