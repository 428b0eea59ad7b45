"""Deltas that a client has made: a few bytes may say so much that reading them would take all memory."""

import io
import tracemalloc

from framework.gitcore.pack_writer import PackWriter, blob_name
from framework.gitcore.packs import measure_pack
from framework.repositories import object_keys
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.changes import Change
from framework.repositories.catalog.pack_records import HISTORY, NewPack
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.pack_upload import send
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

COUNT, LENGTH = 8, 200_000
MOST_MEMORY_BYTES = 16 << 20


def test_many_tiny_instructions_are_gits_work(bench: Bench) -> None:
    """Each delta copies the blob before byte by byte, and appends one."""
    bench.write(bench.put("a", b"1"))
    contents = [b"".join([b"\0" * LENGTH, bytes(range(number))]) for number in range(COUNT)]
    names = [blob_name(io.BytesIO(content), len(content)) for content in contents]
    with PackWriter(bench.folder / "hostile.pack") as writer:
        writer.add_blob(names[0], io.BytesIO(contents[0]), len(contents[0]))
        for number in range(1, COUNT):
            old, new = contents[number - 1], contents[number]
            delta = _varint(len(old)) + _varint(len(new)) + b"\x90\x01" * LENGTH
            delta += b"".join(bytes([1, byte]) for byte in new[LENGTH:])
            writer.add_delta(names[number], names[number - 1], [delta], len(delta))
        writer.finish()
    name, push_id = object_keys.new_id(), object_keys.new_id()
    pack = measure_pack(bench.folder / "hostile.pack")
    send(bench.repository_id, push_id, {name: pack})
    change = Change(bench.repository_id, "bob", push_id=push_id, packs=(NewPack.of(name, HISTORY, pack, {}),))
    commit(change, precheck=do_nothing, in_transaction=do_nothing)
    with open_copy(bench.repository_id, FULL) as copy:
        tracemalloc.start()
        try:
            assert b"".join(copy.blob(names[-1]).chunks) == contents[-1]
            assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY_BYTES
        finally:
            tracemalloc.stop()


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
