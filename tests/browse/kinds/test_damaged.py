"""Files of strangers: whatever their bytes, a reader gives a page or says what is wrong, and never fails."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from framework.browse.render.kinds.kind import FILE
from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.previews import Dump, Rich, Text, read_file
from framework.browse.view_options import ViewOptions
from tests.browse.kinds.specimens import SPECIMENS, made

NAMES = [name for name in SPECIMENS if (kind := kind_of(name)) and kind.source == FILE]
SAME = ["old.dta", "packed.parquet", "packed.zsav", "plain.sav"]
MADE = [*SAME, "kinds.h5", "latest.h5", "lakes4.nc", "lakes73.mat", "kinds.rda"]


@pytest.mark.parametrize("name", [*NAMES, *MADE])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=some.lists(some.tuples(some.integers(0, 4_000), some.binary(min_size=1, max_size=8)), max_size=3))
def test_a_damaged_file_is_read_or_refused(name: str, changes: list[tuple[int, bytes]], tmp_path: Path) -> None:
    content = bytearray(SPECIMENS[name][0] if name in SPECIMENS else made(name))
    for place, written in changes:
        start = place % len(content)
        content[start : start + len(written)] = written
    (tmp_path / "file").write_bytes(content)
    kind = kind_of(name)
    assert kind
    shown = read_file(kind, name, str(tmp_path / "file"), ViewOptions(sheet=len(changes)))
    assert isinstance(shown, Rich | Dump | Text)


@pytest.mark.parametrize("name", SAME)
def test_other_forms_of_a_file_have_the_same_rows(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(made(name))
    kind = kind_of(name)
    assert kind
    shown = read_file(kind, name, str(tmp_path / "file"), ViewOptions())
    assert "56.25" in repr(shown)
    assert "2024-05-02" in repr(shown)
