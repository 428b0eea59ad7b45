"""Archives and pictures that tests make."""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

from tests.browse.conftest import Onlooker


def zipped(names: list[str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 10)
    return made.getvalue()


def tarred(names: list[str], mode: str = "w:gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name in names:
            one = tarfile.TarInfo(name)
            one.size = 10
            archive.addfile(one, io.BytesIO(b"x" * 10))
    return made.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header says so; its pixels are not there."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))


def zip_of_many(count: int, *, hidden: bool) -> bytes:
    """A ZIP file whose ZIP64 record tells of so many entries; a `hidden` one's other record tells of less."""
    body = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, 0, 0, 0, 1, 0) + b"a"
    entry = b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0x21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * count
    record = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(directory), len(body))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(body) + len(directory), 1)
    told = 46 if hidden else 0xFFFFFFFF
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, told, 0xFFFFFFFF, 0)
    return body + directory + b"PK\x06\x06" + record + locator + end


Show = Callable[[dict[str, bytes]], Onlooker]
MANY = {
    "plain": zipped([str(number) for number in range(1_000)]),
    "ZIP64": zip_of_many(1_000, hidden=False),
    "ZIP64 behind a record that tells of less": zip_of_many(1_000, hidden=True),
}
