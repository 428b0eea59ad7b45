"""What the beginning of a sound file says of the whole: its length, what it is called and how it is stored."""

import io
from collections.abc import Iterator

from tinytag import TinyTag

from framework.browse.render.media.facts import Sound

LONGEST_VALUE = 100
ENDINGS_THAT_TELL_AT_THE_END = (".ogg", ".oga", ".opus", ".aac", ".weba")
"""Their length is the time of the last sound in them, so only a whole file tells it."""


def read_sound(name: str, head: bytes, size_bytes: int) -> Sound | None:
    """What the first bytes of a file of so many bytes say; None when they tell nothing."""
    try:
        tag = TinyTag.get(file_obj=io.BufferedReader(_Beginning(head, size_bytes)), filename=name, image=False)
    except Exception:
        return None
    is_told = size_bytes <= len(head) or not name.endswith(ENDINGS_THAT_TELL_AT_THE_END)
    seconds = tag.duration if is_told and tag.duration and tag.duration > 0 else None
    return Sound(seconds, tuple(_rows(tag)))


class _Beginning(io.RawIOBase):
    """A file of which the first bytes are there; what lies behind them reads as the file's end."""

    def __init__(self, head: bytes, size_bytes: int) -> None:
        self._head, self._size_bytes, self._place = head, size_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size_bytes}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # io reads into any buffer
        part = self._head[self._place : self._place + len(buffer)]
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)


def _rows(tag: TinyTag) -> Iterator[tuple[str, str]]:
    for name, value in (("Title", tag.title), ("Artist", tag.artist), ("Album", tag.album), ("Year", tag.year)):
        if value:
            yield name, "".join(letter for letter in str(value) if letter.isprintable())[:LONGEST_VALUE]
    if tag.samplerate:
        yield "Sampled at", f"{tag.samplerate:,} Hz"
    if tag.channels:
        yield "Channels", {1: "1 (mono)", 2: "2 (stereo)"}.get(tag.channels, str(tag.channels))
