"""Pictures turned as the camera was held (Exif 3.0, tag 274)."""

from PIL import Image
from PIL.ExifTags import Base

from framework.browse.render.media.opening import DAMAGE

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By what the camera wrote; other values leave the picture as it is."""


def read_orientation(picture: Image.Image) -> int | None:
    """A key of `TURNS`, for a picture that has to be turned; what was written wrongly is left out.

    Some files tell it behind their pixels, so these have to be loaded before.
    """
    try:
        found = picture.getexif().get(Base.Orientation)
        known = found in TURNS
    except DAMAGE:
        return None
    return found if known else None


def turn_upright(picture: Image.Image, orientation: int | None) -> Image.Image:
    """The picture as the camera was held; the same one where it need not be turned."""
    return picture.transpose(TURNS[orientation]) if orientation else picture
