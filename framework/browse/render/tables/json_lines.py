"""JSON Lines, one object on each line, as a table whose columns are the names that the objects have."""

from collections.abc import Sequence

from framework.browse.render.encodings import decode, replace_surrogates
from framework.browse.render.json_trees import Members, parse_exactly, write_value
from framework.browse.render.tables.grid import Grid, Table, page_of
from framework.browse.render.tables.reading import MOST_ROWS, require_whole
from framework.browse.view_options import ViewOptions


def read_json_lines(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: a line is no object.
    """
    return page_of(read_json_grid(name, text), asked)


def read_json_grids(name: str, content: bytes) -> list[tuple[str, Grid]]:
    """The one table of these bytes, without a title.

    Raises:
        ValueError: as `read_json_lines`, or there are too many rows.
    """
    return [("", require_whole(read_json_grid(name, decode(content).text)))]


def read_json_grid(_name: str, text: str) -> Grid:
    """The objects of the text as rows, the first `MOST_ROWS` of them.

    Raises:
        ValueError: a line is no object.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    objects = [_read_object(number, line) for number, line in enumerate(lines[:MOST_ROWS], 1)]
    columns = list(dict.fromkeys(name for members in objects for name, _value in members))
    if not columns:
        raise ValueError("its objects are empty")
    try:
        rows = [_row(dict(members), columns) for members in objects]
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    return Grid([replace_surrogates(name) for name in columns], rows, left_out=max(0, len(lines) - MOST_ROWS))


def _read_object(number: int, line: str) -> Members:
    found = parse_exactly(line)
    if not isinstance(found, Members):
        raise ValueError(f"line {number} is no object")  # noqa: TRY004 - of the text, as any other
    return found


def _row(values: dict[str, object], columns: Sequence[str]) -> list[str]:
    return [_text(values[name]) if name in values else "" for name in columns]


def _text(value: object) -> str:
    """A text without quotation marks, all else as JSON."""
    return replace_surrogates(value) if isinstance(value, str) else "" if value is None else write_value(value)
