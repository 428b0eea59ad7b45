"""Sending new packs: their names are owned in SQL first, then packs and indexes go to the store in parallel.

The index of a small pack is not sent: whoever reads the pack makes the index in less time than a request takes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from framework import config
from framework.celery.heartbeat import keep_renewing
from framework.gitcore.pack_index import PackNotIndexed, remake_index
from framework.gitcore.packs import WrittenPack
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.repositories.journal.divergence import refuse_divergence
from framework.repositories.write import staging
from framework.storage.contract import Draft
from framework.storage.current import ownership, store

PARALLEL_SENDS = 5
RENEWED_EVERY_SECONDS = 600


def leave_out_index(pack: WrittenPack) -> WrittenPack:
    """The pack as it is recorded if it is one of history: without a stored index where its readers make the same one.

    For a pack of large blobs that is never asked: a copy without the pack reads ranges of it by the index.
    """
    if config.current().store_small_indexes or ownership().needs_indexes or pack.side_files:
        return pack
    try:
        remake_index(pack.pack, pack)
    except PackNotIndexed:
        return pack
    return replace(pack, idx_stored=False)


def send(repository_id: str, push_id: str, packs: Mapping[str, WrittenPack], *, again: bool = False) -> None:
    """Own the names in SQL for this push, `again` where it sent some before, and store the packs.

    Raises:
        What `stage` and `put_all` raise.
    """
    side_files = [f"{name}.{suffix}" for name, pack in packs.items() for suffix in pack.side_files]
    staging.stage(repository_id, push_id, [*packs, *side_files], again=again)
    put_all(repository_id, push_id, packs)


def put_all(repository_id: str, push_id: str, packs: Mapping[str, WrittenPack]) -> None:
    """Store these packs under their names, which the push's staged row owns; it does not expire meanwhile.

    On a process's first write to the repository the journal is looked at, too.

    Raises:
        StoreUnavailable, DatabaseBehind: the staged row still owns what was sent.
    """
    calls: list[Callable[[], None]] = [partial(refuse_divergence, repository_id)]
    calls += [put for name, pack in packs.items() for put in _puts(repository_id, name, pack)]
    renew = partial(staging.renew, push_id)
    with keep_renewing(renew, every_seconds=RENEWED_EVERY_SECONDS), Pool(PARALLEL_SENDS) as pool:
        for future in [pool.submit(call) for call in calls]:
            future.result()


def _put_pack(key: str, pack: WrittenPack) -> None:
    """Store the pack, which may have been written into the store already."""
    if isinstance(pack.copy, Draft) and store().publish(key, pack.copy, sha256=pack.pack_sha256):
        return
    store().put(key, pack.pack, sha256=pack.pack_sha256)


def _puts(repository_id: str, name: str, pack: WrittenPack) -> Iterator[Callable[[], None]]:
    yield partial(_put_pack, object_keys.pack_key(repository_id, name), pack)
    if pack.idx_stored:
        yield partial(store().put, object_keys.idx_key(repository_id, name), pack.idx, sha256=pack.idx_sha256)
    for suffix, made in pack.side_files.items():
        key = object_keys.side_key(repository_id, name, suffix)
        yield partial(store().put, key, made.path, sha256=made.recorded.sha256)
