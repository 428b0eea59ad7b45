"""The bytes of a file in hexadecimal."""

DUMPED_BYTES = 4096
DUMPED_ROW = 16


def dump_rows(head: bytes) -> list[tuple[str, str, str]]:
    """Rows of the first `DUMPED_BYTES`: where each begins, its bytes in hexadecimal, and those that can be printed."""
    starts = range(0, min(len(head), DUMPED_BYTES), DUMPED_ROW)
    return [_row(start, head[start : min(start + DUMPED_ROW, DUMPED_BYTES)]) for start in starts]


def _row(start: int, data: bytes) -> tuple[str, str, str]:
    return f"{start:08x}", data.hex(" "), "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)
