"""A head of an entry has the numbers that git reads, and none that it refuses once the pack is indexed."""

import pytest

from framework.gitcore.packs import (
    BLOB,
    LONGEST_HEAD_BYTES,
    LONGEST_NUMBER_BYTES,
    OFS_DELTA,
    EntryHead,
    HeadTooLong,
    parse_head,
)
from tests.packs_by_hand import head_of

LARGEST = (1 << 60) - 1
LONG = b"\x80" * (LONGEST_NUMBER_BYTES - 1)


def test_the_longest_numbers_are_read() -> None:
    assert parse_head(head_of(BLOB, LARGEST)) == EntryHead(BLOB, LARGEST, LONGEST_NUMBER_BYTES, 0)
    assert parse_head(head_of(OFS_DELTA, LARGEST) + LONG + b"\1").length == LONGEST_HEAD_BYTES


@pytest.mark.parametrize(
    "head", [head_of(BLOB, LARGEST + 1), head_of(BLOB, 5, 10), head_of(OFS_DELTA, 5) + LONG + b"\x80\1"]
)
def test_longer_ones_are_refused(head: bytes) -> None:
    with pytest.raises(HeadTooLong):
        parse_head(head)


def test_no_head_goes_on_without_end() -> None:
    for start in (head_of(BLOB, 5, 2)[:1], head_of(OFS_DELTA, LARGEST)):
        with pytest.raises(HeadTooLong):
            parse_head((start + b"\x80" * LONGEST_HEAD_BYTES)[:LONGEST_HEAD_BYTES])
