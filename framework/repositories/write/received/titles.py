"""Titles of commits as git prints them, one on each line; any of them may have millions of characters."""

from typing import IO

from framework.files import CHUNK_BYTES

LONGEST_TITLE_BYTES = 1000
"""What is kept of a title; the rest of it passes."""


def read_titles(printed: IO[bytes], limit: int) -> tuple[int, list[str]]:
    """How many titles are printed, and the first of them, at most `limit`, each cut."""
    count, kept, line = 0, list[str](), b""
    while chunk := printed.read(CHUNK_BYTES):
        start, *starts = chunk.split(b"\n")
        line += start[: LONGEST_TITLE_BYTES - len(line)]
        for start in starts:
            if len(kept) < limit:
                kept.append(line.decode(errors="replace"))
            count, line = count + 1, start[:LONGEST_TITLE_BYTES]
    return count, kept
