"""Subtitles that lie beside a film, as browsers want them: WebVTT in UTF-8."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from framework.browse.render.encodings import decode

ENDINGS = (".vtt", ".srt")
LARGEST_BYTES = 1 << 20
MOST_TRACKS = 20
START = "WEBVTT"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_TIMES = re.compile(r"^(\d{1,3}:\d\d:\d\d),(\d{1,3})[ \t]+-->[ \t]+(\d{1,3}:\d\d:\d\d),(\d{1,3})", re.MULTILINE)
_PLACED = re.compile(r"\{\\an?\d{1,2}\}")


@dataclass(frozen=True)
class Track:
    """A file of subtitles: its path, and the language that its name tells, as `en` or `pt-BR`."""

    path: str
    language: str


def find_tracks(film: str, names: Iterable[str]) -> Sequence[Track]:
    """Of the names in a film's folder those of its subtitles: `film.vtt`, `film.en.vtt`, `film.srt`, by name.

    Where there are both forms of the same, it is WebVTT.
    """
    folder, stem = PurePosixPath(film).parent, PurePosixPath(film).stem.casefold()
    found: dict[str, Track] = {}
    for name in sorted(names, key=lambda name: (name.casefold().endswith(".vtt"), name)):
        path = PurePosixPath(name)
        base, _dot, language = path.stem.rpartition(".")
        if path.suffix.lower() not in ENDINGS:
            continue
        if path.stem.casefold() == stem:
            found[""] = Track(str(folder / name), "")
        elif base.casefold() == stem and _LANGUAGE.fullmatch(language):
            found[language.casefold()] = Track(str(folder / name), language)
    return [found[language] for language in sorted(found)][:MOST_TRACKS]


def make_webvtt(data: bytes) -> str:
    """Subtitles in either form as WebVTT; SubRip has a comma before the milliseconds, and no first line."""
    text = decode(data, goes_on=False).text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith(START):
        return text
    return f"{START}\n\n" + _PLACED.sub("", _TIMES.sub(r"\1.\2 --> \3.\4", text))
