"""B-trees of both versions: what an object has many of, in order."""

from collections.abc import Iterator

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.blocks import Blocks

DEEPEST = 16


def walk_old(blocks: Blocks, address: int | None, *, kind: int, key_bytes: int) -> Iterator[tuple[bytes, int]]:
    """The keys and addresses of the leaves of a tree of version 1, of groups (0) or of chunks (1).

    Raises:
        Damaged.
    """
    head = blocks.at(address, 24)
    if head.take(4) != b"TREE" or head.whole(1) != kind:
        raise Damaged
    yield from _walk_old(blocks, address, head.whole(1), key_bytes)


def _walk_old(blocks: Blocks, address: int | None, level: int, key_bytes: int) -> Iterator[tuple[bytes, int]]:
    if address is None or level > DEEPEST:
        raise Damaged
    head = blocks.at(address, 8)
    if head.take(4) != b"TREE":
        raise Damaged
    head.skip(1)
    if head.whole(1) != level:
        raise Damaged
    count, start = head.whole(2), 8 + 2 * blocks.address_bytes
    entries = blocks.at(address + start, count * (key_bytes + blocks.address_bytes))
    for _number in range(count):
        key, child = entries.take(key_bytes), entries.address()
        if child is None:
            raise Damaged
        if level:
            yield from _walk_old(blocks, child, level - 1, key_bytes)
        else:
            yield key, child


def walk_new(blocks: Blocks, address: int | None) -> Iterator[tuple[int, bytes]]:
    """The records of a tree of version 2, each with the kind of all of them; empty for no address.

    Raises:
        Damaged.
    """
    if address is None:
        return
    head = blocks.at(address, 64)
    if head.take(4) != b"BTHD":
        raise Damaged
    head.skip(1)
    kind, node_bytes, record_bytes, depth = head.whole(1), head.whole(4), head.whole(2), head.whole(2)
    head.skip(2)
    root, count = head.address(), head.whole(2)
    if not record_bytes or depth > DEEPEST or node_bytes < 16:
        raise Damaged
    if count:
        shape = _Shape(blocks, node_bytes, record_bytes, depth)
        yield from ((kind, record) for record in shape.walk(root, count, depth))


class _Shape:
    """How large the parts of a tree's nodes are, from the leaves to the root."""

    def __init__(self, blocks: Blocks, node_bytes: int, record_bytes: int, depth: int) -> None:
        self._blocks, self._node_bytes, self._record_bytes = blocks, node_bytes, record_bytes
        most = below = (node_bytes - 10) // record_bytes
        self._count_bytes = _width_of(most)
        self._total_bytes = [0]
        for level in range(1, depth + 1):
            pointer = blocks.address_bytes + self._count_bytes + self._total_bytes[-1]
            most = max(0, (node_bytes - 10 - pointer) // (record_bytes + pointer))
            below += most * (below + 1)
            self._total_bytes.append(_width_of(below) if level < depth else 0)

    def walk(self, address: int | None, count: int, level: int) -> Iterator[bytes]:
        """The records of a node and of those below it."""
        node = self._blocks.at(address, self._node_bytes)
        if node.take(4) != (b"BTIN" if level else b"BTLF"):
            raise Damaged
        node.skip(2)
        records = [node.take(self._record_bytes) for _number in range(count)]
        if not level:
            yield from records
            return
        for record in (*records, None):
            child, below = node.address(), node.whole(self._count_bytes)
            node.skip(self._total_bytes[level - 1])
            yield from self.walk(child, below, level - 1)
            if record is not None:
                yield record


def _width_of(limit: int) -> int:
    """How many bytes a number up to this one takes."""
    return (max(1, limit).bit_length() - 1) // 8 + 1
