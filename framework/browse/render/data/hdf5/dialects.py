"""What NetCDF 4 and MATLAB 7.3 mean by the groups, data sets and attributes that they write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.hdf5.attributes import Attribute
from framework.browse.render.data.hdf5.contents import Item
from framework.browse.render.data.hdf5.types import TIMES
from framework.browse.render.data.hdf5.values import Writer

_SCALE, _AXES, _NO_VARIABLE = "CLASS", "DIMENSION_LIST", "This is a netCDF dimension but not a netCDF variable"
_INNER_OF_NETCDF = {"_NCProperties", "_nc3_strict", "_Netcdf4Dimid", "_Netcdf4Coordinates", _SCALE, "NAME", _AXES,
                    "REFERENCE_LIST"}  # fmt: skip
_CLASS = "MATLAB_class"


@dataclass(frozen=True)
class Dialect:
    """`words` names the format, `sizes` has the named dimensions, `axes` the names of those of each item's path."""

    words: str
    is_matlab: bool = False
    sizes: Sequence[tuple[str, int]] = ()
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def hides(self, item: Item) -> bool:
        """Whether the item is there for the program that wrote the file, not for people."""
        if self.is_matlab:
            return item.path.startswith("#")
        name = item.attribute("NAME")
        return bool(self.sizes and name and name.data.startswith(_NO_VARIABLE.encode()))

    def hides_attribute(self, attribute: Attribute) -> bool:
        """The same of an attribute."""
        return attribute.name in _INNER_OF_NETCDF or attribute.name.startswith(("MATLAB_", "H5PATH"))

    def name_type(self, item: Item) -> str:
        """What the item is, in the words of its program."""
        found = item.attribute(_CLASS) if self.is_matlab else None
        if found is None:
            return item.words
        told = found.data.split(b"\0")[0].decode(errors="replace")
        return {"char": "text", "cell": "cell array", "struct": "structure"}.get(told, told)

    def is_text(self, item: Item) -> bool:
        """Whether its numbers are the letters of a text."""
        return self.is_matlab and self.name_type(item) == "text" and item.words == "uint16"

    def is_opaque(self, item: Item) -> bool:
        """Whether its values only point to what is hidden."""
        return self.is_matlab and item.words == "reference"

    def is_empty(self, item: Item) -> bool:
        """Whether its values are only the size of something that is empty."""
        return self.is_matlab and item.attribute("MATLAB_empty") is not None

    def write_size(self, item: Item) -> str:
        """The lengths along its axes, as the program has them."""
        if self.is_empty(item) or item.shape is None:
            return "empty" if item.form else ""
        lengths = [f"{length:,}" for length in item.shape]
        if self.is_matlab:
            return TIMES.join(reversed(lengths))
        names = self.axes.get(item.path, ())
        if len(names) == len(lengths):
            return TIMES.join(f"{name} ({length})" for name, length in zip(names, lengths, strict=True))
        return TIMES.join(lengths)


def dialect_of(items: Sequence[Item], writer: Writer) -> Dialect:
    """The dialect of a file that has these items."""
    root = items[0]
    if any(item.attribute(_CLASS) for item in items):
        return Dialect("MATLAB 7.3 (HDF5)", is_matlab=True)
    scales = [item for item in items if (found := item.attribute(_SCALE)) and found.data.startswith(b"DIMENSION_SCALE")]
    axes = {item.path: _name_axes(found, writer) for item in items if (found := item.attribute(_AXES))}
    axes |= {item.path: [item.name] for item in scales if item.path not in axes and len(item.shape or ()) == 1}
    is_netcdf = any(root.attribute(name) for name in ("_NCProperties", "_nc3_strict")) or any(
        item.attribute("_Netcdf4Dimid") for item in scales
    )
    scales.sort(key=_number_of)
    sizes = [(item.path, item.shape[0]) for item in scales if item.shape]
    return Dialect("NetCDF 4 (HDF5)" if is_netcdf else "HDF5", sizes=sizes, axes=axes)


def _number_of(scale: Item) -> int:
    """The place of a dimension among all of a file of NetCDF 4."""
    found = scale.attribute("_Netcdf4Dimid")
    return int.from_bytes(found.data[:4], "little") if found else 0


def _name_axes(attribute: Attribute, writer: Writer) -> list[str]:
    """The names of a variable's axes: for each a list of references to data sets, of which the first counts."""
    size_bytes, base = attribute.form.size_bytes, attribute.form.base
    if base is None or not size_bytes:
        return []
    try:
        found = [
            writer.follow(attribute.data[start:], base.size_bytes, base.size_bytes)
            for start in range(0, min(attribute.count, 32) * size_bytes, size_bytes)
        ]
        return [writer.write(base, reference).rpartition("/")[2] for reference in found]
    except Damaged:
        return []
