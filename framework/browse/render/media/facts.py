"""What is known of pictures and sound, for their pages; a web process holds these values, and never what reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

SHORT_SECONDS = 10
"""A shorter sound has a decimal."""


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


@dataclass(frozen=True)
class Sound:
    """How long a sound is in seconds, None where its beginning does not tell, and rows of a name and a value."""

    seconds: float | None
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def length(self) -> str:
        """As a page writes it; empty where it is not known."""
        return _write_length(self.seconds)


@dataclass(frozen=True)
class Film:
    """How long a film is in seconds, and its width and height in pixels; None where the beginning does not tell."""

    seconds: float | None
    pixels: tuple[int, int] | None = None

    @property
    def length(self) -> str:
        """As a page writes it; empty where it is not known."""
        return _write_length(self.seconds)


def _write_length(seconds: float | None) -> str:
    """`0.5 s`, `3:25` or `1:02:03`."""
    if seconds is None:
        return ""
    if seconds < SHORT_SECONDS:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
