"""The objects of a new history are packed as deltas of each other, though they come whole."""

import random
from pathlib import Path

import pytest

from framework.config import Config
from framework.gitcore.packs import TREE
from framework.repositories.old_versions import new_objects
from framework.repositories.old_versions.new_objects import open_new_objects


def test_whole_objects_on_the_disk_are_bounded(
    settings: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_objects, "MOST_BYTES", 100_000)
    with open_new_objects(tmp_path) as objects:
        for number in range(100):
            objects.add(TREE, random.Random(number).randbytes(10_000), 1)
            left = sum(pack.stat().st_size for pack in tmp_path.glob("new-*.git/objects/pack/*.pack"))
            assert left < 120_000
        packs = objects.finish().values()
    assert sum(pack.object_count for pack in packs) == 100
    assert len(packs) == 10


def test_folders_that_differ_little_take_little(settings: Config, tmp_path: Path) -> None:
    entries = [b"100644 %03d\0" % number + random.Random(number).randbytes(20) for number in range(200)]
    with open_new_objects(tmp_path) as objects:
        for number in range(40):
            entries[number] = entries[number][:-20] + random.Random(1000 + number).randbytes(20)
            objects.add(TREE, b"".join(entries), 1)
        [pack] = objects.finish().values()
    assert pack.object_count == 40
    assert pack.pack_bytes < 5 * sum(map(len, entries))
