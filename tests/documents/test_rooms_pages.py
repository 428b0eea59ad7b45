"""The pages of the rooms, and the others: every file that they name is there, and so is every entry point and floor."""

import re
from pathlib import Path

import pytest

from tests.documents.code_names import names_in
from tests.servers.run import ROOT

ROOMS = sorted((ROOT / "framework").glob("*/DESIGN.md"))
PAGES = [*ROOMS, *sorted((ROOT / "docs").glob("*.md"))]
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|md|toml|txt|css|js|html))`")
_FOLDER = re.compile(r"`((?:framework|docs|tests|tools|static|templates)/[\w./-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_file_that_a_page_names_is_there(page: Path) -> None:
    prose = _FENCED.sub("", page.read_text())
    assert [name for name in _FILE.findall(prose) if not _is_there(page, name)] == []
    assert [name for name in _FOLDER.findall(prose) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", ROOMS, ids=lambda page: page.parent.name)
def test_each_entry_point_is_in_its_file(page: Path) -> None:
    places = re.findall(r"^\| `([\w/]+\.py)` `([\w.]+)` \|", page.read_text(), re.MULTILINE)
    assert [place for place in places if place[1] not in names_in(page.parent / place[0])] == []


@pytest.mark.parametrize("page", ROOMS, ids=lambda page: page.parent.name)
def test_each_floor_has_a_line(page: Path) -> None:
    named = re.findall(r"`(\w+)/`", page.read_text())
    floors = {file.parent.name for file in page.parent.glob("*/__init__.py")}
    assert floors <= set(named)


def test_each_room_with_floors_has_a_page() -> None:
    divided = {file.parent.parent for file in (ROOT / "framework").glob("*/*/__init__.py")}
    assert divided <= {page.parent for page in ROOMS}


def _is_there(page: Path, name: str) -> bool:
    """A path counts from the root or the page's folder; a bare name is a file of the room, or of any in docs/."""
    beside = page.parent if page in ROOMS else ROOT / "framework"
    found = (ROOT / name).exists() or (page.parent / name).exists()
    return found or ("/" not in name and (any(beside.rglob(name)) or (ROOT / "framework" / name).exists()))
