"""What is known of pictures, for their pages; a web process holds these values, and never what reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Details:
    """`rows` of a name and a value; `position` in degrees of latitude and longitude, `altitude` in metres."""

    rows: tuple[tuple[str, str], ...] = ()
    position: tuple[float, float] | None = None
    altitude: float | None = None


@dataclass(frozen=True)
class PictureFacts:
    """Width and height in pixels as they are shown, and what the camera wrote."""

    pixels: tuple[int, int]
    details: Details = field(default_factory=Details)


@dataclass(frozen=True)
class Picture(PictureFacts):
    """The same of a picture that is drawn here: which form it has, and sentences about how it is shown."""

    form: str = ""
    notes: Sequence[str] = ()
