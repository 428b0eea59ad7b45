"""Values of arrays as their bytes have them, by the names that NumPy gives to types (`numpy.dtype.str`)."""

import re
import struct
from datetime import UTC, datetime, timedelta

_TYPE = re.compile(r"([<>|=]?)([biufcSUVMmO])(\d*)(?:\[(\d*)(\w+)\])?")
_FORMATS = {"b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
            "f2": "e", "f4": "f", "f8": "d", "c8": "ff", "c16": "dd", "M8": "q", "m8": "q"}  # fmt: skip
_WORDS = {"b": "boolean", "i": "integer", "u": "unsigned integer", "f": "float", "c": "complex", "S": "bytes",
          "U": "text", "M": "date and time", "m": "duration", "V": "raw bytes", "O": "Python objects"}  # fmt: skip
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SECONDS = {"D": 86_400, "h": 3_600, "m": 60, "W": 604_800}
_NOT_A_TIME = -(1 << 63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NumberType:
    """A type of values: how many bytes one takes, what it is in words, and how it is written."""

    def __init__(self, name: str) -> None:
        """The type of this name.

        Raises:
            ValueError: there is no such type.
        """
        found = _TYPE.fullmatch(name)
        if not found:
            raise ValueError(f"it has values of the unknown type {name[:40]!r}")
        order, self.kind, digits, step, self._unit = found.groups()
        self._order = ">" if order == ">" else "<"
        size = int(digits or 0)
        self.size_bytes = size * 4 if self.kind == "U" else size
        self._step = int(step or 1)
        self._format = _FORMATS.get(f"{self.kind}{size}", "")
        bits = f" of {self.size_bytes * 8} bits" if self._format and self.kind in "iufc" else ""
        self.words = f"{_WORDS[self.kind]}{bits}"

    @property
    def is_readable(self) -> bool:
        """Whether its values can be written."""
        return bool(self._format) or (self.kind in "SU" and self.size_bytes > 0)

    def write(self, data: bytes) -> str:
        """The value of these bytes."""
        if self.kind == "S":
            return data.rstrip(b"\0").decode("latin-1")
        if self.kind == "U":
            return data.decode("utf-32-le" if self._order == "<" else "utf-32-be", "replace").rstrip("\0")
        values = struct.unpack(self._order + self._format, data)
        if self.kind == "c":
            return f"{self._digits(values[0])}{self._digits(values[1], sign='+')}j"
        if self.kind == "M":
            return self._write_time(values[0])
        return self._digits(values[0]) if self.kind == "f" else str(values[0])

    def _digits(self, value: float, sign: str = "") -> str:
        precision = {"e": 4, "f": 7}.get(self._format[0], 15)
        return format(value, f"{sign}.{precision}g")

    def _write_time(self, value: int) -> str:
        if value == _NOT_A_TIME:
            return "NaT"
        count = value * self._step
        if self._unit == "Y":
            return str(1970 + count)
        if self._unit == "M":
            return f"{1970 + count // 12}-{count % 12 + 1:02}"
        microseconds = (
            count * 1_000_000 // _PER_SECOND[self._unit]
            if self._unit in _PER_SECOND
            else count * _SECONDS.get(self._unit, 0) * 1_000_000
        )
        try:
            moment = _EPOCH + timedelta(microseconds=microseconds)
        except OverflowError:
            return str(value)
        return moment.date().isoformat() if self._unit in {"D", "W"} else moment.isoformat(" ").removesuffix("+00:00")
