"""Pictures as cameras and instruments write them."""

import io
import math
import struct

import pillow_heif
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

TURNED = 6
"""A camera was held upright: the first row of pixels is the right side of the picture."""


def landscape(width: int, height: int) -> Image.Image:
    """A sky, hills and a lake."""
    picture = Image.new("RGB", (width, height))
    pixels = picture.load()
    assert pixels
    for x in range(width):
        ridge = height * (0.45 + 0.12 * math.sin(x * 7 / width) + 0.05 * math.sin(x * 23 / width))
        for y in range(height):
            part = y / height
            sky = (120 + int(90 * part), 170 + int(60 * part), 235)
            hill, lake = (60, 110 + int(60 * part), 70), (30, 90, 130 + int(60 * part))
            pixels[x, y] = sky if y < ridge else lake if part > 0.75 else hill
    return picture


def photograph(
    *, turned: bool = False, place: tuple[float, float] | None = None, size: tuple[int, int] = (60, 40)
) -> bytes:
    """A JPEG file of a camera, with the place where it was taken."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Kamera", "Kamera X100"
    if turned:
        exif[Base.Orientation] = TURNED
    taken = exif.get_ifd(IFD.Exif)
    taken[Base.DateTimeOriginal], taken[Base.ISOSpeedRatings] = "2024:05:01 09:30:00", 200
    taken[Base.ExposureTime], taken[Base.FNumber] = 0.004, 5.6
    if place:
        found = exif.get_ifd(IFD.GPSInfo)
        found[GPS.GPSLatitudeRef], found[GPS.GPSLongitudeRef] = (
            "N" if place[0] >= 0 else "S",
            "E" if place[1] >= 0 else "W",
        )
        found[GPS.GPSLatitude], found[GPS.GPSLongitude] = _degrees(place[0]), _degrees(place[1])
        found[GPS.GPSAltitude] = 566.0
    return _save(landscape(60, 40).resize(size), "JPEG", exif=exif.tobytes(), quality=85)


def scan(pages: int = 2) -> bytes:
    """A TIFF file of 16 bits per pixel from 1,000 to 3,000, with one hot pixel, and further pages."""
    first = Image.frombytes("I;16", (50, 40), struct.pack("<2000H", 65_535, *(1_000 + n for n in range(1_999))))
    return _save(first, "TIFF", save_all=True, append_images=[first] * (pages - 1), compression="tiff_lzw")


def heights() -> bytes:
    """A TIFF file of floating-point numbers with holes in it."""
    values = [math.nan if n % 7 == 0 else n / 10 for n in range(2_000)]
    return _save(Image.frombytes("F", (50, 40), struct.pack("<2000f", *values)), "TIFF")


def drawn(form: str, mode: str = "RGB", **options: object) -> bytes:
    """The landscape in a format of Pillow."""
    return _save(landscape(60, 40).convert(mode), form, **options)


def heic() -> bytes:
    """The landscape as a phone writes it."""
    made = io.BytesIO()
    pillow_heif.from_pillow(landscape(64, 48)).save(made, quality=60)
    return made.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    minutes, degrees = math.modf(abs(value))
    seconds, whole = math.modf(minutes * 60)
    return degrees, whole, round(seconds * 60, 3)


def _save(picture: Image.Image, form: str, **options: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, form, **options)
    return made.getvalue()
