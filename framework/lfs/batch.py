"""The batch API: which objects to send or fetch, and where (git-lfs's docs/api/batch.md)."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from framework import config
from framework.database.session import transaction
from framework.errors import Conflict, Invalid, TooLarge
from framework.gitcore.lfs.pointer import Pointer
from framework.lfs.reading import LfsAbsent, find_objects
from framework.projects.core.access import ProjectAccess
from framework.projects.members import quota
from framework.projects.members.limits import FileOverPlan, OwnerUsage, QuotaExceeded, StoreFull
from framework.repositories import object_keys
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs
from framework.storage.current import store

MAX_OBJECTS = 1000
ADDRESS_SECONDS = 60
UPLOAD, DOWNLOAD = "upload", "download"

_HEX = frozenset("0123456789abcdef")


class BadBatch(Invalid):
    """A request that no git-lfs sends."""

    status = 422

    def __init__(self, what: str) -> None:
        super().__init__(f"This is not a request of Git LFS: {what}. Use a newer git-lfs.")


class TooManyObjects(TooLarge):
    """One batch asks for more objects than one may."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"One batch may name {MAX_OBJECTS:,} objects, and this one names {count:,}; lower lfs.concurrenttransfers "
            "or ask for fewer at a time."
        )


class HashUnknown(Conflict):
    """The client wants objects by another hash than SHA-256."""

    def __init__(self) -> None:
        super().__init__("Git LFS objects are named by their SHA-256 here; use hash_algo sha256.")


@dataclass(frozen=True)
class Batch:
    """What a client asks for: `upload` or `download` of these objects."""

    operation: str
    objects: Sequence[Pointer]


@dataclass(frozen=True)
class BatchCaller:
    """Who asks, and the credentials that came with the request."""

    account_id: int | None = None
    authorization: str = ""


NOBODY = BatchCaller()


@dataclass
class BatchLine:
    """The answer for one object: where to go, an error as (code, sentence), or neither, when nothing is to be done."""

    asked: Pointer
    actions: dict[str, Any] = field(default_factory=dict)
    error: tuple[int, str] | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The line as the client reads it."""
        said: dict[str, Any] = {"oid": self.asked.oid, "size": self.asked.size_bytes}
        if self.error:
            said["error"] = {"code": self.error[0], "message": self.error[1]}
        elif self.actions:
            said["actions"] = self.actions
        return said


Address = Callable[[str], str]
"""The application's own address for an object of this SHA-256, or for `verify`."""


def read_batch(document: object) -> Batch:
    """What the request's JSON asks for.

    Raises:
        BadBatch, TooManyObjects, HashUnknown.
    """
    if not isinstance(document, dict):
        raise BadBatch("it is no JSON object")
    operation, objects = document.get("operation"), document.get("objects")
    if operation not in (UPLOAD, DOWNLOAD):  # a tuple compares what cannot be hashed
        raise BadBatch("the operation is neither upload nor download")
    if document.get("hash_algo", "sha256") != "sha256":
        raise HashUnknown
    if not isinstance(objects, list):
        raise BadBatch("it has no list of objects")
    if len(objects) > MAX_OBJECTS:
        raise TooManyObjects(len(objects))
    return Batch(operation, [read_object(one) for one in objects])


def read_object(document: object) -> Pointer:
    """One object as requests name it.

    Raises:
        BadBatch: it has no SHA-256 in hex, or no size.
    """
    told = document if isinstance(document, dict) else {}
    oid, size = told.get("oid"), told.get("size")
    if not isinstance(oid, str) or len(oid) != 64 or not set(oid) <= _HEX:
        raise BadBatch("an object is not named by 64 hex digits")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 63:
        raise BadBatch("an object has no size")
    return Pointer(oid, size)


def answer(access: ProjectAccess, asked: Batch, address: Address, caller: BatchCaller = NOBODY) -> dict[str, Any]:
    """Where each object is to be sent to or fetched from and with which headers, or why it cannot be."""
    if asked.operation == UPLOAD:
        found = _for_upload(access, asked.objects, address)
    else:
        found = _for_download(access, asked.objects, address, caller)
    lines = [_with_headers(line.document, address, caller) for line in found]
    return {"transfer": "basic", "hash_algo": "sha256", "objects": lines}


def _with_headers(document: dict[str, Any], address: Address, caller: BatchCaller) -> dict[str, Any]:
    """The credentials of this request for our own addresses: not every client sends its own to what it is told."""
    for action in document.get("actions", {}).values():
        if caller.authorization and action["href"].startswith(address("")):
            action["header"] = {"Authorization": caller.authorization}
    return document


def _for_download(
    access: ProjectAccess, objects: Sequence[Pointer], address: Address, caller: BatchCaller
) -> list[BatchLine]:
    found = find_objects(access.repository_id, [one.oid for one in objects], caller.account_id)
    return [_download(access, one, found.get(one.oid), address) for one in objects]


def _download(access: ProjectAccess, asked: Pointer, found: StoredLfs | None, address: Address) -> BatchLine:
    if found is None:
        return BatchLine(asked, error=(404, LfsAbsent(asked.oid).sentence))
    if found.size_bytes != asked.size_bytes:
        return BatchLine(asked, error=(422, _other_size(found)))
    key = object_keys.lfs_key(access.repository_id, found.oid, found.name)
    elsewhere = store().presign_get(key, ADDRESS_SECONDS) if config.current().lfs_direct else None
    return BatchLine(asked, {DOWNLOAD: _action(elsewhere, address(found.oid))})


def _for_upload(access: ProjectAccess, objects: Sequence[Pointer], address: Address) -> list[BatchLine]:
    oids = [one.oid for one in objects]
    received = lfs_objects.read_received(access.repository_id, oids)
    lfs_objects.renew(received.values())  # the push that needs them is about to come
    there = received | lfs_objects.read_named(access.repository_id, oids)
    lines = [BatchLine(one, error=_refusal(one, there.get(one.oid))) for one in objects]
    lacking = [line for line in lines if not line.error and line.asked.oid not in there]
    with transaction() as session:
        owner = quota.lock_owner(session, access)
        usage = quota.read_owner_usage(session, owner)
        pending = quota.count_pending_of_owner(session, owner.id)
        counted = replace(usage, used_bytes=usage.used_bytes + pending)
        offered = lfs_objects.offer(
            session,
            access.repository_id,
            {line.asked.oid: line.asked.size_bytes for line in lacking},
            choose=lambda before: _choose_within_quota(session, access, counted, lacking, before),
        )
    for line in lacking:
        if not line.error:
            line.actions = _upload(access.repository_id, offered[line.asked.oid], address)
    return lines


def _refusal(asked: Pointer, there: StoredLfs | None) -> tuple[int, str] | None:
    limit = config.current().max_lfs_file_bytes
    if asked.size_bytes > limit:
        return 422, (
            f"The Git LFS object {asked.oid[:10]} has {asked.size_bytes:,} bytes; a file in Git LFS may have {limit:,}"
            " at most. Take it out of every commit that you push."
        )
    if there and there.size_bytes != asked.size_bytes:
        return 422, _other_size(there)
    return None


def _choose_within_quota(
    session: Session, access: ProjectAccess, usage: OwnerUsage, lines: Sequence[BatchLine], counted: Set[str]
) -> set[str]:
    """The objects that may be sent, in their order as long as there is room; the other lines get their errors.

    What was offered before has been counted. The owner is locked: of two batches at once the later one sees the other.
    """
    room, left = usage.room_bytes, quota.store_room_bytes(session)
    for line in lines:
        needed = 0 if line.asked.oid in counted else line.asked.size_bytes
        if usage.plan.file_bytes is not None and line.asked.size_bytes > usage.plan.file_bytes:
            name = f"Git LFS object {line.asked.oid[:10]}"
            line.error = 422, FileOverPlan(name, usage.plan, size_bytes=line.asked.size_bytes).sentence
        elif left is not None and needed > left:
            line.error = 507, StoreFull().sentence
        elif needed > room:
            now = replace(usage, used_bytes=usage.plan.most_bytes - room)
            line.error = 507, QuotaExceeded(access.owner, now, new_bytes=needed).sentence
        else:
            room -= needed
            left = left - needed if left is not None else None
    return {line.asked.oid for line in lines if not line.error}


def _upload(repository_id: str, offered: StoredLfs, address: Address) -> dict[str, Any]:
    key = object_keys.lfs_key(repository_id, offered.oid, offered.name)
    direct = config.current().lfs_direct
    elsewhere = store().presign_put(key, ADDRESS_SECONDS, size_bytes=offered.size_bytes) if direct else None
    actions = {UPLOAD: _action(elsewhere, address(offered.oid))}
    if elsewhere:
        actions["verify"] = {"href": address("verify")}
    return actions


def _action(elsewhere: str | None, here: str) -> dict[str, Any]:
    """An address of the object store that ends soon, or one of ours that asks who is there."""
    return {"href": elsewhere, "expires_in": ADDRESS_SECONDS} if elsewhere else {"href": here}


def _other_size(there: StoredLfs) -> str:
    return f"The Git LFS object {there.oid[:10]} has {there.size_bytes:,} bytes here; its pointer says otherwise."
