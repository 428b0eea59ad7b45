"""Sending new packs: their names are owned in SQL first, then packs and indexes go to the store in parallel."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from framework.repositories import keys, staging
from framework.repositories.behind import refuse_behind
from framework.repositories.packwriter import WrittenPack
from framework.storage.current import store

PARALLEL_SENDS = 5


def send(repository_id: str, push_id: str, packs: Mapping[str, WrittenPack]) -> None:
    """Store these packs under their names for the push; on a process's first write, look at the log meanwhile.

    Raises:
        StoreUnavailable, DatabaseBehind: the staged row still owns what was sent.
    """
    staging.stage(repository_id, push_id, list(packs))
    calls = [partial(refuse_behind, repository_id)]
    calls += [put for name, pack in packs.items() for put in _puts(repository_id, name, pack)]
    with ThreadPoolExecutor(PARALLEL_SENDS) as pool:
        for future in [pool.submit(call) for call in calls]:
            future.result()


def _puts(repository_id: str, name: str, pack: WrittenPack) -> Iterator["partial[None]"]:
    put: Callable[..., None] = store().put
    yield partial(put, keys.pack_key(repository_id, name), pack.pack, sha256=pack.pack_sha256)
    yield partial(put, keys.idx_key(repository_id, name), pack.idx, sha256=pack.idx_sha256)
