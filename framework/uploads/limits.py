"""The one sentence about a file that is over the limit, the same wherever it arrives."""

from framework import config

MIB = 1 << 20


def mebibytes(size_bytes: int) -> str:
    """A size in MiB as the limits are told, such as `100 MiB` or `100.1 MiB`; always rounded up."""
    tenths = -(-size_bytes * 10 // MIB)
    return f"{tenths // 10} MiB" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} MiB"


def too_large_sentence(path: str, size_bytes: int) -> str:
    """What is wrong with a file of this size."""
    limit = config.current().max_file_bytes
    return f"“{path}” has {mebibytes(size_bytes)}; a file may have {mebibytes(limit)} at most."
