"""Sound with its length, film with the subtitles that lie beside it."""

import struct

import pytest

from framework.browse.render.media.facts import Sound
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
