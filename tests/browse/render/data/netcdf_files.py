"""Small files of the classic NetCDF formats, byte by byte as the specification has them."""

import struct


def netcdf_of(version: int) -> bytes:
    """Two variables over an unlimited dimension of three records and one of two lakes."""
    size = "Q" if version == 5 else "I"

    def numbers(kinds: str, *values: float) -> bytes:
        return struct.pack(f">{kinds}", *values)

    def name(text: str) -> bytes:
        return numbers(size, len(text)) + text.encode().ljust(-(-len(text) // 4) * 4, b"\0")

    def text_attribute(key: str, text: str) -> bytes:
        return name(key) + numbers("I", 2) + name(text)

    def variable(key: str, axes: tuple[int, ...], attributes: tuple[bytes, ...], kind: int) -> bytes:
        listed = numbers(f"I{size}", 12 if attributes else 0, len(attributes)) + b"".join(attributes)
        place = numbers(f"I{size}" + ("I" if version == 1 else "Q"), kind, 4, 0)
        return name(key) + numbers(f"{size}{len(axes)}{size}", len(axes), *axes) + listed + place

    dimensions = numbers(f"I{size}", 10, 2) + name("time") + numbers(size, 0) + name("lake") + numbers(size, 2)
    levels = name("levels") + numbers(f"I{size}ff", 5, 2, 1.5, 2.0)
    attributes = numbers(f"I{size}", 12, 2) + text_attribute("title", "Lakes") + levels
    told = (text_attribute("units", "degC"), text_attribute("long_name", "Temperature of the water"))
    variables = numbers(f"I{size}", 11, 2) + variable("temperature", (0, 1), told, 5) + variable("count", (), (), 4)
    return b"CDF" + bytes([version]) + numbers(size, 3) + dimensions + attributes + variables
