"""What the page of a picture says beside it."""

import io
import struct
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import imagesize
from PIL import Image

from framework.browse.render.media.details import read_details, read_turned
from framework.browse.render.media.facts import Details, Picture, PictureFacts
from framework.browse.render.media.opening import open_head, open_picture
from framework.browse.render.media.tones import find_range, has_many_tones
from framework.browse.view_options import ViewOptions

MOST_PAGES = 10_000
BITS_PER_SAMPLE = 258


def read_head(head: bytes) -> PictureFacts | None:
    """What the first bytes of a file say that browsers show by themselves; None when they tell nothing."""
    pixels = _measure(head)
    if pixels is None:
        return None
    opened = open_head(head)
    return PictureFacts(pixels, read_details(opened) if opened else Details())


def read_picture(name: str, path: str, _asked: ViewOptions) -> Picture:
    """What a picture says that no browser shows by itself.

    Raises:
        Unreadable.
    """
    with open_picture(name, path) as picture:
        form = picture.format or ""
        notes = [*_count_pages(path, form), *_tell_depth(picture)]
        width, height = picture.size
        pixels = (height, width) if form == "TIFF" and read_turned(picture) else (width, height)
        return Picture(pixels, read_details(picture), picture.format_description or form, notes)


def _measure(head: bytes) -> tuple[int, int] | None:
    """Width and height, upright."""
    try:
        width, height = imagesize.get(io.BytesIO(head))
    except (ValueError, OSError, IndexError, TypeError):
        return None
    return (int(width), int(height)) if width > 0 and height > 0 else None


def _tell_depth(picture: Image.Image) -> list[str]:
    """How more than 256 tones become so many."""
    if has_many_tones(picture):
        shown = find_range(picture)
        kind = "floating-point numbers" if picture.mode == "F" else "integers of more than 8 bits"
        return [f"Its values are {kind}; they are shown from {shown.low:,.6g} (black) to {shown.high:,.6g} (white)."]
    bits = getattr(picture, "tag_v2", {}).get(BITS_PER_SAMPLE, (8,))
    if isinstance(bits, tuple) and bits and max(bits) > 8:
        return [f"It has {max(bits)} bits per colour, of which 8 are shown."]
    return []


def _count_pages(path: str, form: str) -> list[str]:
    if form != "TIFF":
        return []
    with Path(path).open("rb") as file:
        count = count_pages(file)
    many = "more than 10,000" if count > MOST_PAGES else f"{count:,}"
    return [f"The first of {many} pages is shown."] if count > 1 else []


def count_pages(file: BinaryIO) -> int:
    """How many pages a TIFF file has, by the chain of its directories (TIFF 6.0, section 2).

    A damaged chain ends where it is; at most one more than `MOST_PAGES` are counted.
    """
    start = file.read(16)
    order = "<" if start[:2] == b"II" else ">"
    large = struct.unpack_from(f"{order}H", start, 2)[0] == 43
    counted, entry_bytes, offset_form = ("Q", 20, "Q") if large else ("H", 12, "I")
    (place,) = struct.unpack_from(f"{order}{offset_form}", start, 8 if large else 4)
    seen: set[int] = set()
    with suppress(struct.error, OSError, OverflowError):
        while place and place not in seen and len(seen) <= MOST_PAGES:
            seen.add(place)
            file.seek(place)
            (entries,) = struct.unpack(f"{order}{counted}", file.read(struct.calcsize(counted)))
            file.seek(place + struct.calcsize(counted) + entries * entry_bytes)
            (place,) = struct.unpack(f"{order}{offset_form}", file.read(struct.calcsize(offset_form)))
    return len(seen)
