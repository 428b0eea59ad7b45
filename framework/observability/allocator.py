"""What a process does with its memory: a host of 512 MB is shared by all processes of a dyno."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

ARENAS = 2
LARGE_BYTES = TRIM_BYTES = 1 << 17
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def be_frugal() -> None:
    """Have threads share two arenas, and have freed memory returned to the kernel; what a fork starts does the same.

    By default glibc gives each of 16 threads an arena of its own, and keeps in it what its largest request ever
    needed (mallopt(3)). Another C library has no such settings and is left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_ARENA_MAX, ARENAS)
        mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, TRIM_BYTES)


@contextmanager
def load_to_share() -> Iterator[None]:
    """Have what the block loads, and all that is in memory by then, be shared by processes that are forked later.

    The garbage collector writes into every object that it looks at, and the kernel copies a page at the first write: so
    it never looks at these. It rests within the block, too, since modules are no garbage; a start is faster by a tenth.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()
