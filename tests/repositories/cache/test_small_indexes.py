"""Indexes of small packs are read once for all requests, and are right whatever becomes of the files."""

from pathlib import Path

import pytest
from dulwich.objects import ObjectID

from framework.gitcore.deltas.layout import read_index
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.packs import small_index
from framework.repositories.cache.packs.small_index import read_small_indexes
from framework.repositories.cache.repair import heal, read_copy
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from tests.cast import on_one_deployment
from tests.repositories.conftest import LARGE, Bench
from tests.repositories.packed import packs_of

pytestmark = on_one_deployment


def folder_of(bench: Bench) -> Path:
    return copy_path(bench.repository_id) / "objects" / "pack"


def spoil(file: Path) -> None:
    """Have other bytes in this very file."""
    file.chmod(0o600)
    file.write_bytes(b"x" * file.stat().st_size)


def read_healed(bench: Bench, path: str) -> bytes:
    """What a page shows, which heals a damaged copy."""
    return read_copy(
        bench.repository_id, lambda copy: b"".join(copy.blob(find(copy, resolve(copy, "main"), path).sha).chunks)
    )


def test_they_tell_what_dulwich_reads(grown: Bench) -> None:
    grown.read("a")
    names = [pack.name for pack in packs_of(grown)]
    indexes, whole = read_small_indexes(str(folder_of(grown)), [*names, "0" * 32])
    assert sorted(indexes) == sorted(names)
    assert whole == {pack.name for pack in packs_of(grown) if (folder_of(grown) / f"pack-{pack.name}.pack").exists()}
    for name, index in indexes.items():
        expected = read_index(folder_of(grown) / f"pack-{name}.idx")
        assert {sha.hex(): offset for sha, offset in index.offsets.items()} == expected
        assert len(index) == len(expected)


def test_later_requests_do_not_open_them(grown: Bench) -> None:
    grown.read("a")
    for file in folder_of(grown).glob("*.idx"):
        spoil(file)
    assert grown.read("a") == b"4" * 1000
    assert grown.read("folder/3") == b"same"
    assert grown.read("large") == LARGE


def test_a_damaged_one_is_not_believed_and_its_mended_file_is_read(grown: Bench) -> None:
    grown.read("a")
    evict(grown.repository_id)
    with open_copy(grown.repository_id):
        pass
    for file in folder_of(grown).glob("*.idx"):
        spoil(file)
    assert read_healed(grown, "a") == b"4" * 1000
    assert not heal(grown.repository_id)


def test_large_ones_stay_on_the_disk(grown: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_index, "MOST_BYTES", 1000)
    small_index._known.clear()  # of packs that were small when they were written
    evict(grown.repository_id)
    assert grown.read("a") == b"4" * 1000
    assert grown.read("large") == LARGE
    with open_copy(grown.repository_id) as copy:
        assert set(copy.objects.large) == copy.snapshot.packs


def test_an_object_is_there_once_its_pack_is(grown: Bench) -> None:
    """Packs may come while a copy is open: those of large files do when somebody else clones."""
    grown.read("a")
    history = packs_of(grown)[0]
    file = folder_of(grown) / f"pack-{history.name}.pack"
    sha = next(iter(read_index(file.with_suffix(".idx"))))
    away = file.rename(file.with_suffix(".away"))
    with open_copy(grown.repository_id) as copy:
        assert not copy.has(sha)
        away.rename(file)
        assert copy.has(sha)
        assert copy.objects.get_raw(ObjectID(sha.encode()))
