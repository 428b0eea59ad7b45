"""Pictures as browsers show them: WebP of a bounded size, turned upright, without what else the file holds."""

import io

from PIL import Image

from framework.browse.render.media.opening import Unreadable, open_picture
from framework.browse.render.media.tones import find_range, has_many_tones, spread
from framework.browse.render.media.turning import read_orientation, turn_upright

QUALITY, METHOD = 78, 0
"""The fastest method: a picture is smaller by a sixth with one that takes twice as long."""
LONGEST_PROFILE_BYTES = 8 << 10
LARGEST_DRAWN_BYTES = 1_000_000
"""What is larger, such as noise, is drawn at half the size, so that it is kept (`web/remembered/store.py`)."""


def draw(name: str, path: str, longest: int) -> bytes:
    """The picture in the file of this lower-case name, at most so many pixels wide and high; empty if it has none."""
    try:
        with open_picture(name, path) as picture:
            return _draw(picture, longest)
    except Unreadable:
        return b""


def _draw(picture: Image.Image, longest: int) -> bytes:
    profile = picture.info.get("icc_profile") or b""
    if has_many_tones(picture):
        shown = find_range(picture)
        small = spread(picture.resize(_fit(picture, longest), Image.Resampling.BOX), shown)
    else:
        picture.draft("RGB", (longest, longest))  # a JPEG file is decoded no larger than needed
        small = _plain(picture, longest)
        small.thumbnail((longest, longest), reducing_gap=2.0)
    turned = turn_upright(small, read_orientation(picture))
    kept = profile if turned.mode.startswith("RGB") and len(profile) <= LONGEST_PROFILE_BYTES else b""
    drawn = _pack(turned, kept)
    return drawn if len(drawn) <= LARGEST_DRAWN_BYTES else _pack(turned.reduce(2), kept)


def _pack(picture: Image.Image, profile: bytes) -> bytes:
    made = io.BytesIO()
    picture.save(made, "WEBP", quality=QUALITY, method=METHOD, icc_profile=profile, exif=b"", xmp=b"")
    return made.getvalue()


def _fit(picture: Image.Image, longest: int) -> tuple[int, int]:
    scale = min(1, longest / max(picture.size))
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _plain(picture: Image.Image, longest: int) -> Image.Image:
    """The same in a mode that a browser knows; what has no other size for it is made smaller first where it can."""
    if picture.mode in {"RGB", "RGBA", "L"}:
        picture.load()
        return picture
    if picture.mode in {"LA", "La", "PA", "RGBa"} or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode == "CMYK":
        picture.thumbnail((longest, longest), reducing_gap=2.0)
    return picture.convert("L" if picture.mode == "1" else "RGB")
