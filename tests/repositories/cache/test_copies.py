"""The local cache: it may vanish, lag behind or be damaged at any moment."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from framework.database.session import read_transaction, transaction
from framework.gitcore.packs import WrittenPack
from framework.repositories import object_keys
from framework.repositories.cache import copies
from framework.repositories.cache.copies import CopyContended
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.hydration import PackAltered, PackMissing
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot_and_packs
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.refs import resolve
from framework.repositories.journal.divergence import DatabaseBehind
from framework.repositories.models import Pack, Repository, Version
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench
from tests.statements import noted_statements

pytestmark = on_each_deployment

MIB = 1 << 20
LARGE = os.urandom(2 * MIB)


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Two versions, with a large blob in the first."""
    bench.write(bench.put("a", b"1"), bench.put("large", LARGE), bench.put("folder/large", LARGE[:-1]))
    bench.write(bench.put("a", b"2"))
    return bench


def test_a_cold_page_takes_history_packs_and_blob_indexes_only(written: Bench) -> None:
    shutil.rmtree(copy_path(written.repository_id))
    with requests() as asked, open_copy(written.repository_id) as copy:
        sizes = {entry.name: entry.size_bytes for entry in list_folder(copy, find(copy, resolve(copy, "main"), ""))}
    assert (
        asked.operations == ["get"] * 3
    )  # two history packs, whose indexes are made here, and the index of large blobs
    assert sizes == {"a": 1, "large": 2 * MIB, "folder": None}


def test_a_copy_that_is_away_has_the_version_read_once(written: Bench) -> None:
    evict(written.repository_id)
    with noted_statements() as statements, open_copy(written.repository_id):
        pass
    assert len([text for text in statements if "FROM repositories" in text]) == 1


def test_a_large_blob_of_a_cold_project_is_one_range_request(written: Bench) -> None:
    shutil.rmtree(copy_path(written.repository_id))
    written.read("a")
    with requests() as asked:
        assert written.read("large") == LARGE
        assert written.read("folder/large") == LARGE[:-1]
    assert asked.operations == ["range"] * 2


def test_a_full_copy_fetches_the_rest_once(written: Bench) -> None:
    shutil.rmtree(copy_path(written.repository_id))
    written.read("a")
    with requests() as asked:
        for _ in range(2):
            with open_copy(written.repository_id, FULL):
                pass
    assert asked.operations == ["get"]


def test_threads_that_wake_a_project_together_fetch_it_once(written: Bench) -> None:
    shutil.rmtree(copy_path(written.repository_id))
    with requests() as asked, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(written.read, ["a"] * 16)) == [b"2"] * 16
    assert asked.total == 3


def test_a_copy_that_another_has_put_in_place_is_kept(written: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that was emptied the locks are other files, so that two may fill a copy at once."""
    path, delete_tree = copy_path(written.repository_id), shutil.rmtree
    others = path.with_suffix(".others")
    path.rename(others)

    def delete_and_be_overtaken(folder: Path, *, ignore_errors: bool = False) -> None:
        delete_tree(folder, ignore_errors=ignore_errors)
        if folder == path and others.exists():
            others.rename(path)

    monkeypatch.setattr(shutil, "rmtree", delete_and_be_overtaken)
    assert written.read("a") == b"2"
    assert not others.exists()


def test_a_copy_that_lags_behind_fetches_what_is_new(written: Bench) -> None:
    lagging = copy_path(written.repository_id)
    kept = lagging.with_suffix(".kept")
    shutil.copytree(lagging, kept)
    written.write(written.put("b", b"3"))
    shutil.rmtree(lagging)
    kept.rename(lagging)
    with requests() as asked:
        assert written.read("b") == b"3"
    assert asked.operations == ["get"]


def test_a_copy_without_a_marker_is_made_again(written: Bench) -> None:
    """A marker is written last, so that a folder without one is what a killed process left."""
    path = copy_path(written.repository_id)
    (path / "holdfast.json").unlink()
    (path / "packed-refs").write_text("nonsense")
    assert written.read("a") == b"2"


@pytest.mark.parametrize(
    "marker", ["", "{", "[]", "null", '{"version": 1}', '{"epoch": 1, "version": 9, "kind": "full"}']
)
def test_a_marker_of_another_release_or_a_damaged_one_is_none(written: Bench, marker: str) -> None:
    (copy_path(written.repository_id) / "holdfast.json").write_text(marker)
    assert written.read("a") == b"2"


def test_a_pack_that_is_not_in_the_store_is_an_alarm_and_not_an_empty_project(
    written: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with read_transaction() as session:
        pack = session.scalars(select(Pack).where(Pack.kind == "history")).all()[0]
    store().delete(object_keys.pack_key(written.repository_id, pack.name))
    shutil.rmtree(copy_path(written.repository_id))
    with pytest.raises(PackMissing) as alarm:
        written.read("a")
    assert alarm.value.status == 503
    assert [alarm.value.key in record.message for record in caplog.records if record.levelname == "CRITICAL"] == [True]


def test_an_error_that_is_not_raised_is_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    assert "missing" in PackMissing("repos/x").sentence
    assert caplog.records == []


def test_a_pack_that_is_not_what_sql_recorded_is_never_used(written: Bench) -> None:
    with transaction() as session:
        session.execute(update(Pack).where(Pack.kind == "history").values(pack_sha256="0" * 64))
    shutil.rmtree(copy_path(written.repository_id))
    with requests() as asked, pytest.raises(PackAltered):
        written.read("a")
    assert asked.of("get") >= 2, "fetched once more before giving up"
    assert not copy_path(written.repository_id).exists()
    assert not list((copy_path("x").parent.parent / "scratch").iterdir())


def test_no_eviction_comes_between_the_filling_of_a_copy_and_its_reader(
    written: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, refused = copies._bring_forward, list[bool]()

    def fill_and_evict(repository_id: str, kind: str, packs: Mapping[str, WrittenPack]) -> Snapshot:
        snapshot = fill(repository_id, kind, packs)
        refused.append(not evict(repository_id))
        return snapshot

    monkeypatch.setattr(copies, "_bring_forward", fill_and_evict)
    assert evict(written.repository_id)
    with copies.lease_copy(written.repository_id) as (path, _snapshot):
        assert not evict(written.repository_id)
        assert path.exists()
    assert refused == [True]
    assert evict(written.repository_id)


def test_who_finds_the_disk_emptied_each_time_is_told(written: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = copies._bring_forward

    def fill_and_empty(repository_id: str, kind: str, packs: Mapping[str, WrittenPack]) -> Snapshot:
        snapshot = fill(repository_id, kind, packs)
        shutil.rmtree(copy_path(repository_id))
        return snapshot

    monkeypatch.setattr(copies, "_bring_forward", fill_and_empty)
    assert evict(written.repository_id)
    with pytest.raises(CopyContended, match="try again in a moment"):
        written.read("a")


def test_who_never_finds_the_newest_packs_is_told(
    written: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open_copy(written.repository_id, FULL):
        pass

    place = "framework.repositories.cache.copies.read_snapshot_and_packs"

    def write_another() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(place, read_snapshot_and_packs)
            written.write(written.put("a", object_keys.new_id().encode()))

    def read_between_two_writes(repository_id: str) -> tuple[Snapshot, Sequence[StoredPack]]:
        write_another()
        found = read_snapshot_and_packs(repository_id)
        write_another()
        return found

    monkeypatch.setattr(copies, "MOST_LOOKS", 3)
    monkeypatch.setattr(place, read_between_two_writes)
    with pytest.raises(CopyContended):
        copies.link_packs(written.repository_id, tmp_path)
    assert list(tmp_path.glob("pack-*")) == []


def test_a_copy_that_knows_more_than_the_database_is_an_alarm(written: Bench) -> None:
    with transaction() as session:
        session.execute(delete(Version).where(Version.version == 2))
        session.get_one(Repository, written.repository_id).version = 1
    with pytest.raises(DatabaseBehind):
        written.read("a")


def test_a_copy_that_tells_another_story_than_the_database_is_an_alarm(written: Bench) -> None:
    with transaction() as session:
        session.get_one(Repository, written.repository_id).entry_hash = "0" * 64
    with pytest.raises(DatabaseBehind):
        written.read("a")


def test_an_empty_repository_has_an_empty_copy(bench: Bench) -> None:
    with requests() as asked, open_copy(bench.repository_id, FULL) as copy:
        assert copy.snapshot.refs == {}
        assert (copy.path / "HEAD").read_text() == "ref: refs/heads/main\n"
        assert json.loads((copy.path / "holdfast.json").read_text())["version"] == 0
    assert asked.total == 0
