"""Titles of commits are counted while git prints them; what is kept of them is bounded."""

from io import BytesIO
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as some

from framework.files import CHUNK_BYTES
from framework.repositories.write.received.titles import LONGEST_TITLE_BYTES, read_titles


class Drip(BytesIO):
    """A pipe that gives little at a time, and counts."""

    def __init__(self, content: bytes, most_bytes: int) -> None:
        super().__init__(content)
        self._most_bytes = most_bytes

    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(self._most_bytes)


@given(
    told=some.lists(some.text(some.characters(codec="utf-8", exclude_characters="\n"), max_size=20), max_size=10),
    limit=some.integers(0, 12),
    most_bytes=some.integers(1, 9),
)
def test_they_are_counted_and_the_first_are_kept(told: list[str], limit: int, most_bytes: int) -> None:
    printed: IO[bytes] = Drip("".join(f"{title}\n" for title in told).encode(), most_bytes)
    assert read_titles(printed, limit) == (len(told), told[:limit])


@pytest.mark.parametrize("most_bytes", [7, CHUNK_BYTES])
def test_a_title_of_any_length_is_cut(most_bytes: int) -> None:
    long = b"a" * (3 * LONGEST_TITLE_BYTES)
    count, kept = read_titles(Drip(long + b"\nb\n" + long + b"\n", most_bytes), 3)
    assert (count, kept) == (3, ["a" * LONGEST_TITLE_BYTES, "b", "a" * LONGEST_TITLE_BYTES])
