"""Maps of GeoJSON: every shape is in the picture, whatever the file says."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from framework.browse.render.data import maps
from framework.browse.render.data.maps import Map, read_map
from framework.browse.view_options import ViewOptions


def map_of(*geometries: Any) -> Map:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    return read_map("a.geojson", json.dumps({"type": "FeatureCollection", "features": features}), ViewOptions())


def test_shapes_are_drawn_by_their_kind_and_points_on_top() -> None:
    made = map_of(
        {"type": "MultiPoint", "coordinates": [[0, 0], [1, 1, 300]]},
        {"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": [[0, 0], [2, 1]]}]},
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [2, 0], [2, 1], [0, 0]]]]},
        None,
    )
    assert [shape.kind for shape in made.shapes] == ["area", "line", "point"]
    assert made.shapes[0].path.endswith("z")
    assert made.table
    assert made.table.total == 4


def test_labels_of_degrees_have_room() -> None:
    made = map_of({"type": "MultiPoint", "coordinates": [[number / 10, number / 20] for number in range(20)]})
    east = [line for line in made.lines if line.path.endswith(f"V{made.height}")]
    places = [line.at[0] for line in east if line.label]
    assert 1 < len(places) < len(east)
    assert all(after - before >= maps.LABEL_WIDTH for before, after in pairwise(places))


numbers = some.floats(allow_nan=False, width=32) | some.integers(-180, 180)


@given(some.lists(some.tuples(numbers, numbers), min_size=1, max_size=6))
def test_every_point_is_in_the_picture(points: list[tuple[float, float]]) -> None:
    try:
        made = map_of({"type": "MultiPoint", "coordinates": points})
    except ValueError as error:
        assert "no coordinates" in str(error)  # noqa: PT017 - of points that are too far away
        return
    for x, y in re.findall(r"M(\S+) (\S+)h0", made.shapes[0].path):
        assert -1 <= float(x) <= made.width + 1
        assert -1 <= float(y) <= made.height + 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"type": "Topology"}', "no GeoJSON"),
        ("[1]", "no GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "no coordinates"),
        ('{"type": "Point", "coordinates": ["a", "b"]}', "no coordinates"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "Expecting"),
    ],
)
def test_what_is_no_map_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_map("a.geojson", text, ViewOptions())


def test_a_map_draws_a_bounded_number_of_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MOST_SHAPES", 2)
    assert map_of(*[{"type": "Point", "coordinates": [n, n]} for n in range(5)]).left_out == 3
