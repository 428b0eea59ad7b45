"""The one sentence about a file that is over the limit, the same wherever it arrives."""

from framework import config
from framework.formatting import format_limit


def too_large_sentence(path: str, size_bytes: int) -> str:
    """What is wrong with a file of this size."""
    limit = config.current().max_file_bytes
    return f"“{path}” is {format_limit(size_bytes)}, over the {format_limit(limit)} limit."
