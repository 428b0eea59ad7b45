"""Receiving Git LFS objects: what a client sends is hashed, and kept under a name that no client can write to.

An address that was given out can be written to as often as one likes until it ends, and by a PUT that began before for
longer. So what it holds is copied when it is verified, and only the copy is ever named.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from framework.accounts.signin.token_leaks import refuse_tokens, tokens_in_file
from framework.celery.heartbeat import keep_renewing
from framework.errors import HoldfastError, Invalid, NotFound, Unavailable
from framework.gitcore.lfs.pointer import Pointer
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.write.pack_upload import PARALLEL_SENDS, RENEWED_EVERY_SECONDS
from framework.storage.contract import ObjectMissing
from framework.storage.current import store


class LfsNotExpected(NotFound):
    """Nobody asked for an address for this object, or it was too long ago."""

    def __init__(self, oid: str) -> None:
        super().__init__(f"The Git LFS object {oid[:64]} was not announced, or too long ago; push again.")


class LfsNotThere(NotFound):
    """The object is to be verified and did not arrive."""

    def __init__(self, oid: str) -> None:
        super().__init__(f"The Git LFS object {oid[:64]} has not arrived; push again.")


class LfsAltered(Invalid):
    """What arrived is not the object that was announced."""

    status = 422

    def __init__(self, wanted: Pointer, size_bytes: int) -> None:
        told = "other bytes" if size_bytes == wanted.size_bytes else f"{size_bytes:,} bytes"
        super().__init__(
            f"The Git LFS object {wanted.oid} was announced with {wanted.size_bytes:,} bytes, and {told} arrived. "
            "Nothing of it was kept; run `git lfs fsck` where you push from, and push again."
        )


def receive(repository_id: str, oid: str, chunks: Iterable[bytes], uploader_id: int | None = None) -> None:
    """Take an object that was offered to be sent here; one that is there already need not be read.

    Raises:
        LfsNotExpected, LfsAltered, TokenInFile: nothing is kept. StoreUnavailable.
    """
    if _is_there(repository_id, oid):
        return
    wanted = _find_offer(repository_id, oid)
    with scratch("lfs") as folder:
        _write(chunks, folder / oid, Pointer(oid, wanted.size_bytes))
        _keep(repository_id, wanted, folder / oid, uploader_id)


def verify(repository_id: str, sent: Pointer, uploader_id: int | None = None) -> None:
    """Read back what a client has put where it was told to, hash it, and keep a copy that nobody else can write to.

    Raises:
        LfsNotExpected, LfsNotThere, LfsAltered, TokenInFile: nothing is kept. StoreUnavailable.
    """
    if _is_there(repository_id, sent.oid):
        return
    wanted = _find_offer(repository_id, sent.oid)
    if sent.size_bytes != wanted.size_bytes:
        raise LfsAltered(Pointer(wanted.oid, wanted.size_bytes), sent.size_bytes)
    with scratch("lfs") as folder:
        _fetch(object_keys.lfs_key(repository_id, wanted.oid, wanted.name), folder / sent.oid, sent)
        _keep(repository_id, wanted, folder / sent.oid, uploader_id)


def _is_there(repository_id: str, oid: str) -> bool:
    return bool(lfs_objects.read_received(repository_id, [oid]) or lfs_objects.read_named(repository_id, [oid]))


def _find_offer(repository_id: str, oid: str) -> StoredLfs:
    found = lfs_objects.read_offered(repository_id, [oid]).get(oid)
    if found is None:
        raise LfsNotExpected(oid)
    return found


def _write(chunks: Iterable[bytes], target: Path, wanted: Pointer) -> None:
    check, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > wanted.size_bytes:
                raise LfsAltered(wanted, size)
            check.update(chunk)
            file.write(chunk)
    if (size, check.hexdigest()) != (wanted.size_bytes, wanted.oid):
        raise LfsAltered(wanted, size)


def _fetch(key: str, target: Path, wanted: Pointer) -> None:
    try:
        size = store().size(key)
        if size != wanted.size_bytes:
            raise LfsAltered(wanted, size)
        fetched = store().fetch(key, target)
    except ObjectMissing as error:
        raise LfsNotThere(wanted.oid) from error
    if (fetched.size_bytes, fetched.sha256) != (wanted.size_bytes, wanted.oid):
        raise LfsAltered(wanted, fetched.size_bytes)


def _keep(repository_id: str, wanted: StoredLfs, file: Path, uploader_id: int | None) -> None:
    """Store the checked file under a name of its own; what was offered is not needed any more."""
    refuse_tokens(f"Git LFS object {wanted.oid}", tokens_in_file(file))
    store_files(repository_id, {wanted.oid: file}, uploader_id)
    with suppress(Unavailable):  # the sweep does it later
        lfs_objects.abandon([wanted])


def _put_all(repository_id: str, staged: Sequence[StoredLfs], files: Mapping[str, Path]) -> None:
    def put(one: StoredLfs) -> None:
        store().put(object_keys.lfs_key(repository_id, one.oid, one.name), files[one.oid], sha256=one.oid)

    with Pool(PARALLEL_SENDS) as pool:
        for future in [pool.submit(put, one) for one in staged]:
            future.result()


def store_files(repository_id: str, files: Mapping[str, Path], uploader_id: int | None = None) -> list[StoredLfs]:
    """Store these files, by the SHA-256 (hex) that each has been found to have; they wait for a version to name them.

    Until then the account that sent them can fetch them, and nobody else.

    Raises:
        StoreUnavailable, LfsExpired: none is kept.
    """
    sizes = {oid: file.stat().st_size for oid, file in files.items()}
    staged = list(lfs_objects.stage(repository_id, sizes, uploader_id).values())
    try:
        with keep_renewing(partial(lfs_objects.renew, staged), every_seconds=RENEWED_EVERY_SECONDS):
            _put_all(repository_id, staged, files)
        lfs_objects.receive(staged)
    except HoldfastError:
        with suppress(Unavailable):
            lfs_objects.abandon(staged)
        raise
    return staged
