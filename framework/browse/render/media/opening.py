"""Pictures opened by Pillow, in the sandbox only: formats that it reads by itself, without another program."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from struct import error as StructError  # noqa: N812 - struct names it without a word of its own
from typing import IO

from PIL import (  # noqa: F401 - imported to be known; Pillow would import all of its readers, one that starts programs too
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PcxImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from framework.browse.render.media.work import MOST_PIXELS

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "ICO", "PSD", "JPEG2000", "PPM", "TGA", "PCX")
HEIC_ENDINGS = (".heic", ".heif", ".hif")

AvifImagePlugin.DEFAULT_MAX_THREADS = 1

DAMAGE = (
    OSError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, StructError, RuntimeError, AttributeError,
    ValueError, AssertionError, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow's readers raise for bytes that are not what they expect."""


class Unreadable(ValueError):
    """The file is no picture that can be read, in words that follow “It cannot be read as what its name says”."""


@contextmanager
def open_picture(name: str, file: IO[bytes] | str) -> Iterator[Image.Image]:
    """The picture of a file with this lower-case name; whatever goes wrong with it inside of the block is told alike.

    Raises:
        Unreadable.
    """
    formats: tuple[str, ...] = FORMATS
    if name.endswith(HEIC_ENDINGS):
        resolve_name("pillow_heif:register_heif_opener")(decode_threads=1, thumbnails=False)
        formats = ("HEIF",)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, formats=formats) as picture:
                _check(picture)
                yield picture
        except Unreadable:
            raise
        except DAMAGE as error:
            raise Unreadable("it is damaged, or of a variety that only specialised programs read") from error


def open_head(head: bytes) -> Image.Image | None:
    """The JPEG file that begins so, of which no pixel can be read; None for another one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(io.BytesIO(head), formats=("JPEG",))
        except DAMAGE:
            return None


def _check(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise Unreadable(f"{picture.width:,} by {picture.height:,} pixels are too many to show")
