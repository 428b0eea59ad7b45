"""Git finds large blobs whole, however the packs hold them."""

import random

import pytest

from framework.celery.jobs import Work
from framework.gitcore import git
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.history.folders import find
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.serve.whole_blobs import lay_out_whole
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

MIB = 1 << 20
NOISE = random.Random(1).randbytes(2 * MIB)


@pytest.fixture
def versions(bench: Bench, work: Work) -> tuple[str, str]:
    """The newest version of a large file, and one before, which is a delta."""
    bench.write(bench.put("table", NOISE))
    bench.write(bench.put("table", NOISE + b"more"))
    consolidate(RepackRequest(bench.repository_id), work)
    with open_copy(bench.repository_id, FULL) as copy:
        newest, old = (find(copy, entry.sha, "table").sha for entry in read_log(copy, resolve(copy, "main")))
    return newest, old


def test_a_delta_is_whole_for_git(bench: Bench, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "RESOLVED_BLOB_BYTES", MIB)
    newest, old = versions
    asked = ("cat-file", "--batch-check=%(deltabase)")
    with open_copy(bench.repository_id, FULL) as copy:
        assert git.run(copy.path, *asked, given=old.encode()).strip(b"0\n")
        with lay_out_whole(copy, {newest: len(NOISE) + 4, old: len(NOISE)}) as environment:
            assert not git.run(copy.path, *asked, given=old.encode(), environment=environment).strip(b"0\n")
            assert git.run(copy.path, "cat-file", "blob", old, environment=environment) == NOISE
            assert git.run(copy.path, "cat-file", "blob", newest, environment=environment) == NOISE + b"more"


def test_nothing_is_laid_out_for_what_git_can_resolve(bench: Bench, versions: tuple[str, str]) -> None:
    with open_copy(bench.repository_id, FULL) as copy, lay_out_whole(copy, {versions[1]: len(NOISE)}) as environment:
        assert environment == {}
