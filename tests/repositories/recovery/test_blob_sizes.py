"""What a rebuild reads of packs that it knows nothing of but their bytes."""

import hashlib
from pathlib import Path

from framework.gitcore import git
from framework.gitcore.packs import BLOB
from framework.repositories import object_keys
from framework.repositories.recovery.blob_sizes import read_blob_sizes
from framework.storage.current import store
from tests.packs_by_hand import entry_of, name_of, pack_by_hand
from tests.repositories.conftest import Bench


def test_what_no_git_can_read_has_no_size(bench: Bench, tmp_path: Path) -> None:
    readable, other = b"readable" * 10, b"with a head of twelve bytes"
    pack, name = tmp_path / "by-hand.pack", object_keys.new_id()
    pack.write_bytes(pack_by_hand([entry_of(BLOB, readable), entry_of(BLOB, other, length=12)]))
    git.run(tmp_path, "index-pack", str(pack))
    keys = object_keys.pack_key(bench.repository_id, name), object_keys.idx_key(bench.repository_id, name)
    for key, file in zip(keys, (pack, pack.with_suffix(".idx")), strict=True):
        store().put(key, file.read_bytes(), sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    assert read_blob_sizes(bench.repository_id, name) == {name_of(BLOB, readable).hex(): len(readable)}
