"""Sound with its length, film with the subtitles that lie beside it."""

import struct

import pytest

from framework.browse.render.media.facts import Sound
from framework.browse.render.media.films import read_film
from framework.browse.render.media.sounds import read_sound
from framework.browse.render.media.subtitles import Track, find_tracks, make_webvtt
from tests.browse.kinds.specimens import sound
from tests.browse.render.made_files import Show

SRT = b"\xef\xbb\xbf1\r\n00:00:01,000 --> 00:00:02,500\r\n{\\an8}Gr\xc3\xbc\xc3\x9fe, 1,5 m\r\n"


def flac(seconds: int, rate: int = 8_000) -> bytes:
    """The beginning of a FLAC file of this length, without a sound in it."""
    facts = (rate << 44) | (0 << 41) | (15 << 36) | (seconds * rate)
    return (
        b"fLaC"
        + struct.pack(">I", 0x80000022)
        + struct.pack(">HH", 4096, 4096)
        + bytes(6)
        + facts.to_bytes(8, "big")
        + bytes(16)
    )


def test_the_length_is_told_by_the_beginning_of_a_long_file() -> None:
    found = read_sound("talk.flac", flac(3_723), 90_000_000)
    assert found
    assert found.length == "1:02:03"
    whole = sound()
    assert read_sound("a.wav", whole, len(whole)) == read_sound("a.wav", whole[:100], len(whole))


def test_what_only_the_end_would_tell_is_not_told() -> None:
    assert Sound(None).length == ""
    assert Sound(205.4).length == "3:25"
    found = read_sound("a.ogg", b"OggS" + bytes(60), 5_000_000)
    assert found is None or found.seconds is None


def box(kind: bytes, *parts: bytes) -> bytes:
    """A part of an MP4 file."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def mp4(*, long: bool = False, turned: bool = False) -> bytes:
    """The beginning of a film of 83.5 seconds and 1,920 by 1,080 pixels, behind a box of a size of eight bytes."""
    told = struct.pack(">IQQIQ", 1 << 24, 0, 0, 600, 50_100) if long else struct.pack(">IIIII", 0, 0, 0, 600, 50_100)
    turn = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30) if turned else (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    track = box(b"tkhd", bytes(40), struct.pack(">9iII", *turn, 1920 << 16, 1080 << 16))
    silent = box(b"tkhd", bytes(40), struct.pack(">9iII", *turn, 0, 0))
    free = struct.pack(">I4sQ", 1, b"free", 24) + bytes(8)
    whole = box(b"moov", box(b"mvhd", told, bytes(80)), box(b"trak", silent), box(b"trak", track))
    return box(b"ftyp", b"mp42") + free + whole + struct.pack(">I4s", 90_000_000, b"mdat")


def element(kind: int, *parts: bytes, size: int | None = None) -> bytes:
    """A part of a WebM file; its size has eight bytes."""
    length = sum(map(len, parts)) if size is None else size
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + (1 << 56 | length).to_bytes(8, "big") + b"".join(parts)


def webm() -> bytes:
    """The beginning of the same film, of which the whole has no known size."""
    scale, length = element(0x2AD7B1, b"\x0f\x42\x40"), element(0x4489, struct.pack(">d", 83_500))
    info = element(0x1549A966, scale, length)
    video = element(0xE0, element(0xB0, b"\x07\x80"), element(0xBA, b"\x04\x38"))
    tracks = element(0x1654AE6B, element(0xAE, element(0xD7, b"\1"), video))
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067, info + tracks, size=(1 << 56) - 1)


@pytest.mark.parametrize("content", [mp4(), mp4(long=True), webm()])
def test_the_beginning_of_a_film_tells_its_length_and_size(content: bytes) -> None:
    found = read_film(content)
    assert found
    assert found.length == "1:24"
    assert found.pixels == (1920, 1080)


def test_a_film_of_a_phone_is_upright() -> None:
    found = read_film(mp4(turned=True))
    assert found
    assert found.pixels == (1080, 1920)


@pytest.mark.parametrize("content", [mp4(), webm()])
def test_a_damaged_film_is_read_or_not(content: bytes) -> None:
    for place in range(len(content)):
        read_film(content[:place])
        read_film(content[:place] + b"\xff" * 8 + content[place + 8 :])
        read_film(content[:place] + bytes(8) + content[place + 8 :])


def test_the_page_of_a_film_says_its_length_and_size(shown: Show) -> None:
    page = shown({"film.mp4": mp4()}).get("/blob/main/film.mp4")
    assert "1:24" in page
    assert "1920 \N{MULTIPLICATION SIGN} 1080" in page


DAMAGED = [
    b"",
    b"\xff" * 400,
    b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
    b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff",
    b"\0\0\0\x18ftypM4A ",
]


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.ogg", "a.flac", "a.wav", "a.weba"])
@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_sound_is_read_or_not(name: str, content: bytes) -> None:
    found = read_sound(name, content, 1 << 40)
    assert found is None or isinstance(found, Sound)


def test_subtitles_are_found_by_the_name_of_the_film() -> None:
    names = [
        "talk.srt",
        "talk.vtt",
        "Talk.pt-BR.srt",
        "talk.de.vtt",
        "other.vtt",
        "talk.notes.vtt",
        "talk.mp4",
        "talk.en.txt",
    ]
    assert find_tracks("a/talk.mp4", names) == [
        Track("a/talk.vtt", ""),
        Track("a/talk.de.vtt", "de"),
        Track("a/Talk.pt-BR.srt", "pt-BR"),
    ]


def test_subtitles_are_sent_as_webvtt(shown: Show) -> None:
    onlooker = shown(
        {"film.mp4": b"\0\0\0\x18ftypmp42", "film.srt": SRT, "notes.txt": b"x", "large.srt": b"x" * (1 << 20) + b"y"}
    )
    assert "/subtitles/main/film.srt" in onlooker.get("/blob/main/film.mp4")
    answer = onlooker.visitor.get("/alice/website/subtitles/main/film.srt")
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.text == "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\nGr\u00fc\u00dfe, 1,5 m\n"
    assert make_webvtt(answer.data) == answer.text
    for name in ("notes.txt", "film.mp4", "large.srt"):
        assert onlooker.visitor.get(f"/alice/website/subtitles/main/{name}").status_code == 400
