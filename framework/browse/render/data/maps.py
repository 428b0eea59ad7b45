"""GeoJSON (RFC 7946) as a map of its own shapes, without anybody's tiles, and its properties as a table."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from framework.browse.render.encodings import replace_surrogates
from framework.browse.render.tables.grid import Grid, Table, page_of
from framework.browse.view_options import ViewOptions

MOST_FEATURES = 20_000
MOST_SHAPES, MOST_POINTS = 3_000, 60_000
WIDTH, HEIGHT, MARGIN = 960, 540, 24
LONGEST_TITLE = 200
DEEPEST = 4
LABEL_WIDTH, LABEL_HEIGHT = 120, 40
"""The room of a label on a phone, where letters are as large as elsewhere and the map is small."""
STEPS = (90, 45, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)

_KINDS = {
    "Point": ("point", 0), "MultiPoint": ("point", 1), "LineString": ("line", 1), "MultiLineString": ("line", 2),
    "Polygon": ("area", 2), "MultiPolygon": ("area", 3),
}  # fmt: skip
"""What a geometry is drawn as, and how deep lists of coordinates lie in it."""
FINELY_DRAWN_POINTS = 5_000

Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """A geometry on the map: `kind` is point, line or area, `path` its outline in SVG's words, `title` its feature."""

    kind: str
    path: str
    title: str


@dataclass(frozen=True)
class Line:
    """A line of latitude or longitude: its path, and its label with the place of that, empty where others are near."""

    path: str
    label: str
    at: Point


@dataclass(frozen=True)
class Map:
    """The shapes in a picture of this width and height, lines of degrees, and the features' properties.

    `left_out` shapes are not drawn. Coordinates that are no degrees have no lines.
    """

    width: int
    height: int
    shapes: Sequence[Shape]
    lines: Sequence[Line]
    table: Table | None
    left_out: int


def read_map(_name: str, text: str, asked: ViewOptions) -> Map:
    """The map, and the asked page of the table.

    Raises:
        ValueError: it is no GeoJSON, or has no coordinates.
    """
    try:
        features = list(_find_features(json.loads(text)))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if len(features) > MOST_FEATURES:
        raise ValueError(f"it has more than {MOST_FEATURES:,} features")
    drawn = _Drawing()
    for number, (geometry, properties) in enumerate(features, 1):
        drawn.add(geometry, _title(number, properties))
    return drawn.draw(_tabulate(features, asked))


def _find_features(found: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each geometry with its properties."""
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "FeatureCollection" and isinstance(found.get("features"), list):
        for feature in found["features"]:
            if isinstance(feature, dict):
                properties = feature.get("properties")
                yield feature.get("geometry"), properties if isinstance(properties, dict) else {}
    elif kind == "Feature":
        yield from _find_features({"type": "FeatureCollection", "features": [found]})
    elif kind in _KINDS or kind == "GeometryCollection":
        yield found, {}
    else:
        raise ValueError("it is no GeoJSON")


def _tabulate(features: Sequence[tuple[Any, dict[str, Any]]], asked: ViewOptions) -> Table:
    names = list(dict.fromkeys(name for _geometry, properties in features for name in properties))
    rows = [
        [_kind_of(geometry), *(_write(properties.get(name)) for name in names)] for geometry, properties in features
    ]
    return page_of(Grid(["geometry", *map(replace_surrogates, names)], rows), asked)


def _kind_of(geometry: Any) -> str:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    return replace_surrogates(kind[:40]) if isinstance(kind, str) else ""


def _write(value: Any) -> str:
    if value is None:
        return ""
    return replace_surrogates(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _title(number: int, properties: dict[str, Any]) -> str:
    named = [f"{name}: {_write(value)}" for name, value in properties.items() if value is not None][:8]
    return replace_surrogates("\n".join([f"Row {number}", *named]))[:LONGEST_TITLE]


class _Drawing:
    """Gathers shapes until all are known, so that the map has them from edge to edge."""

    def __init__(self) -> None:
        self._shapes: list[tuple[str, list[list[Point]], str]] = []
        self._room, self._left_out = MOST_POINTS, 0

    def add(self, geometry: Any, title: str, depth: int = 0) -> None:
        """Draw a geometry, with this title."""
        if not isinstance(geometry, dict) or depth > DEEPEST:
            return
        if geometry.get("type") == "GeometryCollection":
            inner = geometry.get("geometries")
            for one in inner if isinstance(inner, list) else ():
                self.add(one, title, depth + 1)
            return
        kind, nesting = _KINDS.get(str(geometry.get("type")), ("", 0))
        lines = list(_read_lines(geometry.get("coordinates"), nesting)) if kind else []
        count = sum(map(len, lines))
        if not count:
            return
        if len(self._shapes) >= MOST_SHAPES or self._room < count:
            self._left_out += 1
            return
        self._room -= count
        self._shapes.append((kind, lines, title))

    def draw(self, table: Table) -> Map:
        """The map of all that was drawn.

        Raises:
            ValueError: that is nothing.
        """
        points = [point for _kind, lines, _title in self._shapes for line in lines for point in line]
        if not points:
            raise ValueError("it has no coordinates")
        frame = _Frame(points)
        order = {"area": 0, "line": 1, "point": 2}
        shapes = [Shape(kind, frame.write(kind, lines), title) for kind, lines, title in self._shapes]
        shapes.sort(key=lambda shape: order[shape.kind])
        return Map(WIDTH, frame.height, shapes, list(frame.lines()), table, self._left_out)


def _read_lines(coordinates: Any, nesting: int) -> Iterator[list[Point]]:
    """The lines of points in lists of lists; what is no number is left out."""
    if not isinstance(coordinates, list):
        return
    if nesting > 1:
        for inner in coordinates:
            yield from _read_lines(inner, nesting - 1)
        return
    given = coordinates if nesting else [coordinates]
    yield [
        (float(point[0]), float(point[1]))
        for point in given
        if isinstance(point, list) and len(point) > 1 and all(_is_number(value) for value in point[:2])
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


class _Frame:
    """Where points lie in the picture: degrees of longitude are as wide as in the middle of the map."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._west, self._east = min(x for x, _y in points), max(x for x, _y in points)
        self._south, self._north = min(y for _x, y in points), max(y for _x, y in points)
        farthest = max(abs(self._west), abs(self._east)), max(abs(self._south), abs(self._north))
        self._are_degrees = farthest[0] <= 360 and farthest[1] <= 90
        self._digits = 1 if len(points) <= FINELY_DRAWN_POINTS else 0
        middle = math.radians((self._south + self._north) / 2)
        self._stretch = max(0.05, math.cos(middle)) if self._are_degrees else 1.0
        across, up = (self._east - self._west) * self._stretch, self._north - self._south
        room = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
        self._scale = min(room[0] / across if across else math.inf, room[1] / up if up else math.inf)
        if not math.isfinite(self._scale):
            self._scale = 1.0
        self.height = max(120, min(HEIGHT, round(up * self._scale) + 2 * MARGIN))
        self._left = (WIDTH - across * self._scale) / 2
        self._top = (self.height - up * self._scale) / 2

    def place(self, point: Point) -> Point:
        """Where a point lies in the picture."""
        x = self._left + (point[0] - self._west) * self._stretch * self._scale
        y = self._top + (self._north - point[1]) * self._scale
        return round(x, self._digits), round(y, self._digits)

    def write(self, kind: str, lines: Sequence[Sequence[Point]]) -> str:
        """The path of a shape; a point is a line without length, which a round end makes a dot."""
        made = []
        for line in lines:
            places = [self.place(point) for point in line]
            if kind == "point":
                made += [f"M{x:g} {y:g}h0" for x, y in places]
            elif places:
                kept = [place for place, last in zip(places, [None, *places], strict=False) if place != last]
                path = "L".join(f"{x:g} {y:g}" for x, y in kept)
                made.append(f"M{path}{'z' if kind == 'area' else 'h0' if len(kept) == 1 else ''}")
        return "".join(made)

    def lines(self) -> Iterator[Line]:
        """Lines of degrees, some four to ten in the longer direction."""
        if not self._are_degrees:
            return
        shown = max(self._east - self._west, self._north - self._south)
        step = next((step for step in STEPS if shown / step >= 4), 0)
        if not step:
            return
        east, north = ((step, self._north), (0, self._north)), ((self._west, step), (self._west, 0))
        across = _skip(self.place(east[0])[0] - self.place(east[1])[0], LABEL_WIDTH)
        down = _skip(self.place(north[1])[1] - self.place(north[0])[1], LABEL_HEIGHT)
        for number in range(math.ceil(self._west / step), math.floor(self._east / step) + 1):
            x = self.place((number * step, self._north))[0]
            label = "" if number % across else _degrees(number * step, "E", "W")
            yield Line(f"M{x:g} 0V{self.height}", label, (x + 4, self.height - 6))
        for number in range(math.ceil(self._south / step), math.floor(self._north / step) + 1):
            y = self.place((self._west, number * step))[1]
            label = "" if number % down else _degrees(number * step, "N", "S")
            yield Line(f"M0 {y:g}H{WIDTH}", label, (4, y - 4))


def _skip(distance: float, room: float) -> int:
    """Each how manieth of the lines that are so far apart has room for a label."""
    return math.ceil(room / distance) if distance > 0 else 1


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):.4g}°{positive if value > 0 else negative if value < 0 else ''}"
