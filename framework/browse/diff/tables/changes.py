"""What changed in the tables of a file: what came, went and changed, with some rows around it."""

import pkgutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from framework.browse.diff.notebook_changes import CHANGED, GONE, NEW
from framework.browse.diff.tables.matching import Pair, Record, match_rows
from framework.browse.render.kinds.kind import Kind
from framework.browse.render.tables.grid import Grid

SAME, GAP = "same", "gap"
CONTEXT_ROWS = 3
MOST_SHOWN_ROWS, MOST_WHOLE_ROWS = 400, 20
MOST_SHOWN_COLUMNS = 60
MOST_SHEETS = 20
LONGEST_CELL = 500

Cell = tuple[str, str]
"""A cell as it was and as it is."""


@dataclass(frozen=True)
class Row:
    """A row of a table: `kind` is same, changed, added or removed; its number is that of now, else that of before.

    A row of the kind gap stands for those between two places.
    """

    kind: str
    number: int | None
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Column:
    """A column: its kind as that of a row, its name as it was and as it is."""

    kind: str
    name: Cell


@dataclass(frozen=True)
class SheetChange:
    """What changed in a table; `kind` is changed, or added or removed for a whole one.

    `moved` rows are at another place. `left_out` rows and `left_out_columns` that are not as they were are not shown.
    Only the first `compared` rows were looked at, where that is not None. `has_other_lines` tells that lines above the
    table are not as they were.
    """

    title: str
    kind: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    moved: int = 0
    left_out: int = 0
    left_out_columns: int = 0
    compared: int | None = None
    has_other_lines: bool = False


@dataclass(frozen=True)
class TableChange:
    """The tables of a file that are not as they were."""

    template: ClassVar = "table"
    sheets: Sequence[SheetChange]


def diff_tables(kind: Kind, name: str, before: bytes, now: bytes) -> TableChange | None:
    """The change between two files of this kind and lower-case name; None when lines tell it better.

    They do where one of the files cannot be read as a table.
    """
    try:
        old, new = (dict(_read(kind, name, content)) for content in (before, now))
    except ValueError:
        return None
    found = [_diff_sheet(title, old.get(title), new.get(title)) for title in dict.fromkeys([*new, *old])]
    changed = [sheet for sheet in found if sheet.rows or sheet.moved or sheet.kind != CHANGED]
    return TableChange(changed[:MOST_SHEETS]) if changed else None


def _read(kind: Kind, name: str, content: bytes) -> Iterator[tuple[str, Grid]]:
    grids: Iterable[tuple[str, Grid | None]] = pkgutil.resolve_name(kind.grids)(name, content)
    for title, grid in grids:
        yield title, grid or Grid((), ())


def _diff_sheet(title: str, old: Grid | None, new: Grid | None) -> SheetChange:
    grids = old or Grid((), ()), new or Grid((), ())
    kind = NEW if old is None else GONE if new is None else CHANGED
    pairs = _pair_columns(*grids)
    columns = [_describe(*grids, pair) for pair in pairs]
    common = [(before, after) for before, after in pairs if before is not None and after is not None]
    records = tuple([_take(row, [pair[side] for pair in common]) for row in grids[side].rows] for side in (0, 1))
    rows, moved = match_rows(*records) if common else _unmatched(*records)
    kinds = [_kind_of(pair, *records) for pair in rows]
    shown, left_out = _choose(kinds, has_other_columns=any(column.kind != SAME for column in columns))
    made = list(_write(shown, rows, kinds, _Cells(grids, pairs)))
    kept = _choose_columns(made, columns)
    return SheetChange(
        title,
        kind,
        [columns[place] for place in kept],
        [Row(row.kind, row.number, [row.cells[place] for place in kept] if row.cells else ()) for row in made],
        moved,
        left_out,
        len(columns) - len(kept),
        max(len(grid.rows) for grid in grids) if any(grid.left_out for grid in grids) else None,
        has_other_lines=list(grids[0].above) != list(grids[1].above),
    )


def _pair_columns(old: Grid, new: Grid) -> list[Pair]:
    """The places of each column before and now, by its name; those that match none by their place."""
    names = [_number_names(grid) for grid in (old, new)]
    places = {name: place for place, name in enumerate(names[0])}
    pairs: list[Pair] = [(places.get(name), place) for place, name in enumerate(names[1])]
    gone = sorted(set(range(len(names[0]))) - {before for before, _after in pairs})
    for place in list(gone):
        if place < len(pairs) and pairs[place][0] is None:  # it has another name now
            pairs[place] = place, place
            gone.remove(place)
    for place in gone:
        pairs.insert(min(place, len(pairs)), (place, None))
    return pairs


def _number_names(grid: Grid) -> list[tuple[str, int]]:
    """The names of the columns, each with how often it was there before."""
    seen, made = Counter[str](), list[tuple[str, int]]()
    for place in range(grid.width):
        name = grid.header[place].strip() if place < len(grid.header) else f"\0{place}"
        made.append((name, seen[name]))
        seen[name] += 1
    return made


def _describe(old: Grid, new: Grid, pair: Pair) -> Column:
    names = tuple(
        "" if place is None else _at(grid.header, place) if grid.header else f"Column {place + 1}"
        for grid, place in zip((old, new), pair, strict=True)
    )
    kind = NEW if pair[0] is None else GONE if pair[1] is None else SAME if names[0] == names[1] else CHANGED
    return Column(kind, (names[0], names[1]))


def _unmatched(old: Sequence[Record], new: Sequence[Record]) -> tuple[list[Pair], int]:
    """All rows before as removed, all of now as added."""
    return [*((place, None) for place in range(len(old))), *((None, place) for place in range(len(new)))], 0


def _kind_of(pair: Pair, old: Sequence[Record], new: Sequence[Record]) -> str:
    before, now = pair
    if before is None or now is None:
        return NEW if before is None else GONE
    return SAME if old[before] == new[now] else CHANGED


def _choose(kinds: Sequence[str], *, has_other_columns: bool) -> tuple[list[int], int]:
    """The places of the rows to show, and how many that are not as they were are left out.

    Where columns came or went, but no row, the first rows show them.
    """
    changed = [place for place, kind in enumerate(kinds) if kind != SAME]
    if not changed:
        return list(range(min(CONTEXT_ROWS * 2, len(kinds)))) if has_other_columns else [], 0
    is_whole = len(changed) == len(kinds) and len(set(kinds)) == 1
    most = MOST_WHOLE_ROWS if is_whole else MOST_SHOWN_ROWS
    around = {
        near
        for place in changed[:most]
        for near in range(max(0, place - CONTEXT_ROWS), min(len(kinds), place + CONTEXT_ROWS + 1))
    }
    chosen = sorted(near for near in around if kinds[near] == SAME or near <= changed[:most][-1])
    return chosen, max(0, len(changed) - most)


class _Cells:
    """The cells of rows, as they were and as they are, a pair for each column."""

    def __init__(self, grids: tuple[Grid, Grid], columns: Sequence[Pair]) -> None:
        self._grids, self._columns = grids, columns

    def number(self, pair: Pair) -> int:
        """The row's number now, before where it is no more."""
        side = 0 if pair[1] is None else 1
        return self._grids[side].first + (pair[side] or 0)

    def read(self, pair: Pair) -> list[Cell]:
        """The cells of the row."""
        old, new = (() if place is None else grid.rows[place] for grid, place in zip(self._grids, pair, strict=True))
        return [(_cut(_at(old, before)), _cut(_at(new, after))) for before, after in self._columns]


def _write(shown: Sequence[int], rows: Sequence[Pair], kinds: Sequence[str], cells: _Cells) -> Iterator[Row]:
    for last, place in zip([-1, *shown], shown, strict=False):
        if place > last + 1:
            yield Row(GAP, None, ())
        yield Row(kinds[place], cells.number(rows[place]), cells.read(rows[place]))
    if shown and shown[-1] < len(rows) - 1:
        yield Row(GAP, None, ())


def _choose_columns(rows: Sequence[Row], columns: Sequence[Column]) -> list[int]:
    """The places of the columns to show: of many, the first two and those in which something changed."""
    if len(columns) <= MOST_SHOWN_COLUMNS:
        return list(range(len(columns)))
    changed = {
        place for row in rows if row.kind == CHANGED for place, (old, new) in enumerate(row.cells) if old != new
    } | {place for place, column in enumerate(columns) if column.kind != SAME}
    chosen = sorted({0, 1} | changed)[:MOST_SHOWN_COLUMNS]
    others = [place for place in range(len(columns)) if place not in chosen]
    return sorted([*chosen, *others[: MOST_SHOWN_COLUMNS - len(chosen)]])


def _take(row: Sequence[str], places: Sequence[int | None]) -> Record:
    return tuple(_at(row, place) for place in places)


def _at(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
