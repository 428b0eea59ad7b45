"""Spreadsheets (XLSX, XLSM, XLSB, XLS, ODS): the values of their cells, as they were when the file was saved."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from framework.browse.render.tables.book import Book, book_of, choose, row_limit
from framework.browse.render.tables.grid import Grid, grid_of
from framework.browse.render.zip_ends import check_directory
from framework.browse.view_options import ViewOptions

LONGEST_DIRECTORY_BYTES = 1 << 20
MOST_PARTS = 5_000
Value = float | str | bool | time | date | datetime | timedelta | int
_ZIPPED = (".xlsx", ".xlsm", ".xlsb", ".ods")


def read_spreadsheet(name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of the asked sheet.

    Raises:
        ValueError: it is no spreadsheet, is damaged, or is protected by a password.
    """
    with Path(path).open("rb") as file:
        workbook = _open(name, file)
    titles = _sheets(workbook)
    if not titles:
        raise ValueError("it has no sheets")
    number = choose(asked, list(titles))
    labels = [f"{title} (hidden)" if hidden else title for title, hidden in titles.items()]
    return book_of(labels, _read_sheet(workbook, list(titles)[number]), asked)


def read_spreadsheet_grids(name: str, content: bytes) -> Iterator[tuple[str, Grid | None]]:
    """Each sheet's name and cells.

    Raises:
        ValueError: as `read_spreadsheet`.
    """
    workbook = _open(name, BytesIO(content))
    for title in _sheets(workbook):
        yield title, _read_sheet(workbook, title)


def _open(name: str, file: IO[bytes]) -> CalamineWorkbook:
    """The workbook; the file may be closed then."""
    if name.endswith(_ZIPPED):
        check_directory(file, most_bytes=LONGEST_DIRECTORY_BYTES, most_entries=MOST_PARTS)
        file.seek(0)
    try:
        return CalamineWorkbook.from_filelike(file)
    except CalamineError as error:
        raise ValueError(_explain(error)) from error


def _explain(error: CalamineError) -> str:
    said = str(error).casefold()
    return "it is protected by a password" if "password" in said or "encrypt" in said else "it is damaged"


def _sheets(workbook: CalamineWorkbook) -> dict[str, bool]:
    """The names of the sheets that have cells, and whether they are hidden."""
    return {
        sheet.name: sheet.visible != SheetVisibleEnum.Visible
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
    }


def _read_sheet(workbook: CalamineWorkbook, title: str) -> Grid | None:
    """The rows of a sheet, from its first cell that is not empty; None where all are."""
    try:
        sheet = workbook.get_sheet_by_name(title)
    except CalamineError as error:
        raise ValueError(_explain(error)) from error
    if sheet.start is None or sheet.end is None:
        return None
    height, width = (last - first + 1 for first, last in zip(sheet.start, sheet.end, strict=True))
    rows = [[_write(value) for value in row] for row in sheet.to_python(nrows=row_limit(width) + 1)]
    _fill_merged(rows, sheet)
    made = grid_of(rows, first=sheet.start[0] + 2)
    first = sheet.start[0] + (2 if made.header else 1)
    return Grid(made.header, made.rows, left_out=height - len(rows), first=first)


def _fill_merged(rows: Sequence[list[str]], sheet: CalamineSheet) -> None:
    """Repeat the value of cells that are merged downwards, so that each row has it; across it stays where it is."""
    assert sheet.start
    top, left = sheet.start
    room = sum(map(len, rows))
    if not room:
        return
    for (first, column), (last, other) in sheet.merged_cell_ranges or ():
        if column != other or first < top or not 0 <= column - left < len(rows[0]):
            continue
        for number in range(first + 1 - top, min(last + 1 - top, len(rows))):
            room -= 1
            if room < 0:
                return
            rows[number][column - left] = rows[first - top][column - left]


def _write(value: Value) -> str:
    """A value as people write it: numbers with all that their digits tell, dates as ISO 8601 has them."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return value.isoformat() if isinstance(value, date | time) else str(value)
