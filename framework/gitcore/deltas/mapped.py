"""Files of which a process reads all and keeps little: mapped, and given back while it goes on."""

import mmap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HELD_BYTES = 16 << 20
"""After so many bytes the kernel may take back what is mapped."""


@contextmanager
def open_mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The file's bytes, mapped; an empty file cannot be."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        yield stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if path.stat().st_size else b""


def give_back(file: bytes | mmap.mmap) -> None:
    """What was read so far is in the kernel's hands again, and no longer counts as this process's."""
    if isinstance(file, mmap.mmap):
        file.madvise(mmap.MADV_DONTNEED)
