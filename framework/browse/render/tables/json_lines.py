"""JSON Lines, a value on each line, as a table: of objects by the names that they have, of arrays by their places."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from framework.browse.render.encodings import decode, replace_surrogates
from framework.browse.render.json_trees import Members, parse_exactly, write_value
from framework.browse.render.tables.grid import Grid, Table, grid_of, page_of
from framework.browse.render.tables.reading import MOST_ROWS, require_whole
from framework.browse.view_options import ViewOptions


def read_json_lines(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: as `read_json_grid`.
    """
    return page_of(read_json_grid(name, text), asked)


def read_json_grids(name: str, content: bytes) -> list[tuple[str, Grid]]:
    """The one table of these bytes, without a title.

    Raises:
        ValueError: as `read_json_lines`, or there are too many rows.
    """
    return [("", require_whole(read_json_grid(name, decode(content).text)))]


def read_json_grid(_name: str, text: str) -> Grid:
    """The objects or arrays of the text as rows, the first `MOST_ROWS` of them.

    The last line is left out where the file breaks off in it.

    Raises:
        ValueError: a line is neither, or not what the first one is; all are empty.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    whole = lines[:-1] if _breaks_off(text, lines) else lines
    values = [parse_exactly(line) for line in whole[:MOST_ROWS]]
    kind = Members if isinstance(values[0] if values else None, Members) else list
    for number, value in enumerate(values, 1):
        if type(value) is not kind:
            raise ValueError(f"line {number} is no {'object' if kind is Members else 'object, and no array'}")
    try:
        grid = _grid_of_objects(values) if kind is Members else _grid_of_arrays(values)
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    return replace(grid, left_out=len(lines) - len(values))


def _breaks_off(text: str, lines: Sequence[str]) -> bool:
    """Whether the last line is no JSON since it was not written to its end, below others."""
    if text.endswith("\n") or not 1 < len(lines) <= MOST_ROWS:
        return False
    try:
        parse_exactly(lines[-1])
    except ValueError:
        return True
    return False


def _grid_of_arrays(arrays: Sequence[list[Any]]) -> Grid:
    rows = [[_text(value) for value in array] for array in arrays]
    if not any(rows):
        raise ValueError("its arrays are empty")
    return grid_of(rows)


def _grid_of_objects(objects: Sequence[Members]) -> Grid:
    columns = list(dict.fromkeys(name for members in objects for name, _value in members))
    if not columns:
        raise ValueError("its objects are empty")
    rows = [_row(dict(members), columns) for members in objects]
    return Grid([replace_surrogates(name) for name in columns], rows)


def _row(values: dict[str, object], columns: Sequence[str]) -> list[str]:
    return [_text(values[name]) if name in values else "" for name in columns]


def _text(value: object) -> str:
    """A text without quotation marks, all else as JSON."""
    return replace_surrogates(value) if isinstance(value, str) else "" if value is None else write_value(value)
