"""The parts of an address that routes take: numbers of rows, and paths of files."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map, PathConverter

LARGEST_NUMBER = (1 << 31) - 1


class RowNumber(IntegerConverter):
    """The number of a row in an address; a larger one than any row's leads nowhere."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=LARGEST_NUMBER)


class AnyPath(PathConverter):
    """A path with any character that Git takes in a name; Werkzeug's own ends at a line break."""

    regex = "[^/](?s:.*?)"


def register(app: Flask) -> None:
    """Have the application's routes read their parts so; to be called before any is added."""
    app.url_map.converters.update(int=RowNumber, path=AnyPath)
