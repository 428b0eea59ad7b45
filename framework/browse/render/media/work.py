"""Work on pictures, sound and film to be called in the sandbox, whose server alone imports the modules that do it."""

from pkgutil import resolve_name

from framework.browse.render.media.facts import Film, PictureFacts, Sound

MODULES = (
    "framework.browse.render.media.pictures",
    "framework.browse.render.media.drawing",
    "framework.browse.render.media.sounds",
    "framework.browse.render.media.films",
)
MOST_PIXELS = 100_000_000


def read_picture_head(head: bytes) -> PictureFacts | None:
    """What the first bytes of a picture say; None when they tell nothing."""
    found: PictureFacts | None = resolve_name(f"{MODULES[0]}:read_head")(head)
    return found


def draw_picture(name: str, path: str, longest: int) -> bytes:
    """The picture in the file of this lower-case name as WebP, at most so many pixels wide and high; empty if none."""
    drawn: bytes = resolve_name(f"{MODULES[1]}:draw")(name, path, longest)
    return drawn


def read_sound(name: str, head: bytes, size_bytes: int) -> Sound | None:
    """What the first bytes of a sound file of so many bytes say; None when they tell nothing."""
    found: Sound | None = resolve_name(f"{MODULES[2]}:read_sound")(name, head, size_bytes)
    return found


def read_film(head: bytes) -> Film | None:
    """What the first bytes of a film say; None when they tell nothing."""
    found: Film | None = resolve_name(f"{MODULES[3]}:read_film")(head)
    return found
