"""The heads of HTTP messages as they pass (RFC 9112)."""

from dataclasses import dataclass
from io import BufferedIOBase


@dataclass
class Head:
    """The first line and the headers of a request or an answer."""

    raw: bytes
    line: list[str]
    headers: dict[str, str]

    @property
    def length(self) -> int:
        """The body's length in bytes."""
        return int(self.headers.get("content-length", 0))


def read_head(source: BufferedIOBase) -> Head | None:
    """The next head that is read there, None at the end."""
    lines: list[bytes] = []
    while (line := source.readline()) not in {b"\r\n", b""}:
        lines.append(line)
    if not lines:
        return None
    pairs = (line.decode("latin-1").split(":", 1) for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Head(b"".join(lines) + b"\r\n", lines[0].decode("latin-1").split(), headers)


def without_expect(raw: bytes) -> bytes:
    """The same head without `Expect`, for a service that is not to answer it."""
    return b"".join(line for line in raw.splitlines(keepends=True) if not line.lower().startswith(b"expect:"))
