"""The one sentence about a file that is over the limit, the same wherever it arrives."""

from framework import config

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
UNITS = ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"))


def mebibytes(size_bytes: int) -> str:
    """A size as the limits are told, such as `100 MiB`, `100.1 MiB` or `2 GiB`; always rounded up."""
    if size_bytes < KIB:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    unit, name = next(step for step in UNITS if size_bytes >= step[0])
    tenths = -(-size_bytes * 10 // unit)
    return f"{tenths // 10} {name}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} {name}"


def too_large_sentence(path: str, size_bytes: int) -> str:
    """What is wrong with a file of this size."""
    limit = config.current().max_file_bytes
    return f"“{path}” is {mebibytes(size_bytes)}, over the {mebibytes(limit)} limit."
