"""The journal read back: whole entries are understood, and whatever is wrong with the others is said."""

import hashlib
import json
from collections.abc import Callable

import pytest

from framework.repositories import object_keys
from framework.repositories.catalog.snapshot import read_snapshot, read_snapshot_and_packs
from framework.repositories.journal.keys import EntryDamaged, JournalKey, journal_keys, list_entries
from framework.repositories.journal.reader import read_entry, read_history
from framework.repositories.journal.state import Facts
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full, on_one_deployment
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Three versions, the second with a large blob."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("large", bytes(2 << 20)))
    bench.write(bench.put("a", b"3"))
    return bench


def test_an_entry_tells_what_the_version_changed(written: Bench) -> None:
    snapshot, packs = read_snapshot_and_packs(written.repository_id)
    entry = read_entry(list_entries(written.repository_id)[-1])
    assert (entry.line.key.place, entry.line.entry_hash) == ((1, 3), snapshot.entry_hash)
    assert [(ref.name, ref.new) for ref in entry.change.refs] == list(snapshot.refs.items())
    assert [pack.name for pack in entry.change.packs] == [pack.name for pack in packs if pack.version == 3]
    assert (entry.line.actor, entry.line.facts, entry.state, entry.deletes) == (
        "alice",
        Facts({"name": "field-notes"}),
        None,
        False,
    )


def test_a_history_has_every_version_in_one_chain(written: Bench) -> None:
    history = read_history(list_entries(written.repository_id))
    assert [line.key.place for line in history.lines] == [(1, 1), (1, 2), (1, 3)]
    assert [line.previous for line in history.lines] == [None, *(line.entry_hash for line in history.lines[:-1])]
    assert [list(sizes.values()) for sizes in history.large_blobs.values()] == [[2 << 20]]
    assert history.faults == ()


def test_it_lists_from_a_version_on_in_one_request(written: Bench) -> None:
    with requests() as asked:
        assert [key.version for key in list_entries(written.repository_id, (1, 2))] == [2, 3]
        assert list_entries(written.repository_id, (2, 0)) == []
    assert asked.operations == ["list"] * 2


def test_what_is_no_entry_is_passed_over(written: Bench) -> None:
    for name in ("log/000001/notes.txt", f"packs/pack-{object_keys.new_id()}.pack"):
        store().put(f"repos/{written.repository_id}/{name}", b"", sha256=hashlib.sha256(b"").hexdigest())
    assert len(journal_keys(store().list(f"repos/{written.repository_id}/"))) == 3


def test_a_missing_entry_in_the_middle_is_a_gap(written: Bench) -> None:
    store().delete(list_entries(written.repository_id)[1].key)
    history = read_history(list_entries(written.repository_id))
    assert [line.key.version for line in history.lines] == [1, 3]
    assert history.faults == ("The journal has a gap: the entry before version 3 is missing or damaged.",)


def test_a_gap_is_none_where_sql_knows_the_entry(written: Bench) -> None:
    listed = list_entries(written.repository_id)
    known = read_entry(listed[1]).line.entry_hash
    assert read_history(listed[2:], known={(1, 2): known}).faults == ()


@on_one_deployment
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: data.replace(b"alice", b"mallo"), "is damaged: its bytes are not those that its name promises"),
        (lambda data: data[:-1], "is damaged"),
        (lambda _data: b"", "is damaged"),
        (None, "is missing in the object store"),
    ],
)
def test_a_damaged_entry_is_told_and_the_others_are_read(
    written: Bench, spoil: Callable[[bytes], bytes] | None, words: str
) -> None:
    listed = list_entries(written.repository_id)
    _replace(listed[-1], spoil(store().read(listed[-1].key)) if spoil else None)
    with pytest.raises(EntryDamaged, match=words):
        read_entry(listed[-1])
    history = read_history(listed)
    assert [line.key for line in history.lines] == listed[:-1]
    assert len(history.faults) == 1


@on_one_deployment
def test_an_entry_of_a_newer_release_is_not_guessed_at(written: Bench) -> None:
    listed = list_entries(written.repository_id)
    document = json.loads(store().read(listed[-1].key)) | {"format": 3, "version": 4}
    data = json.dumps(document).encode()
    newer = JournalKey(written.repository_id, 1, 4, hashlib.sha256(data).hexdigest()[:16])
    store().put(newer.key, data, sha256=hashlib.sha256(data).hexdigest())
    with pytest.raises(EntryDamaged, match="has the format 3, which a newer release wrote; update first"):
        read_entry(newer)


@on_one_deployment
def test_two_entries_for_one_version_are_a_fork(written: Bench) -> None:
    listed = list_entries(written.repository_id)
    document = json.loads(store().read(listed[-1].key)) | {"actor": "bob"}
    data = json.dumps(document).encode()
    store().put(
        object_keys.journal_key(written.repository_id, 1, 3, hashlib.sha256(data).hexdigest()),
        data,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    history = read_history(list_entries(written.repository_id))
    assert history.forks == ("The journal has forked: 2 entries claim to be version 3.",)


def test_the_entry_of_an_unwritten_repository_is_none(bench: Bench) -> None:
    assert read_snapshot(bench.repository_id).version == 0
    history = read_history(list_entries(bench.repository_id))
    assert (history.lines, history.faults) == ((), ())


def _replace(key: JournalKey, data: bytes | None) -> None:
    store().delete(key.key)
    if data is not None:
        store().put(key.key, data, sha256=hashlib.sha256(data).hexdigest())
