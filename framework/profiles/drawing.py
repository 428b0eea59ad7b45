"""A small square picture of whatever somebody has uploaded, made in the sandbox's child: Pillow is loaded there only.

The centre is cut out, turned as the camera held it, in the colours of the web, and on white where it is transparent.
Nothing of the file remains beside its pixels: neither a place nor a thumbnail.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 192
"""Pixels: twice the largest size on a page."""
LONGEST_BYTES = 20_000
QUALITIES = (84, 70, 50, 25)
"""The first one whose result is short enough is taken."""
FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = {"PNG": 16_000_000, "WEBP": 6_000_000, "JPEG": 64_000_000, "MPO": 64_000_000}
"""What the child can decode: a JPEG is read at an eighth of its size where that is enough, a WebP takes room twice.

MPO are the JPEGs of some cameras, with a second picture that is left out.
"""
MOST_PROGRESSIVE_PIXELS = 16_000_000
"""Of a JPEG whose whole is held while it is read."""
WIDEST = 20_000

UNKNOWN = "This is no picture that can be used. Choose a PNG, JPEG or WebP file."
DAMAGED = "This picture is damaged or incomplete. Choose another file."
TOO_LARGE = "This picture has too many pixels. Make it smaller, and upload it again."


@dataclass(frozen=True)
class Drawn:
    """The picture as WebP, or, where there is none, why."""

    content: bytes
    problem: str = ""


def draw_picture(content: bytes) -> Drawn:
    """The picture in this file; of a moving one its first moment."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 # takes megabytes, and is for the child alone

    Image.MAX_IMAGE_PIXELS = None  # our own limit is lower
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        return Drawn(b"", UNKNOWN)
    except (OSError, SyntaxError, ValueError):
        return Drawn(b"", DAMAGED)
    if not _is_small_enough(image):
        return Drawn(b"", TOO_LARGE)
    try:
        return Drawn(_encode(_make_square(image)))
    except (OSError, SyntaxError, ValueError, EOFError):
        return Drawn(b"", DAMAGED)


def _is_small_enough(image: "Image") -> bool:
    """Whether it can be decoded within the child's limits; the header tells."""
    most = MOST_PROGRESSIVE_PIXELS if "progressive" in image.info else MOST_PIXELS[image.format or ""]
    return image.width * image.height <= most and max(image.size) <= WIDEST


def _make_square(image: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415

    from framework.browse.render.media.turning import read_orientation, turn_upright  # noqa: PLC0415 # as above

    profile = image.info.get("icc_profile")
    if image.format in {"JPEG", "MPO"}:
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
    image.load()
    turned = read_orientation(image)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    small = _with_usual_mode(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    if small.mode == "RGBA":
        ground = Image.new("RGB", small.size, "white")
        ground.paste(small, mask=small)
        small = ground
    return turn_upright(_convert_colours(small, profile), turned)


def _with_usual_mode(image: "Image") -> "Image":
    if image.mode.startswith("I"):  # sixteen bits of grey
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _convert_colours(image: "Image", profile: bytes | None) -> "Image":
    """The colours of a camera's profile as those of the web; a profile that makes no sense is left out."""
    from PIL import ImageCms  # noqa: PLC0415

    if not profile:
        return image
    try:
        given: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image


def _encode(image: "Image") -> bytes:
    clean = image.copy()
    clean.info = {}
    for quality in QUALITIES:
        written = io.BytesIO()
        clean.save(written, "WEBP", quality=quality, method=4)
        if written.tell() <= LONGEST_BYTES:
            break
    return written.getvalue()
