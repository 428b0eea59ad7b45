"""Sizes as people say them."""


def size(size_bytes: int) -> str:
    """A size in bytes, KiB, MiB, GiB or TiB, with one decimal below 10; `size` in static/upload.js says the same."""
    if size_bytes < 1024:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    amount, units = size_bytes / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while amount >= 1023.5 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    number = f"{amount:.1f}".removesuffix(".0") if amount < 9.95 else f"{amount:.0f}"
    return f"{number} {units[0]}"
