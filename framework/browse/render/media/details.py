"""What a camera wrote into a picture (Exif 3.0): how it was turned, with what it was taken, when and where."""

import math
from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from framework.browse.render.media.facts import Details
from framework.browse.render.media.opening import DAMAGE
from framework.browse.render.media.turning import read_orientation

TURNED_BY_A_QUARTER = {5, 6, 7, 8}
LONGEST_VALUE = 100


def read_turned(picture: Image.Image) -> bool:
    """Whether its width is shown as its height."""
    return read_orientation(picture) in TURNED_BY_A_QUARTER


def read_details(picture: Image.Image) -> Details:
    """What the camera wrote; what it wrote wrongly is left out."""
    try:
        exif = picture.getexif()
        taken, place = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
    except DAMAGE:
        return Details()
    rows = (
        ("Taken", _moment(taken)),
        ("Camera", _camera(exif.get(Base.Make), exif.get(Base.Model))),
        ("Lens", _text(taken.get(Base.LensModel))),
        ("Exposure", _exposure(taken)),
        ("Artist", _text(exif.get(Base.Artist))),
        ("Copyright", _text(exif.get(Base.Copyright))),
    )
    return Details(tuple((name, value) for name, value in rows if value), _position(place), _altitude(place))


def _moment(taken: Mapping[int, Any]) -> str:
    date, _space, time = _text(taken.get(Base.DateTimeOriginal)).partition(" ")
    offset = _text(taken.get(Base.OffsetTimeOriginal))
    return " ".join(part for part in (date.replace(":", "-"), time, offset) if part)


def _camera(make: object, model: object) -> str:
    """The model, with its maker where it does not name that itself."""
    maker, name = _text(make), _text(model)
    return name if name.casefold().startswith(maker.casefold()) else f"{maker} {name}".strip()


def _exposure(taken: Mapping[int, Any]) -> str:
    seconds, f_number = _number(taken.get(Base.ExposureTime)), _number(taken.get(Base.FNumber))
    speed, length = taken.get(Base.ISOSpeedRatings), _number(taken.get(Base.FocalLength))
    parts = (
        "" if not seconds else f"{seconds:g} s" if seconds >= 1 else f"1/{1 / seconds:.0f} s",
        f"f/{f_number:g}" if f_number else "",
        f"ISO {speed}" if isinstance(speed, int) else "",
        f"{length:g} mm" if length else "",
    )
    return ", ".join(part for part in parts if part)


def _position(place: Mapping[int, Any]) -> tuple[float, float] | None:
    latitude = _degrees(place.get(GPS.GPSLatitude), place.get(GPS.GPSLatitudeRef), "S")
    longitude = _degrees(place.get(GPS.GPSLongitude), place.get(GPS.GPSLongitudeRef), "W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


def _degrees(parts: object, side: object, negative: str) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    numbers = [_number(part) for part in parts]
    if None in numbers:
        return None
    degrees: float = sum((number or 0) / 60**power for power, number in enumerate(numbers))
    return round(-degrees if _text(side).upper() == negative else degrees, 6)


def _altitude(place: Mapping[int, Any]) -> float | None:
    metres = _number(place.get(GPS.GPSAltitude))
    below = place.get(GPS.GPSAltitudeRef) in {1, b"\1"}
    return None if metres is None else round(-metres if below else metres, 1)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type] # Pillow's rational, or whatever else stands there
    except DAMAGE:
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST_VALUE]
