"""Models in three dimensions: how many triangles they have and how large they are, for who sees no drawing of them.

STL is 3D Systems' StereoLithography Interface Specification, OBJ is Wavefront's format, and GLB is Khronos' glTF 2.0.
"""

import json
import math
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from framework.browse.view_options import ViewOptions

MOST_MEASURED = 300_000
"""Of a model with more corners the size is not told."""
LARGEST_JSON_BYTES = 4 << 20
LARGEST_COUNTED_BYTES = 16 << 20
TRIANGLES = 4
"""How glTF calls the mode of separate triangles."""
_PACKINGS = (
    ("draco", "Its shapes are packed with Draco and are not drawn here. Blender opens it."),
    ("meshopt", "Its shapes are packed with meshopt and are not drawn here. Babylon.js Sandbox opens it."),
    ("basisu", "Its pictures are packed as KTX 2, so it is not drawn here. Babylon.js Sandbox opens it."),
)
_STL_HEAD, _STL_FACET = 84, 50
_NUMBERS = rb"[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)"

Corner = tuple[float, ...]


class ModelUnreadable(ValueError):
    """The file is no model, in words that follow “It cannot be read as what its name says”."""


@dataclass(frozen=True)
class Model:
    """`form` is stl, obj or glb; `size` are the lengths along x, y and z in the file's unit, where they are known.

    A packed one is not drawn; the note says what opens it.
    """

    form: str
    triangles: int
    size: tuple[float, ...] | None = None
    note: str = ""
    is_drawn: bool = True


def read_model(name: str, path: str, _asked: ViewOptions) -> Model:
    """What the model in a file of this lower-case name is.

    Raises:
        ModelUnreadable.
    """
    form = name.rpartition(".")[2]
    readers: dict[str, Callable[[bytes], Model]] = {"stl": _read_stl, "obj": _read_obj, "glb": _read_glb}
    try:
        found = readers[form](Path(path).read_bytes())
    except ModelUnreadable:
        raise
    except (struct.error, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ModelUnreadable("it is damaged") from error
    if found.triangles <= 0:
        raise ModelUnreadable("it has no surface")
    return found


def _read_stl(data: bytes) -> Model:
    (count,) = struct.unpack_from("<I", data, _STL_HEAD - 4) if len(data) >= _STL_HEAD else (0,)
    if count and len(data) >= _STL_HEAD + count * _STL_FACET:
        return Model("stl", count, _measure(_corners_of_stl(data, count)) if count * 3 <= MOST_MEASURED else None)
    if data[:1024].lstrip()[:5].lower() != b"solid":
        raise ModelUnreadable("it is damaged")
    count = data.count(b"endfacet")
    return Model("stl", count, _measure_text(rb"vertex" + _NUMBERS, data, count * 3))


def _corners_of_stl(data: bytes, count: int) -> Iterator[Corner]:
    for facet in struct.iter_unpack("<12fH", data[_STL_HEAD : _STL_HEAD + count * _STL_FACET]):
        yield from (facet[3:6], facet[6:9], facet[9:12])


def _read_obj(data: bytes) -> Model:
    if b"\0" in data[:1024]:
        raise ModelUnreadable("it is an object file of a compiler, not a model")
    size = _measure_text(rb"^v" + _NUMBERS, data, data.count(b"\nv ") + data.startswith(b"v "))
    notes = ["The materials that it names are not shown."] if b"mtllib" in data else []
    if len(data) <= LARGEST_COUNTED_BYTES:
        faces = re.finditer(rb"^f[ \t]+([^\r\n]*)", data, re.MULTILINE)
        triangles = sum(max(0, len(face.group(1).split()) - 2) for face in faces)
    else:
        triangles = data.count(b"\nf ")
        notes.append("Faces of more than three corners were counted once.")
    return Model("obj", triangles, size, " ".join(notes))


def _read_glb(data: bytes) -> Model:
    magic, version, _length, json_bytes, kind = struct.unpack_from("<4sIII4s", data)
    if magic != b"glTF" or version != 2 or kind != b"JSON":
        raise ModelUnreadable("it is no glTF 2.0 file")
    if json_bytes > LARGEST_JSON_BYTES:
        raise ModelUnreadable("its description is too long")
    scene: dict[str, Any] = json.loads(data[20 : 20 + json_bytes])
    primitives = [part for mesh in scene.get("meshes", []) for part in mesh["primitives"]]
    accessors = scene.get("accessors", [])
    triangles = sum(_count_triangles(part, accessors) for part in primitives)
    ranges = [accessors[part["attributes"]["POSITION"]] for part in primitives]
    moved = any({"matrix", "translation", "rotation", "scale"} & node.keys() for node in scene.get("nodes", []))
    size = None if moved else _measure(chain.from_iterable((found["min"], found["max"]) for found in ranges))
    packing = _tell_packing(scene.get("extensionsRequired", []))
    return Model("glb", triangles, size, packing or _tell_missing(scene), is_drawn=not packing)


def _count_triangles(part: dict[str, Any], accessors: list[dict[str, Any]]) -> int:
    if part.get("mode", TRIANGLES) < TRIANGLES:
        return 0
    count = int(accessors[part["indices"] if "indices" in part else part["attributes"]["POSITION"]]["count"])
    return count // 3 if part.get("mode", TRIANGLES) == TRIANGLES else max(0, count - 2)


def _tell_missing(scene: dict[str, Any]) -> str:
    """What of it the page cannot draw."""
    named = chain(scene.get("buffers", []), scene.get("images", []))
    if any(not str(one.get("uri", "data:")).startswith("data:") for one in named):
        return "It names other files, which are not loaded."
    return ""


def _tell_packing(needed: Sequence[str]) -> str:
    """What its shapes or pictures are packed with, where nothing here unpacks that."""
    return next((sentence for part, sentence in _PACKINGS for name in needed if part in str(name)), "")


def _measure_text(pattern: bytes, data: bytes, count: int) -> tuple[float, ...] | None:
    if count > MOST_MEASURED:
        return None
    found = re.finditer(pattern, data, re.MULTILINE)
    return _measure(tuple(float(number) for number in match.groups()) for match in found)


def _measure(corners: Iterable[Corner]) -> tuple[float, ...] | None:
    """The lengths of the box around these corners."""
    least, most = [math.inf] * 3, [-math.inf] * 3
    for corner in corners:
        for axis, value in enumerate(corner[:3]):
            least[axis], most[axis] = min(least[axis], value), max(most[axis], value)
    lengths = tuple(high - low for low, high in zip(least, most, strict=True))
    return lengths if all(math.isfinite(length) for length in lengths) else None
