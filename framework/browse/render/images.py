"""What an image's header says of it; its pixels are for the browser, nothing is decoded here."""

import io

import imagesize

MOST_PIXELS = 100_000_000


def pixels(head: bytes) -> tuple[int, int] | None:
    """Width and height that the first bytes of an image tell; None when they tell nothing."""
    try:
        width, height = imagesize.get(io.BytesIO(head))
    except (ValueError, OSError, IndexError, TypeError):
        return None
    return (int(width), int(height)) if width > 0 and height > 0 else None
