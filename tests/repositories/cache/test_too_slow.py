"""What a git that is ended at its deadline says about a copy: nothing."""

import pytest

from framework.githttp.fetch import fetching
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from tests.repositories.conftest import Bench


def test_a_fetch_that_takes_too_long_has_nothing_hashed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(bench.put("a", b"1"))
    with open_copy(bench.repository_id, FULL) as copy:
        pack = next((copy.path / "objects" / "pack").glob("*.pack"))
    damaged = pack.read_bytes()[:-1]
    pack.write_bytes(damaged)
    monkeypatch.setattr(fetching, "DEADLINE_SECONDS", 0)
    list(fetching.advertise(bench.repository_id, "version=0", {}))
    assert pack.read_bytes() == damaged
