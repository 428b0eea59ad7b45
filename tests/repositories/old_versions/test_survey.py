"""What a project's bytes are, and the files whose versions take most: compared with what the store has."""

import random

import pytest

from framework.celery.jobs import Work
from framework.celery.worker.runs import FINAL
from framework.database.session import transaction
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.catalog.deletion import remove_rows
from framework.repositories.catalog.file_surveys import FileVersions, Survey, read_survey, remember_survey
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.old_versions import survey as survey_module
from framework.repositories.old_versions.removal import RemovalRequest, Removed, remove_old_versions
from framework.repositories.old_versions.survey import LISTED_FILES, HistoryTooLong, survey
from framework.repositories.write.operations import Delete, Move
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, MIB, Bench
from tests.repositories.maintenance.test_purging_lfs import film, named, upload
from tests.repositories.packed import force_away

pytestmark = on_each_deployment_in_full

SLACK_BYTES = 1000
"""What the entry of a blob that does not shrink takes beside it, at most."""


def noise(seed: int, size_bytes: int = MIB) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def by_path(found: Survey) -> dict[str, FileVersions]:
    return {file.path: file for file in found.files}


def remove(bench: Bench, path: str, work: Work) -> Removed | None:
    """Take the old versions of the file out, and erase them."""
    request = RemovalRequest(bench.repository_id, path, "alice", lambda _session, _removed: None)
    removed = remove_old_versions(request, work)
    consolidate(RepackRequest(bench.repository_id, purge=True), work)
    return removed


def test_nothing_is_stored_of_a_project_without_a_version(bench: Bench, work: Work) -> None:
    found = survey(bench.repository_id, work)
    assert (found.size_bytes, found.files) == (0, ())


def test_the_parts_are_all_that_is_stored(grown: Bench, work: Work) -> None:
    found = survey(grown.repository_id, work)
    assert found.size_bytes == read_storage_usage(grown.repository_id).size_bytes
    assert set(found.parts) == {"newest", "older", "history", "indexes"}
    assert 0 < found.parts["newest"] - len(LARGE) < SLACK_BYTES
    assert 0 < found.parts["older"] - MIB < SLACK_BYTES


def test_a_files_versions_take_what_their_entries_take(grown: Bench, work: Work) -> None:
    [large, *others] = survey(grown.repository_id, work).files
    assert (large.path, large.versions, large.old_versions) == ("large", 2, 1)
    assert large.newest_bytes
    assert large.size_bytes == large.newest_bytes + large.freed_bytes
    assert 0 < large.freed_bytes - MIB < SLACK_BYTES
    assert (large.commits, large.refs, large.ref_count) == (6, ("refs/heads/main",), 1)
    assert {file.path for file in others} == {"a", *(f"folder/{number}" for number in range(1, 5))}


def test_a_history_that_takes_too_long_is_refused_for_good(
    grown: Bench, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_module, "COUNT_SECONDS", -1)
    with pytest.raises(HistoryTooLong) as refusal:
        survey(grown.repository_id, work)
    assert isinstance(refusal.value, FINAL)


def test_large_files_need_not_be_here(grown: Bench, work: Work) -> None:
    expected = survey(grown.repository_id, work)
    evict(grown.repository_id)
    found = survey(grown.repository_id, work)
    assert (found.parts, found.files) == (expected.parts, expected.files)
    packs = list((copy_path(grown.repository_id) / "objects" / "pack").glob("*.pack"))
    assert sum(pack.stat().st_size for pack in packs) < MIB


def test_what_is_freed_is_what_the_entries_of_the_old_ones_take(bench: Bench, work: Work) -> None:
    table = bytearray(noise(1))
    for number in range(5):
        table[number * 1000 : number * 1000 + 100] = noise(number, 100)
        bench.write(bench.put("table", bytes(table)))
    whole = by_path(survey(bench.repository_id, work))["table"]
    assert 0 < whole.freed_bytes - 4 * MIB < 4 * SLACK_BYTES
    consolidate(RepackRequest(bench.repository_id), work)
    packed = by_path(survey(bench.repository_id, work))["table"]
    assert packed.freed_bytes < 4 * SLACK_BYTES, "they are differences now"
    before = read_storage_usage(bench.repository_id)
    assert remove(bench, "table", work)
    after = read_storage_usage(bench.repository_id)
    assert before.blobs.pack_bytes - after.blobs.pack_bytes == packed.freed_bytes
    assert bench.read("table") == bytes(table)


def test_what_another_file_needs_is_not_freed(bench: Bench, work: Work) -> None:
    bench.write(bench.put("table", noise(1)))
    bench.write(bench.put("table", noise(2)), bench.put("copy", noise(1)))
    bench.write(bench.put("table", noise(3)), Delete("copy"))
    found = by_path(survey(bench.repository_id, work))
    assert (found["table"].versions, found["table"].old_versions) == (3, 2)
    assert 0 < found["table"].freed_bytes - MIB < SLACK_BYTES
    assert (found["copy"].newest_bytes, found["copy"].old_versions, found["copy"].freed_bytes) == (None, 1, 0)


def test_what_another_branch_ends_with_is_not_freed(bench: Bench, work: Work) -> None:
    first = bench.write(bench.put("table", noise(1))).sha
    bench.write(bench.put("other", b"1"), branch="side", start=first)
    bench.write(bench.put("table", noise(2)))
    bench.write(bench.put("table", noise(3)))
    table = by_path(survey(bench.repository_id, work))["table"]
    assert (table.versions, table.old_versions, table.refs) == (3, 1, ("refs/heads/main",))
    assert 0 < table.freed_bytes - MIB < SLACK_BYTES
    assert table.newest_bytes
    assert 0 < table.newest_bytes - MIB < SLACK_BYTES
    assert table.commits == 2


def test_a_file_that_moved_has_versions_under_each_name(bench: Bench, work: Work) -> None:
    bench.write(bench.put("old", noise(1)))
    bench.write(bench.put("old", noise(2)))
    bench.write(Move("old", "new"))
    found = by_path(survey(bench.repository_id, work))
    assert (found["old"].versions, found["old"].old_versions, found["new"].versions) == (2, 2, 1)
    assert 0 < found["old"].freed_bytes - MIB < SLACK_BYTES, "the second version is called `new` now"


def test_removed_content_is_a_part_of_its_own(grown: Bench, work: Work) -> None:
    force_away(grown)
    found = survey(grown.repository_id, work)
    assert found.size_bytes == read_storage_usage(grown.repository_id).size_bytes
    assert 0 < found.parts["unreached"] - len(LARGE) < 2 * SLACK_BYTES
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert "unreached" not in survey(grown.repository_id, work).parts


def test_the_largest_are_listed(bench: Bench, work: Work) -> None:
    bench.write(*(bench.put(f"file-{number:02}", noise(number, 1000 + number * 100)) for number in range(15)))
    found = [file.path for file in survey(bench.repository_id, work).files]
    assert found == [f"file-{number:02}" for number in range(14, 14 - LISTED_FILES, -1)]


def test_a_survey_is_remembered_as_of_its_version(grown: Bench, work: Work) -> None:
    assert read_survey(grown.repository_id) is None
    file = FileVersions("caf\udce9 \n\u00e9", 3, 10, None, 3, 9, 2, ("refs/heads/main",), 1, ("0" * 40,))
    kept = Survey(1, 2, {"newest": 3}, (file,))
    remember_survey(grown.repository_id, Survey(1, 1, {}))
    remember_survey(grown.repository_id, kept)
    found = read_survey(grown.repository_id)
    assert found == kept
    assert found.find(file.key) == file
    assert found.find("other") is None
    assert file.shown_path == "caf\\xe9 \\n\u00e9"


def test_a_survey_goes_with_its_repository(bench: Bench) -> None:
    remember_survey(bench.repository_id, Survey(1, 1, {}))
    with transaction() as session:
        remove_rows(session, bench.repository_id)
    assert read_survey(bench.repository_id) is None


@pytest.fixture
def films(bench: Bench) -> Bench:
    """A film in three versions, kept with Git LFS; the second one has another name, too."""
    upload(bench, **{".gitattributes": b"films/** filter=lfs\n"})
    for number in range(3):
        copied = {"films__copy": noise(1, 300_000)} if number == 1 else {}
        upload(bench, films__film=noise(number, 300_000), **copied)
    return bench


def test_objects_of_git_lfs_are_versions_too(films: Bench, work: Work) -> None:
    found = survey(films.repository_id, work)
    assert found.size_bytes == read_storage_usage(films.repository_id).size_bytes
    assert (found.parts["lfs_newest"], found.parts["lfs_older"]) == (600_000, 300_000)
    file = by_path(found)["films/film"]
    assert (file.versions, file.old_versions) == (3, 2)
    assert 0 < file.size_bytes - 900_000 < 3 * SLACK_BYTES
    assert file.newest_bytes
    assert 0 < file.newest_bytes - 300_000 < SLACK_BYTES
    assert 0 < file.freed_bytes - 300_000 < SLACK_BYTES


def test_objects_of_git_lfs_go_with_the_versions_that_needed_them(films: Bench, work: Work) -> None:
    before = read_storage_usage(films.repository_id)
    removed = remove(films, "films/film", work)
    assert removed
    assert (removed.versions, removed.commits) == (2, 3)
    after = read_storage_usage(films.repository_id)
    assert (before.lfs_bytes, after.lfs_bytes) == (900_000, 600_000)
    assert len(named(films)) == 2
    assert film(films, "films/film") == noise(2, 300_000)
    assert film(films, "films/copy") == noise(1, 300_000)
    assert verify(films.repository_id).faults == ()


def test_the_new_history_is_one_version(grown: Bench, work: Work) -> None:
    before = read_snapshot(grown.repository_id)
    told = list[Removed]()
    request = RemovalRequest(grown.repository_id, "large", "alice", lambda _session, removed: told.append(removed))
    assert told == [remove_old_versions(request, work)]
    after = read_snapshot(grown.repository_id)
    assert after.version == before.version + 1
    assert [update.new for update in told[0].updates] == [after.refs["refs/heads/main"]]


@pytest.mark.long
def test_the_new_history_is_packed_as_well_as_the_old_one(bench: Bench, work: Work) -> None:
    bench.write(*(bench.put(f"folder/{number}", b"%d" % number) for number in range(200)))
    for number in range(40):
        bench.write(bench.put("folder/table", b"%d" % number), bench.put("folder/0", b"%d more" % number))
    consolidate(RepackRequest(bench.repository_id), work)
    before = read_storage_usage(bench.repository_id).history.pack_bytes
    assert remove(bench, "folder/table", work)
    assert read_storage_usage(bench.repository_id).history.pack_bytes < before


def test_a_refusal_in_the_transaction_leaves_everything_as_it_was(grown: Bench, work: Work) -> None:
    def refuse(_session: object, _removed: Removed) -> None:
        raise PermissionError

    before = read_snapshot(grown.repository_id)
    with pytest.raises(PermissionError):
        remove_old_versions(RemovalRequest(grown.repository_id, "large", "alice", refuse), work)
    assert read_snapshot(grown.repository_id) == before
