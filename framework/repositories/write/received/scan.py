"""Looks at the objects of a pack while it arrives, so that few have to be read once git has taken it.

Git indexes what is stored: it reads the same bytes beside this. What is seen here spares a second look at objects that
need none, so that this has to be as strict as a git that reads them; whatever is not seen, or not understood, is read
from the pack afterwards, by git.
"""

import queue
from array import array
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from framework.files import read_range
from framework.gitcore.deltas.recipes import DeltaDamaged, apply_in_memory, result_bytes
from framework.gitcore.packs import BLOB, KIND_NAMES, OFS_DELTA, REF_DELTA, TRAILER_BYTES, EntryHead
from framework.observability.pool import Pool
from framework.repositories.write.received.pack_stream import HEADER_BYTES, NAME_BYTES, PackStream, PackUnreadable

WAITING_CHUNKS = 16
"""How many chunks git may be ahead; then it waits for this thread, which reads about as fast."""
LARGEST_WHOLE_BYTES = 1 << 20
"""Larger objects are looked at in pieces, and no delta that makes one is applied."""
HELD_BYTES = 8 << 20
HELD_OBJECTS = 20_000
"""How much is in memory at once: as bases of deltas, and of a small push to the end."""
MOST_WAITING_DELTAS = 50_000
MOST_INFLATED_BYTES = 4 << 30
UNKNOWN = 0


@dataclass(frozen=True)
class Clearing:
    """Tells whether an object needs no closer look: from its kind and bytes, or from the pieces of a large blob."""

    content: Callable[[int, bytes], bool]
    pieces: Callable[[Iterable[bytes]], bool]


def _read_through(pieces: Iterable[bytes]) -> bool:
    for _piece in pieces:
        pass
    return False


NOTHING_CLEARED = Clearing(lambda _kind, _content: False, _read_through)


@dataclass
class Scanned:
    """The objects of a pack in their order: where each begins, kind, size in bytes, and whether it was cleared.

    `held` has contents by number, of all objects when `holds_all`.
    """

    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    kinds: bytearray = field(default_factory=bytearray)
    cleared: bytearray = field(default_factory=bytearray)
    inflated_bytes: int = 0
    held: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    holds_all: bool = True
    waiting: dict[int, tuple[int | bytes, bytes]] = field(default_factory=dict)
    """Deltas whose base is not known yet: its number or its name, and the delta, empty where it is not held."""

    def number_at(self, offset: int) -> int:
        """The number of the object that begins there.

        Raises:
            PackUnreadable: none does.
        """
        number = bisect_left(self.offsets, offset)
        if number == len(self.offsets) or self.offsets[number] != offset:
            raise PackUnreadable
        return number


class PackScan:
    """One pack's scan: chunks are watched on their way to git, and read by a thread of this scan."""

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._chunks: queue.Queue[bytes | None] = queue.Queue(WAITING_CHUNKS)
        self._has_all = self._is_stopped = False
        self._held_bytes = 0
        self._end = 0
        self._scanned = Scanned()
        self._is_readable = True

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks as they pass."""
        for chunk in chunks:
            self._chunks.put(chunk)
            yield chunk

    def run(self) -> None:
        """Read what is watched, to its end or until it cannot be read on; what comes after that is let pass."""
        try:
            self._read(PackStream(self._arriving()))
        except (PackUnreadable, DeltaDamaged, MemoryError):
            self._is_readable = False
        finally:
            for _chunk in self._arriving():
                pass

    def end(self) -> None:
        """No chunk will come any more."""
        self._chunks.put(None)

    def stop(self) -> None:
        """The same, and nobody wants to know what the pack holds."""
        self._is_stopped = True
        self.end()

    def complete(self, pack: Path) -> Scanned:
        """What the pack holds as git has written it, with the objects that git has added at its end.

        To be asked after `run`, and followed by `resolve` when deltas are waiting.

        Raises:
            PackUnreadable, DeltaDamaged: that is not clear.
        """
        if not self._is_readable:
            raise PackUnreadable
        end = pack.stat().st_size - TRAILER_BYTES
        stream = PackStream(read_range(pack, self._end), self._end)
        while stream.offset < end:
            self._read_entry(stream)
        return self._scanned

    def resolve(self, numbers: Mapping[bytes, int]) -> None:
        """Find out what the waiting deltas are, by the numbers that all objects have by name.

        Raises:
            PackUnreadable, DeltaDamaged: that is not clear of all of them.
        """
        waiting = self._scanned.waiting
        by_base = defaultdict[int, list[int]](list)
        for number, (base, _delta) in waiting.items():
            by_base[base if isinstance(base, int) else numbers.get(base, number)].append(number)
        known = [base for base in by_base if self._scanned.kinds[base] != UNKNOWN]
        while known:
            base = known.pop()
            for number in by_base.pop(base, []):
                self._apply(number, base, waiting.pop(number)[1])
                known.append(number)
        if waiting:
            raise PackUnreadable

    def _arriving(self) -> Iterator[bytes]:
        while not self._has_all:
            chunk = self._chunks.get()
            if chunk is None:
                self._has_all = True
            else:
                yield chunk

    def _read(self, stream: PackStream) -> None:
        count = int.from_bytes(stream.take(HEADER_BYTES)[8:], "big")
        for _number in range(count):
            self._read_entry(stream)
        self._end = stream.offset

    def _read_entry(self, stream: PackStream) -> None:
        made, number = self._scanned, len(self._scanned.kinds)
        offset, head = stream.offset, stream.read_head()
        self._allow(head.size_bytes)
        made.offsets.append(offset)
        made.sizes.append(head.size_bytes)
        made.cleared.append(False)
        made.kinds.append(head.kind if head.kind in KIND_NAMES else UNKNOWN)
        if head.kind not in KIND_NAMES:
            self._read_delta(stream, number, head)
        elif head.size_bytes <= LARGEST_WHOLE_BYTES:
            self._note(number, stream.read_content(head.size_bytes))
        else:
            self._read_large(stream, number, head)

    def _allow(self, size_bytes: int) -> None:
        """To be asked before so much is made: one entry alone may inflate to any size.

        Raises:
            PackUnreadable: it is too much, or nobody waits for it any more.
        """
        self._scanned.inflated_bytes += size_bytes
        if self._is_stopped or self._scanned.inflated_bytes > MOST_INFLATED_BYTES:
            raise PackUnreadable

    def _read_large(self, stream: PackStream, number: int, head: EntryHead) -> None:
        """Only a file can be cleared without being seen whole: a folder has names in it, which have rules."""
        made, pieces = self._scanned, self._pieces(stream, head.size_bytes)
        if head.kind == BLOB:
            made.cleared[number] = self._clearing.pieces(pieces)
        else:
            _read_through(pieces)
        made.holds_all = False

    def _pieces(self, stream: PackStream, size_bytes: int) -> Iterator[bytes]:
        for piece in stream.read_pieces(size_bytes):
            if self._is_stopped:
                raise PackUnreadable
            yield piece

    def _read_delta(self, stream: PackStream, number: int, head: EntryHead) -> None:
        made = self._scanned
        base: int | bytes
        if head.kind == OFS_DELTA:
            base = made.number_at(made.offsets[number] - head.distance)
        elif head.kind == REF_DELTA:
            base = stream.take(NAME_BYTES)
        else:
            raise PackUnreadable
        delta = self._read_small_delta(stream, number, head)
        if isinstance(base, int) and made.kinds[base] != UNKNOWN:
            self._apply(number, base, delta)
        elif len(made.waiting) < MOST_WAITING_DELTAS:
            made.waiting[number] = base, self._hold_delta(delta)
        else:
            raise PackUnreadable

    def _read_small_delta(self, stream: PackStream, number: int, head: EntryHead) -> bytes:
        """The delta, empty when it is large or makes something large; either way its result's size is noted."""
        if head.size_bytes <= LARGEST_WHOLE_BYTES:
            start = delta = stream.read_content(head.size_bytes)
        else:
            pieces = list[bytes]()
            for piece in self._pieces(stream, head.size_bytes):
                pieces = pieces or [piece]
            start, delta = pieces[0], b""
        self._scanned.sizes[number] = size_bytes = result_bytes(start)
        self._allow(size_bytes)
        return delta if size_bytes <= LARGEST_WHOLE_BYTES else b""

    def _hold_delta(self, delta: bytes) -> bytes:
        if self._held_bytes + len(delta) > HELD_BYTES:
            return b""
        self._held_bytes += len(delta)
        return delta

    def _apply(self, number: int, base: int, delta: bytes) -> None:
        made = self._scanned
        made.kinds[number] = made.kinds[base]
        content = made.held.get(base)
        if delta and content is not None:
            made.held.move_to_end(base)
            self._note(number, apply_in_memory(delta, content))
        else:
            made.holds_all = False

    def _note(self, number: int, content: bytes) -> None:
        made = self._scanned
        made.cleared[number] = self._clearing.content(made.kinds[number], content)
        made.held[number] = content
        self._held_bytes += len(content)
        while self._held_bytes > HELD_BYTES or len(made.held) > HELD_OBJECTS:
            _number, gone = made.held.popitem(last=False)
            self._held_bytes -= len(gone)
            made.holds_all = False


@contextmanager
def scan_beside(clearing: Clearing) -> Iterator[PackScan]:
    """A scan whose thread reads what it watches within the block, and has read it all at its end."""
    scan = PackScan(clearing)
    with Pool(1) as pool:
        done = pool.submit(scan.run)
        try:
            yield scan
        except BaseException:
            scan.stop()
            raise
        scan.end()
        done.result()
