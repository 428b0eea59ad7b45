"""Pkt-lines are read as they were written however the bytes arrive, and what is none is refused."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.gitcore.pkt_line import (
    BAND_BYTES,
    FLUSH,
    LONGEST_DATA_BYTES,
    PROGRESS,
    BadRequest,
    Received,
    band,
    pkt,
)

LINES = st.lists(st.none() | st.binary(max_size=40), max_size=6)
CUTS = st.lists(st.integers(0, 300), max_size=8)
NEARLY = st.lists(
    st.sampled_from([FLUSH, b"0001", b"0003", b"0004", b"0005", b"000a", b"000A", b"fff0", b"fff1", b"0x10", b"\n"])
    | st.binary(max_size=6),
    max_size=8,
).map(b"".join)


def split(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """The data in pieces that end at these places; two cuts at one place leave an empty piece."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return (data[start:end] for start, end in pairwise(places))


def lines_of(received: Received) -> list[bytes | None]:
    """Every line up to the first refusal."""
    found: list[bytes | None] = []
    with suppress(BadRequest):
        while True:
            found.append(received.line())
    return found


def lines_by_the_book(data: bytes) -> list[bytes | None]:
    """The same as gitprotocol-common(5) has it: four hexadecimal digits, which count themselves."""
    found: list[bytes | None] = []
    while re.match(rb"[0-9a-fA-F]{4}", data):
        length = int(data[:4], 16)
        if data[:4] != FLUSH and not 4 <= length <= min(len(data), LONGEST_DATA_BYTES + 4):
            break
        found.append(data[4:length].removesuffix(b"\n") if length else None)
        data = data[length or 4 :]
    return found


@given(LINES, st.binary(max_size=40), CUTS)
def test_what_was_written_is_read_however_it_is_split(lines: list[bytes | None], pack: bytes, cuts: list[int]) -> None:
    data = b"".join(FLUSH if line is None else pkt(line) for line in lines) + pack
    received = Received(split(data, cuts))
    assert [received.line() for _line in lines] == [line and line.removesuffix(b"\n") for line in lines]
    assert b"".join(received.rest()) == pack


@given(NEARLY, CUTS)
def test_anything_else_is_read_up_to_where_it_is_no_line(data: bytes, cuts: list[int]) -> None:
    assert lines_of(Received(split(data, cuts))) == lines_by_the_book(data)


@given(st.binary(max_size=60), st.lists(st.integers(0, 30), max_size=5), CUTS)
def test_any_number_of_bytes_may_be_taken(data: bytes, sizes: list[int], cuts: list[int]) -> None:
    received, ends = Received(split(data, cuts)), [sum(sizes[: number + 1]) for number in range(len(sizes))]
    assert [received.take(size) for size in sizes] == [
        data[end - size : end] for size, end in zip(sizes, ends, strict=True)
    ]
    assert b"".join(received.rest()) == data[sum(sizes) :]


@pytest.mark.parametrize("digits", [b"0x10", b" 10 ", b"1_00", b"+010", b"-001", b"0001", b"0003", b"fff1", b"00", b""])
def test_a_length_is_four_hexadecimal_digits(digits: bytes) -> None:
    with pytest.raises(BadRequest, match="has no length"):
        Received(iter([digits + (b"a" * 300 if len(digits) == 4 else b"")])).line()


def test_an_empty_chunk_is_not_the_end() -> None:
    assert Received(iter([b"00", b"", b"06a", b"", b"b"])).line() == b"ab"


def test_a_line_may_have_as_many_bytes_as_git_allows() -> None:
    longest = b"a" * LONGEST_DATA_BYTES
    assert Received(iter([pkt(longest)])).line() == longest


@given(st.binary(min_size=1, max_size=3), st.integers(0, BAND_BYTES))
def test_a_side_band_carries_everything_in_packets_that_every_git_takes(data: bytes, times: int) -> None:
    sent = (data * times).replace(b"\n", b".")  # which would end a line
    packets = lines_of(Received(iter([band(PROGRESS, sent)])))
    assert all(packet and packet[0] == PROGRESS and len(packet) <= BAND_BYTES + 1 for packet in packets)
    assert b"".join(packet[1:] for packet in packets if packet) == sent
