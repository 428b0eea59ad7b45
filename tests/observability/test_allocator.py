"""Memory for what is read again and again is not taken from the kernel, empty, for each piece."""

from framework import files
from framework.observability import allocator
from framework.web.server import connections

HEADER_BYTES = 64
"""What a `bytes` needs beside its content, and malloc beside that, with room to spare."""


def test_pieces_that_are_read_are_not_large_to_the_allocator() -> None:
    assert files.CHUNK_BYTES + HEADER_BYTES < allocator.LARGE_BYTES
    assert connections.RECEIVED_AT_ONCE_BYTES + HEADER_BYTES < allocator.LARGE_BYTES
