"""Small packs lie in the store without an index: whoever needs it makes it, and it is the one that was recorded."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.gitcore import git
from framework.gitcore.pack_index import MOST_OBJECTS, MOST_PACK_BYTES
from framework.repositories import object_keys
from framework.repositories.cache import prefetch, repair
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.hydration import PackAltered, PackMissing, pack_file
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.models import Pack, Repository
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, Bench
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Three versions, each a pack without an index in the store."""
    for number in range(3):
        bench.write(bench.put("a", str(number).encode() * 1000), bench.put(f"folder/{number}", b"same"))
    return bench


def stored(bench: Bench) -> list[str]:
    return [Path(entry.key).suffix for entry in store().list(f"repos/{bench.repository_id}/packs/")]


def first_pack(bench: Bench) -> str:
    with read_transaction() as session:
        return session.scalars(select(Pack.name).where(Pack.repository_id == bench.repository_id)).all()[0]


def files(bench: Bench) -> dict[str, bytes]:
    return {
        file.name: file.read_bytes() for file in (copy_path(bench.repository_id) / "objects" / "pack").glob("pack-*")
    }


def test_it_is_one_request_for_a_pack_and_the_copy_is_whole(written: Bench) -> None:
    assert stored(written) == [".pack"] * 3
    written.read("a")
    before = files(written)
    evict(written.repository_id)
    with requests() as asked:
        assert written.read("a") == b"2" * 1000
    assert asked.operations == ["get"] * 3
    assert files(written) == before
    assert sorted(Path(name).suffix for name in before) == [".idx"] * 3 + [".pack"] * 3
    with open_copy(written.repository_id, FULL) as copy:
        assert git.run(copy.path, "fsck", "--full", "--strict") == b""


def test_what_is_stored_is_counted_without_it(written: Bench) -> None:
    listed = sum(entry.size_bytes for entry in store().list(f"repos/{written.repository_id}/packs/"))
    with read_transaction() as session:
        assert session.get_one(Repository, written.repository_id).stored_bytes == listed
    usage = read_storage_usage(written.repository_id)
    assert (usage.index_bytes, usage.size_bytes) == (0, listed)


def test_packs_of_large_blobs_and_larger_packs_have_theirs_stored(bench: Bench) -> None:
    bench.write(bench.put("large", LARGE))
    assert sorted(stored(bench)) == [".idx", ".pack", ".pack"]
    bench.write(bench.put("noise", os.urandom(MOST_PACK_BYTES)))
    assert sorted(stored(bench)) == [".idx"] * 2 + [".pack"] * 3
    bench.write(*(bench.put(f"many/{number}", b"%d" % number) for number in range(MOST_OBJECTS)))
    assert sorted(stored(bench)) == [".idx"] * 3 + [".pack"] * 4
    evict(bench.repository_id)
    assert bench.read("many/7") == b"7"


def test_a_setting_has_every_index_stored(bench: Bench, with_settings: Callable[..., Config]) -> None:
    with_settings(store_small_indexes=True)
    bench.write(bench.put("a", b"1"))
    assert sorted(stored(bench)) == [".idx", ".pack"]
    with_settings(store_small_indexes=False)
    bench.write(bench.put("a", b"2"))
    assert sorted(stored(bench)) == [".idx", ".pack", ".pack"]
    evict(bench.repository_id)
    with requests() as asked:
        assert bench.read("a") == b"2"
    assert asked.operations == ["get"] * 3


@pytest.mark.parametrize("damaged", [(".idx",), (".pack",), (".pack", ".idx")], ids="+".join)
def test_what_is_damaged_is_mended_with_one_request(written: Bench, damaged: tuple[str, ...]) -> None:
    written.read("a")
    before, name = files(written), first_pack(written)
    for suffix in damaged:
        file = pack_file(copy_path(written.repository_id), name, suffix)
        file.chmod(0o600)
        file.write_bytes(bytes(file.stat().st_size))
    with requests() as asked:
        assert repair.heal(written.repository_id)
    assert asked.operations == ["get"]
    assert files(written) == before


def test_an_index_that_a_killed_process_did_not_place_is_made(written: Bench) -> None:
    """A pack is put in its place before its index; the copy's marker still names the version before."""
    written.read("a")
    before, path = files(written), copy_path(written.repository_id)
    kept = path.with_suffix(".kept")
    shutil.copytree(path, kept)
    written.write(written.put("a", b"next"))
    newest = next(name for name in files(written) if name not in before and name.endswith(".pack"))
    after = files(written)
    (kept / "objects" / "pack" / newest).write_bytes(after[newest])
    shutil.rmtree(path)
    kept.rename(path)
    assert written.read("a") == b"next"
    assert files(written) == after


def test_a_missing_pack_is_an_alarm(written: Bench) -> None:
    evict(written.repository_id)
    store().delete(object_keys.pack_key(written.repository_id, first_pack(written)))
    with pytest.raises(PackMissing):
        written.read("a")


def test_an_altered_pack_is_never_used(written: Bench) -> None:
    evict(written.repository_id)
    key = object_keys.pack_key(written.repository_id, first_pack(written))
    alter(key, store().read(key)[:-1] + b"?")
    with pytest.raises(PackAltered):
        written.read("a")
    assert not copy_path(written.repository_id).exists()


def test_an_index_that_is_not_the_recorded_one_is_never_used(written: Bench) -> None:
    evict(written.repository_id)
    name = first_pack(written)
    with transaction() as session:
        session.execute(update(Pack).where(Pack.name == name).values(idx_sha256="0" * 64))
    with pytest.raises(PackAltered):
        written.read("a")
    assert not copy_path(written.repository_id).exists()


def test_a_prefetch_makes_it(bench: Bench) -> None:
    """A copy for pages, which lacks a large pack, and a small one that was pushed elsewhere meanwhile."""
    bench.write(bench.put("first", b"0"), bench.put("large", LARGE))
    evict(bench.repository_id)
    bench.read("first")
    path = copy_path(bench.repository_id)
    kept = path.with_suffix(".kept")
    shutil.copytree(path, kept)
    bench.write(bench.put("a", b"1"))
    shutil.rmtree(path)
    kept.rename(path)
    assert prefetch.complete(bench.repository_id)[0] == "done"
    with requests() as asked:
        assert bench.read("a") == b"1"
    assert asked.total == 0
