"""A window of a pack, and the large entry before it, which is read meanwhile."""

import zlib
from collections.abc import Generator

import pytest

from framework.gitcore.deltas import layout
from framework.gitcore.deltas.layout import Layout
from framework.gitcore.deltas.windows import Window

HEAD = b"\x35"
"""Of a blob of five bytes."""
ENTRIES = [HEAD + bytes([number]) * size for number, size in enumerate((200, 200, 20, 20))]
OFFSETS = [sum(map(len, ENTRIES[:number])) for number in range(len(ENTRIES))]
PACK = b"".join(ENTRIES)


class Reads:
    """The pack, and which of its bytes were asked for: as (first byte, how many), and those that were left."""

    def __init__(self) -> None:
        self.begun, self.left = list[tuple[int, int]](), list[int]()
        self.missing: int | None = None

    def __call__(self, start: int, length: int) -> Generator[bytes, None, None]:
        self.begun.append((start, length))
        if start == self.missing:
            raise ConnectionError
        try:
            yield PACK[start : start + length // 2]
            yield PACK[start + length // 2 : start + length]
        except GeneratorExit:
            self.left.append(start)
            raise


@pytest.fixture
def reads() -> Reads:
    return Reads()


@pytest.fixture
def window(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> Window:
    monkeypatch.setattr(layout, "WINDOW_BYTES", 100)
    assert len(PACK) == OFFSETS[-1] + len(ENTRIES[-1])
    return Window(reads, Layout(OFFSETS, [zlib.crc32(entry) for entry in ENTRIES], len(PACK)))


def read(window: Window, number: int) -> bytes:
    _head, chunks = window.entry(OFFSETS[number])
    return b"".join(chunks)


def test_the_large_entry_before_it_is_read_meanwhile(window: Window, reads: Reads) -> None:
    assert read(window, 3) == ENTRIES[3]
    assert sorted(reads.begun) == [(OFFSETS[1], len(ENTRIES[1])), (OFFSETS[2], len(ENTRIES[2] + ENTRIES[3]))]
    assert [read(window, number) for number in (2, 1)] == [ENTRIES[2], ENTRIES[1]]
    window.close()
    assert len(reads.begun) == 2
    assert reads.left == []


def test_it_is_left_when_another_is_wanted(window: Window, reads: Reads) -> None:
    assert read(window, 2) == ENTRIES[2]
    assert read(window, 0) == ENTRIES[0]
    window.close()
    assert reads.left == [OFFSETS[1]]


def test_it_is_left_when_the_window_moves(window: Window, reads: Reads) -> None:
    assert read(window, 2) == ENTRIES[2]
    assert read(window, 3) == ENTRIES[3]
    window.close()
    assert reads.left == [OFFSETS[1], OFFSETS[1]]


def test_a_store_that_fails_meanwhile_is_told(window: Window, reads: Reads) -> None:
    reads.missing = OFFSETS[1]
    assert read(window, 2) == ENTRIES[2]
    with pytest.raises(ConnectionError):
        read(window, 1)
