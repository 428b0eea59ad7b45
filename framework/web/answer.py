"""The kind of answer that every view gives: whatever a page has to name, it can be sent."""

from flask import Response


class Answer(Response):
    """An answer whose text may hold names that are no UTF-8, as Git allows: their odd bytes become question marks."""

    def set_data(self, value: bytes | str) -> None:
        """Take this as the whole body."""
        super().set_data(value.encode(errors="replace") if isinstance(value, str) else value)
