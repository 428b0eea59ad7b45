"""Pictures drawn for browsers: thumbnails, turned upright, and what no browser shows by itself."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from framework.browse.render.media.drawing import draw
from framework.browse.render.media.pictures import count_pages
from framework.browse.render.pictures import LARGE, SMALL
from framework.config import Config
from framework.profiles.drawing import SIDE, draw_picture
from framework.web.remembered import store
from tests.browse.kinds import made_pictures as made
from tests.browse.render.made_files import Show, png_of


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "WEBP"
    return picture.convert("RGB")


def drawn(tmp_path: Path, name: str, content: bytes, longest: int = SMALL) -> Image.Image:
    (tmp_path / name).write_bytes(content)
    return opened(draw(name, str(tmp_path / name), longest))


def test_a_thumbnail_is_upright_small_and_without_what_the_camera_wrote(shown: Show) -> None:
    onlooker = shown({"a/lake.jpg": made.photograph(turned=True, place=(46.7, 7.9), size=(900, 600))})
    answer = onlooker.visitor.get("/alice/website/picture/main/a/lake.jpg?size=small")
    assert answer.headers["Content-Type"] == "image/webp"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert opened(answer.data).size == (213, 320)
    assert b"Kamera" not in answer.data
    assert b"EXIF" not in answer.data
    again = onlooker.visitor.get(
        "/alice/website/picture/main/a/lake.jpg?size=small", If_None_Match=answer.headers["ETag"]
    )
    assert (again.status_code, again.data) == (304, b"")
    assert opened(onlooker.visitor.get("/alice/website/picture/main/a/lake.jpg").data).size == (600, 900)


def test_what_was_written_wrongly_leaves_a_picture_as_it_lies(tmp_path: Path) -> None:
    told = PngInfo()
    told.add_text("Raw profile type exif", "\nexif\n       2\nno")
    content = made.drawn("PNG", pnginfo=told)
    assert drawn(tmp_path, "lake.png", content).size == (60, 40)
    assert opened(draw_picture(content).content).size == (SIDE, SIDE)


def test_a_picture_is_kept_by_browsers_only_at_the_address_that_names_its_content(shown: Show) -> None:
    onlooker = shown({"lake.jpg": made.photograph()})
    sha = onlooker.gallery.git("rev-parse", "HEAD:lake.jpg")
    at = "/alice/website/picture/main/lake.jpg?size=small"
    assert "immutable" in onlooker.visitor.get(f"{at}&of={sha[:16]}").headers["Cache-Control"]
    for other in ("", "&of=", f"&of={sha[:4]}", f"&of={'0' * 16}"):
        assert "immutable" not in onlooker.visitor.get(at + other).headers["Cache-Control"]


def test_a_picture_is_drawn_once_and_so_is_one_that_cannot_be(shown: Show, settings: Config) -> None:
    onlooker = shown({"lake.jpg": made.photograph(), "cut.png": png_of(30, 20), "notes.txt": b"text"})

    def look() -> dict[Path, int]:
        for name, status in (("lake.jpg", 200), ("cut.png", 400), ("notes.txt", 400)):
            assert onlooker.visitor.get(f"/alice/website/picture/main/{name}").status_code == status
        return {path: path.stat().st_mtime_ns for path in (settings.data / "pages").glob("?/*")}

    sign = onlooker.visitor.get("/alice/website/picture/main/cut.png?size=small")
    assert (sign.status_code, sign.mimetype) == (200, "image/svg+xml")
    kept = look()
    assert len(kept) == 3
    assert look() == kept


def test_a_bomb_is_refused_by_its_size_or_ended_by_the_kernel(shown: Show) -> None:
    bombs = {"many.png": png_of(60_000, 60_000), "memory.png": _flat_png(9_900, 9_900)}
    onlooker = shown(bombs | {"after.jpg": made.photograph(), "large.png": _flat_png(6_000, 4_000)})
    for name in bombs:
        assert onlooker.visitor.get(f"/alice/website/picture/main/{name}").status_code == 400
    assert onlooker.visitor.get("/alice/website/picture/main/after.jpg").status_code == 200
    large = onlooker.visitor.get("/alice/website/picture/main/large.png?size=small")
    assert large.mimetype == "image/webp", "24 megapixels, as cameras have them, are no bomb"


def _flat_png(width: int, height: int) -> bytes:
    """A few kilobytes that are hundreds of megabytes of pixels."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(width * 4 + 1)) for _row in range(height)) + packer.flush()

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_measured_values_are_spread_over_the_tones_of_a_screen(tmp_path: Path) -> None:
    scanned = drawn(tmp_path, "scan.tif", made.scan()).convert("L")
    assert scanned.size == (50, 40)
    assert scanned.getextrema() == pytest.approx((0, 255), abs=3)
    tones = scanned.resize((1, 40), Image.Resampling.BOX).tobytes()
    assert 110 < tones[20] < 145, "the middle of the values is grey, whatever one hot pixel says"
    floats = drawn(tmp_path, "heights.tif", made.heights()).convert("L")
    assert floats.getpixel((49, 39)) == pytest.approx(255, abs=6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.heic", made.heic()),
        ("a.avif", made.drawn("AVIF")),
        ("a.jp2", made.drawn("JPEG2000")),
        ("a.gif", made.drawn("GIF", "P")),
        ("a.tif", made.drawn("TIFF", "CMYK")),
        ("a.png", made.drawn("PNG", "LA")),
        ("a.bmp", made.drawn("BMP", "1")),
    ],
)
def test_each_form_is_drawn(tmp_path: Path, name: str, content: bytes) -> None:
    assert drawn(tmp_path, name, content, LARGE).width in {60, 64}


def test_a_picture_of_noise_is_drawn_small_enough_to_be_kept(tmp_path: Path) -> None:
    noise = Image.effect_noise((2_000, 2_000), 100).convert("RGB")
    made_file = io.BytesIO()
    noise.save(made_file, "JPEG", quality=95)
    (tmp_path / "noise.jpg").write_bytes(made_file.getvalue())
    drawn_bytes = draw("noise.jpg", str(tmp_path / "noise.jpg"), LARGE)
    assert len(drawn_bytes) < store.LONGEST_BYTES
    assert opened(drawn_bytes).size == (1_000, 1_000)


def test_what_calls_a_program_or_is_none_is_not_drawn(tmp_path: Path) -> None:
    for name, content in {
        "a.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "a.heic": b"ftyp",
        "b.png": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert draw(name, str(tmp_path / name), SMALL) == b""


def test_pages_of_a_tiff_are_counted_to_an_end_also_in_a_circle() -> None:
    assert count_pages(io.BytesIO(made.scan(3))) == 3
    circle = b"II*\0" + struct.pack("<I", 8) + struct.pack("<HI", 0, 8)
    assert count_pages(io.BytesIO(circle)) == 1
    assert count_pages(io.BytesIO(b"MM\0*" + struct.pack(">I", 1 << 31))) == 1
