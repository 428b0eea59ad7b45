"""Files as people upload them for a picture."""

import io
import struct
import zlib

from PIL import Image
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.models import Picture
from framework.database.session import read_transaction
from framework.profiles.pictures import save_picture

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


def image(width: int, height: int, kind: str = "PNG", colour: object = RED, **options: object) -> bytes:
    """A file of one colour."""
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    return write(Image.new(mode, (width, height), colour), kind, **options)  # type: ignore[arg-type]


def write(drawn: Image.Image, kind: str, **options: object) -> bytes:
    """The image as a file."""
    written = io.BytesIO()
    drawn.save(written, kind, **options)
    return written.getvalue()


def two_halves(orientation: int) -> bytes:
    """A JPEG, red above and blue below as its pixels lie, which a camera held in this way (EXIF, tag 274)."""
    drawn = Image.new("RGB", (400, 400), RED)
    drawn.paste(BLUE, (0, 200, 400, 400))
    exif = Image.Exif()
    exif[274], exif[0x010F] = orientation, "Acme cameras"
    return write(drawn, "JPEG", exif=exif, quality=95)


def bomb(width: int, height: int) -> bytes:
    """A PNG of some KB with so many black pixels, none of which is made here."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part) for part in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )


def new_picture(account: Account) -> str:
    """Give the person a picture; its digest."""
    save_picture(account, None, image(9, 9))
    with read_transaction() as session:
        return session.scalars(select(Picture.digest).where(Picture.user_id == account.id)).one()


def opened(content: bytes) -> Image.Image:
    """What was made of a file."""
    return Image.open(io.BytesIO(content))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
