"""What a project's bytes are, and the files whose versions take most: compared with what the packs' indexes say."""

import random

from framework.celery.jobs import Work
from framework.repositories.catalog.file_surveys import FileVersions, Survey
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.old_versions.survey import survey
from tests.repositories.conftest import MIB, Bench


def noise(seed: int, size_bytes: int = MIB) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def by_path(found: Survey) -> dict[str, FileVersions]:
    return {file.path: file for file in found.files}


def test_nothing_is_stored_of_a_project_without_a_version(bench: Bench, work: Work) -> None:
    found = survey(bench.repository_id, work)
    assert (found.size_bytes, found.files) == (0, ())


def test_the_parts_are_all_that_is_stored(grown: Bench, work: Work) -> None:
    found = survey(grown.repository_id, work)
    assert found.size_bytes == read_storage_usage(grown.repository_id).size_bytes
    assert set(found.parts) == {"newest", "older", "history", "indexes"}
    assert 2 * MIB < found.parts["newest"] < 2.1 * MIB
    assert MIB < found.parts["older"] < 1.1 * MIB


def test_a_files_versions_take_what_their_entries_take(grown: Bench, work: Work) -> None:
    [large, *others] = survey(grown.repository_id, work).files
    assert (large.path, large.versions, large.old_versions) == ("large", 2, 1)
    assert large.newest_bytes
    assert large.size_bytes == large.newest_bytes + large.freed_bytes
    assert MIB < large.freed_bytes < MIB + 1000
    assert (large.commits, large.refs, large.ref_count) == (6, ("refs/heads/main",), 1)
    assert {file.path for file in others} == {"a", *(f"folder/{number}" for number in range(1, 5))}
