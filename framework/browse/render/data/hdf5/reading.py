"""An HDF5 file as tables: what is in it, what is said of that, and the values of what has one or two axes."""

from collections.abc import Sequence
from pathlib import Path

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.attributes import Attribute
from framework.browse.render.data.hdf5.blocks import Blocks
from framework.browse.render.data.hdf5.contents import DATA, GROUP, Contents, Item, list_contents
from framework.browse.render.data.hdf5.dialects import dialect_of
from framework.browse.render.data.hdf5.storage import NotRead, read_corner
from framework.browse.render.data.hdf5.types import Datatype
from framework.browse.render.data.hdf5.values import LONGEST_TEXT, Writer
from framework.browse.render.tables.book import Book, book_of, choose
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MOST_ROWS, MOST_COLUMNS, MOST_CELLS, MOST_TABS = 1_000, 200, 50_000, 60
MOST_FACTS, MOST_TOLD = 40, 2_000
LARGEST_VALUE_BYTES = 1 << 16
_UNITS, _DESCRIPTIONS = ("units", "unit"), ("long_name", "standard_name", "description", "title")


def read_hdf5(_name: str, path: str, asked: ViewOptions) -> Book:
    """The groups and data sets, their attributes, or the values of one of them.

    Raises:
        ValueError: it is no HDF5 file, or is damaged.
    """
    with Path(path).open("rb") as file:
        blocks = Blocks(file)
        return _Reading(blocks, list_contents(blocks)).show(asked)


class _Reading:
    """A file whose contents are known, and how its values are written."""

    def __init__(self, blocks: Blocks, contents: Contents) -> None:
        self._blocks, self._contents, self._writer = blocks, contents, Writer(blocks)
        for item in contents.items:
            self._writer.paths.setdefault(-1 if item.address is None else item.address, item.path or "/")
        self._dialect = dialect_of(contents.items, self._writer)
        self._items = [item for item in contents.items[1:] if not self._dialect.hides(item)]

    def show(self, asked: ViewOptions) -> Book:
        """The asked page."""
        told = self._list_attributes()
        shown = [item for item in self._items if self._has_values(item)][:MOST_TABS]
        names = ["Contents", *(["Attributes"] if told else []), *(item.path for item in shown)]
        number = choose(asked, names)
        facts = self._list_facts()
        if number == 0:
            return book_of(names, self._list_items(), asked, facts)
        if told and number == 1:
            return book_of(names, Grid(("Of", "Attribute", "Value"), told), asked, facts)
        item = shown[number - len(names) + len(shown)]
        try:
            grid, note = self._read_values(item)
        except (NotRead, Damaged) as refusal:
            return book_of(names, None, asked, [*facts, (item.path, str(refusal))])
        return book_of(names, grid, asked, [*facts, *note])

    def _list_facts(self) -> list[tuple[str, str]]:
        groups = sum(item.kind == GROUP for item in self._items)
        sets = sum(item.kind == DATA for item in self._items)
        facts = [("Format", self._dialect.words), ("Groups", f"{groups:,}"), ("Data sets", f"{sets:,}")]
        if not self._contents.is_whole:
            facts.append(("Shown", f"the first {len(self._contents.items):,} groups and data sets"))
        if sizes := self._dialect.sizes:
            facts.append(("Dimensions", ", ".join(f"{name} = {length:,}" for name, length in sizes)))
        of_all = self._contents.items[0].attributes
        told = [(one.name, self._tell(one)) for one in of_all if not self._dialect.hides_attribute(one)]
        return [fact for fact in [*facts, *told] if fact[1]][:MOST_FACTS]

    def _list_items(self) -> Grid | None:
        header = ("Name", "Type", "Size", "Value", "Units", "Description", "In chunks of")
        rows = [self._describe(item) for item in self._items]
        used = [place for place in range(len(header)) if place < 3 or any(row[place] for row in rows)]
        if not rows:
            return None
        return Grid([header[place] for place in used], [[row[place] for place in used] for row in rows])

    def _describe(self, item: Item) -> list[str]:
        return [
            item.path,
            self._dialect.name_type(item),
            self._dialect.write_size(item),
            self._write_single(item),
            self._find(item, _UNITS),
            self._find(item, _DESCRIPTIONS),
            item.storage.words if item.storage else "",
        ]

    def _find(self, item: Item, names: Sequence[str]) -> str:
        found = next((one for name in names if (one := item.attribute(name))), None)
        return self._tell(found) if found else ""

    def _tell(self, attribute: Attribute) -> str:
        """The value of an attribute, as text."""
        try:
            return self._writer.write_all(attribute.form, attribute.data, attribute.count)
        except Damaged:
            return "cannot be read"

    def _list_attributes(self) -> list[list[str]]:
        told = [
            [item.path, one.name, self._tell(one)]
            for item in self._items
            for one in item.attributes
            if not self._dialect.hides_attribute(one)
        ]
        return told[:MOST_TOLD]

    def _has_values(self, item: Item) -> bool:
        """Whether its values are a table of more than one value."""
        form, storage = item.form, item.storage
        if not (form and storage and item.count > 1 and 0 < form.size_bytes <= LARGEST_VALUE_BYTES):
            return False
        if form.kind == "bytes" or self._dialect.is_opaque(item) or self._dialect.is_empty(item):
            return False
        return storage.is_shown

    def _write_single(self, item: Item) -> str:
        """The value of what has a single one, or is a text."""
        is_text = self._dialect.is_text(item) and item.count <= LONGEST_TEXT
        if not (item.form and item.storage and item.shape is not None):
            return ""
        if self._dialect.is_empty(item) or self._dialect.is_opaque(item):
            return ""
        if (not is_text and item.count != 1) or item.form.size_bytes > LARGEST_VALUE_BYTES:
            return ""
        size_bytes = item.form.size_bytes
        try:
            found = read_corner(self._blocks, item.storage, item.shape, item.shape, value_bytes=size_bytes)
            if is_text:
                return b"".join(found).decode("utf-16-le", "replace")
            return self._writer.write(item.form, found[0])
        except (NotRead, Damaged):
            return ""

    def _read_values(self, item: Item) -> tuple[Grid, list[tuple[str, str]]]:
        """The first values, of many axes those at the start of all but two; and which ones they are."""
        form, shape, storage = item.form, item.shape, item.storage
        assert form
        assert shape
        assert storage
        flips = self._dialect.is_matlab and len(shape) > 1
        height, width = _extent(shape, flips=flips)
        columns = min(width, MOST_COLUMNS)
        fields = len(form.members) if form.members else 1
        rows = min(height, MOST_ROWS, max(1, MOST_CELLS // (columns * fields)))
        last = (rows,) if len(shape) == 1 else (columns, rows) if flips else (rows, columns)
        corner = (1,) * (len(shape) - len(last)) + last
        cells = read_corner(self._blocks, storage, shape, corner, value_bytes=form.size_bytes)
        made = [cells[start : start + last[-1]] for start in range(0, len(cells), last[-1])]
        if len(shape) == 1:
            made = [[cell] for cell in cells]
        elif flips:
            made = [list(row) for row in zip(*made, strict=True)]
        return self._write_grid(item, form, made, height), _note(item, width, columns, flips=flips)

    def _write_grid(self, item: Item, form: Datatype, made: Sequence[Sequence[bytes]], height: int) -> Grid:
        first, types = int(self._dialect.is_matlab), list[str]()
        if len(item.shape or ()) > 1:
            header = [str(number) for number in range(first, first + len(made[0]))]
            rows = [[self._writer.write(form, cell) for cell in row] for row in made]
        elif form.members and not form.words.startswith("complex"):
            members = form.members[:MOST_COLUMNS]
            header, types = [one.name for one in members], [one.form.words for one in members]
            rows = [[self._writer.write(one.form, row[0][one.offset :]) for one in members] for row in made]
        else:
            header, rows = [item.name], [[self._writer.write(form, row[0])] for row in made]
        return Grid(header, rows, types, left_out=height - len(rows), first=first)


def _extent(shape: Sequence[int], *, flips: bool) -> tuple[int, int]:
    """How many rows and columns the table of the last two axes has; MATLAB writes the columns first."""
    if len(shape) == 1:
        return shape[0], 1
    return (shape[-1], shape[-2]) if flips else (shape[-2], shape[-1])


def _note(item: Item, width: int, columns: int, *, flips: bool) -> list[tuple[str, str]]:
    """Which of the values are shown, as the programs for it write that."""
    notes, more = list[tuple[str, str]](), len(item.shape or ()) - 2
    if more > 0:
        told = f"(:, :{', 1' * more})" if flips else f"[{'0, ' * more}:, :]"
        notes.append(("Values of", item.name + told))
    if width > columns:
        notes.append(("Columns", f"the first {columns:,} of {width:,}"))
    return notes
