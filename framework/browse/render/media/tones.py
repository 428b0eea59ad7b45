"""Pictures of more than 256 tones, such as measurements, with their values spread over those that a screen has."""

import math
import struct
from dataclasses import dataclass

from PIL import Image

SAMPLED = 256
LEFT_OUT = 0.005
"""This part of the darkest and of the brightest values does not decide, so that one hot pixel blackens no picture."""
NODATA_TAG = 42113
"""GDAL writes there which value stands for none."""


@dataclass(frozen=True)
class Range:
    """Values that are shown as black and as white; what lies beyond is black or white, too."""

    low: float
    high: float


def has_many_tones(picture: Image.Image) -> bool:
    """Whether its values are larger than bytes."""
    return picture.mode == "F" or picture.mode.startswith("I")


def find_range(picture: Image.Image) -> Range:
    """Which of its values to show as black and white, by a sample of them."""
    size = min(SAMPLED, picture.width), min(SAMPLED, picture.height)
    sample = picture.resize(size, Image.Resampling.NEAREST).convert("F")
    nothing = _read_nodata(picture)
    values = struct.unpack(f"{size[0] * size[1]}f", sample.tobytes())
    found = sorted(value for value in values if math.isfinite(value) and value != nothing)
    if not found:
        return Range(0, 1)
    edge = int(len(found) * LEFT_OUT)
    return Range(found[edge], found[-1 - edge])


def spread(picture: Image.Image, shown: Range) -> Image.Image:
    """The same picture with 256 tones."""
    scale = 255 / (shown.high - shown.low) if shown.high > shown.low else 1
    floats = picture.convert("F")
    return floats.point(lambda value: value * scale + -shown.low * scale).convert("L")


def _read_nodata(picture: Image.Image) -> float | None:
    text = str(getattr(picture, "tag_v2", {}).get(NODATA_TAG, "")).strip("\0 ")
    try:
        return struct.unpack("f", struct.pack("f", float(text)))[0]  # type: ignore[no-any-return] # as the pixels have it
    except (ValueError, OverflowError):
        return None
