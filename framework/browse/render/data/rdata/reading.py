"""What R has saved, as tables: what there is, and the data frames, matrices and vectors in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.rdata.serialization import Unserializer
from framework.browse.render.data.rdata.stream import OPENERS, Stream, TooLarge
from framework.browse.render.data.rdata.things import ATOMS, Thing, count_rows, write_values, writer_of
from framework.browse.render.tables.book import MOST_SHEETS, Book, book_of, choose
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MOST_ROWS, MOST_COLUMNS, MOST_CELLS, MOST_LISTED, DEEPEST_LISTED = 1_000, 200, 50_000, 1_000, 4
_SAVED = {b"RDX2\n", b"RDX3\n"}
_FORMS = {b"A\n": "text", b"B\n": "numbers of one kind of machine"}


def read_rdata(_name: str, path: str, asked: ViewOptions) -> Book:
    """The objects, or the rows of one of them.

    Raises:
        ValueError: R has not saved it, it is damaged, or there is too much in it.
    """
    with Path(path).open("rb") as file:
        stream = Stream(file)
        form = stream.take(2)
        is_saved = form == b"RD" and form + stream.take(3) in _SAVED
        if is_saved:
            form = stream.take(2)
        if form in _FORMS:
            raise ValueError(f"it is written as {_FORMS[form]}; {OPENERS}")
        if form != b"X\n":
            raise ValueError("it is no file that R has saved")
        facts = [_read_start(stream)]
        try:
            root = Unserializer(stream).read()
        except RecursionError as error:
            raise TooLarge from error
    return _show(root, asked, facts, is_saved=is_saved)


def _read_start(stream: Stream) -> tuple[str, str]:
    """Which version of the format it is, and which of R has written it."""
    version, written = stream.whole(), stream.whole()
    stream.whole()
    if version not in {2, 3}:
        raise Damaged
    if version == 3:
        stream.skip(max(0, stream.whole()))
    return "R data", f"version {version}, saved by R {written >> 16}.{written >> 8 & 0xFF}.{written & 0xFF}"


def _show(root: Thing, asked: ViewOptions, facts: list[tuple[str, str]], *, is_saved: bool) -> Book:
    if not is_saved and _is_table(root):
        return book_of(("Values",), _table_of(root), asked, [*facts, *_describe(root)])
    listed = list(_list_members(root, "", DEEPEST_LISTED))[:MOST_LISTED]
    if not listed:
        return book_of((), None, asked, [*facts, *_describe(root)])
    tables = [(path, thing) for path, thing in listed if _is_table(thing)][: MOST_SHEETS - 1]
    names = ["Contents", *(path for path, _thing in tables)]
    number = choose(asked, names)
    if number:
        _path, thing = tables[number - 1]
        return book_of(names, _table_of(thing), asked, [*facts, *_describe(thing)])
    told = [] if is_saved else _describe(root)
    rows = [[path, thing.words, thing.size, _show_start(thing)] for path, thing in listed]
    return book_of(names, Grid(("Name", "Class", "Size", "Values"), rows), asked, [*facts, *told])


def _describe(thing: Thing) -> list[tuple[str, str]]:
    """What it is, how large, the value of a single one, and which columns of many are shown."""
    width = thing.length if thing.is_frame else (thing.dimensions or [0])[-1]
    cut = f"the first {MOST_COLUMNS:,} of {width:,}" if _is_table(thing) and width > MOST_COLUMNS else ""
    value = _show_start(thing) if thing.length == 1 else ""
    told = [("Class", thing.words), ("Size", thing.size), ("Value", value), ("Columns", cut)]
    return [fact for fact in told if fact[1]]


def _list_members(thing: Thing, path: str, depth: int) -> Iterator[tuple[str, Thing]]:
    """What it has, and what that has: by the names that R finds it under."""
    if thing.kind == "S4":
        members = [(f"{path}@{name}", one) for name, one in thing.attributes.items() if name != "class"]
    else:
        names = thing.names
        members = [
            (f"{path}${name}" if path else name, one)
            if (name := names[place] if place < len(names) else "")
            else (f"{path}[[{place + 1}]]", one)
            for place, one in enumerate(thing.values)
            if isinstance(one, Thing)
        ]
    for name, one in members:
        yield name, one
        if depth and not one.is_frame and (one.kind in {"list", "pairs", "S4"}):
            yield from _list_members(one, name, depth - 1)


def _show_start(thing: Thing) -> str:
    """The first values of a vector."""
    if thing.kind not in ATOMS:
        return ""
    first = Thing(thing.kind, thing.length, thing.values[:5], thing.attributes)
    return ", ".join(write_values(first)) + (", …" if thing.length > 5 else "")


def _is_table(thing: Thing) -> bool:
    """Whether it is a data frame, a matrix, or a vector of more than one value."""
    if thing.is_frame:
        return bool(thing.values)
    return thing.kind in ATOMS and thing.length > 1 and len(thing.dimensions) in {0, 1, 2}


def _table_of(thing: Thing) -> Grid:
    if thing.is_frame:
        return _frame_of(thing)
    return _matrix_of(thing) if len(thing.dimensions) == 2 else _vector_of(thing)


def _frame_of(frame: Thing) -> Grid:
    """The columns of a data frame, behind the names of its rows where it has some."""
    columns = [value for value in frame.values if isinstance(value, Thing)][:MOST_COLUMNS]
    count = count_rows(frame)
    most = min(count, MOST_ROWS, max(1, MOST_CELLS // max(1, len(columns))))
    written = [write_values(_cut(column, most)) for column in columns]
    header, types = frame.names[:MOST_COLUMNS], [column.words for column in columns]
    if labels := frame.texts("row.names"):
        header, types, written = ["row", *header], ["", *types], [labels, *written]
    rows = [[values[row] if row < len(values) else "…" for values in written] for row in range(most)]
    return Grid(header, rows, types, left_out=count - most)


def _matrix_of(matrix: Thing) -> Grid:
    """A matrix, whose values lie one column after the other, as far as they were kept."""
    height, width = (max(0, length) for length in matrix.dimensions)
    columns = min(width, MOST_COLUMNS)
    most = min(height, MOST_ROWS, max(1, MOST_CELLS // max(1, columns)))
    write, values = writer_of(matrix), matrix.values
    places = [[column * height + row for column in range(columns)] for row in range(most)]
    rows = [[write(values[place]) if place < len(values) else "…" for place in row] for row in places]
    labels = [_texts_of(one) for one in _members_of(matrix.attributes.get("dimnames"))]
    is_named = len(labels) == 2 and labels[1]
    header = labels[1][:columns] if is_named else [f"[,{number + 1}]" for number in range(columns)]
    if labels and labels[0]:
        header, rows = ["row", *header], [[label, *row] for label, row in zip(labels[0], rows, strict=False)]
    return Grid(header, rows, left_out=height - len(rows))


def _vector_of(vector: Thing) -> Grid:
    first = _cut(vector, MOST_ROWS)
    written, names = write_values(first), vector.names
    left_out = vector.length - len(written)
    if names:
        return Grid(["name", "value"], [list(pair) for pair in zip(names, written, strict=False)], left_out=left_out)
    return Grid(["value"], [[value] for value in written], left_out=left_out)


def _cut(thing: Thing, most: int) -> Thing:
    return Thing(thing.kind, thing.length, thing.values[:most], thing.attributes)


def _members_of(thing: Thing | None) -> Sequence[Thing]:
    return [one for one in thing.values if isinstance(one, Thing)] if thing else []


def _texts_of(thing: Thing) -> list[str]:
    return write_values(thing) if thing.kind == "text" else []
