"""What is made of an uploaded picture: a small square, turned, in the right colours, without what the camera wrote."""

import os

import pytest
from PIL import Image

from framework.profiles.drawing import DAMAGED, LONGEST_BYTES, SIDE, TOO_LARGE, UNKNOWN, draw_picture
from tests.profiles.images import BLUE, GREEN, RED, bomb, image, opened, two_halves, write

CENTRE = (SIDE // 2, SIDE // 2)


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 24 for one, other in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_makes_a_small_square_of_each_kind(kind: str) -> None:
    drawn = opened(draw_picture(image(900, 300, kind)).content)
    assert (drawn.format, drawn.size, drawn.mode) == ("WEBP", (SIDE, SIDE), "RGB")
    assert near(drawn.getpixel(CENTRE), RED)


def test_of_the_two_pictures_of_a_camera_it_takes_the_first() -> None:
    frames = [Image.new("RGB", (60, 60), colour) for colour in (GREEN, BLUE)]
    content = write(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert near(opened(draw_picture(content).content).getpixel(CENTRE), GREEN)


def test_it_cuts_out_the_middle() -> None:
    wide = Image.new("RGB", (900, 300), BLUE)
    wide.paste(GREEN, (300, 0, 600, 300))
    drawn = opened(draw_picture(write(wide, "PNG")).content)
    assert all(near(drawn.getpixel((x, 90)), GREEN) for x in (8, 96, 184))


@pytest.mark.parametrize(("orientation", "red_at"), [(1, (96, 20)), (3, (96, 170)), (6, (170, 96)), (8, (20, 96))])
def test_it_turns_the_picture_as_the_camera_was_held_and_forgets_the_camera(
    orientation: int, red_at: tuple[int, int]
) -> None:
    made = draw_picture(two_halves(orientation)).content
    assert near(opened(made).getpixel(red_at), RED)
    assert b"Acme" not in made
    assert not opened(made).getexif()


def test_what_is_transparent_is_white() -> None:
    drawn = opened(draw_picture(image(50, 50, colour=(0, 0, 0, 0))).content)
    assert near(drawn.getpixel(CENTRE), (255, 255, 255))


@pytest.mark.parametrize("mode", ["P", "L", "LA", "CMYK", "1", "I;16"])
def test_other_kinds_of_pixels_are_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(draw_picture(write(Image.new(mode, (40, 40)), kind)).content).size == (SIDE, SIDE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_moving_picture_stands_still(kind: str) -> None:
    frames = [Image.new("RGB", (60, 60), colour) for colour in (GREEN, RED, BLUE)]
    drawn = opened(draw_picture(write(frames[0], kind, save_all=True, append_images=frames[1:])).content)
    assert not getattr(drawn, "is_animated", False)
    assert near(drawn.getpixel(CENTRE), GREEN)


def test_noise_is_short_enough() -> None:
    noise = Image.frombytes("RGB", (SIDE, SIDE), os.urandom(SIDE * SIDE * 3))
    assert len(draw_picture(write(noise, "PNG")).content) <= LONGEST_BYTES


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UNKNOWN),
        (b"", UNKNOWN),
        (image(60, 60)[:-40], DAMAGED),
        (two_halves(1)[:900], DAMAGED),
        (bomb(30_000, 20), TOO_LARGE),
        (bomb(6_000, 6_000), TOO_LARGE),
    ],
    ids=["another kind", "nothing", "a cut PNG", "a cut JPEG", "too wide", "a bomb"],
)
def test_other_files_are_refused(content: bytes, problem: str) -> None:
    drawn = draw_picture(content)
    assert (drawn.content, drawn.problem) == (b"", problem)
