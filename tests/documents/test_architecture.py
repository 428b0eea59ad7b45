"""docs/architecture.md: every file and function that it names is there, and its layers are those of pyproject.toml."""

import re
import tomllib

import pytest

from framework.rooms import ROOMS
from tests.documents.code_names import names_in
from tests.servers.run import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()
PLACES = re.findall(r"`(framework/[\w/]+\.py)` `([\w.]+)`", TEXT)
LIVES = re.findall(r"^## The life of (.+)\n((?:(?!## ).*\n)+)", TEXT, re.MULTILINE)
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
ROOMS_DRAWN, FLOORS_DRAWN = (block for language, block in BLOCKS if not language)


@pytest.mark.parametrize("place", sorted(set(PLACES)), ids=":".join)
def test_each_function_is_where_the_page_says(place: tuple[str, str]) -> None:
    file, name = place
    assert name in names_in(ROOT / file)


def test_each_file_is_there() -> None:
    assert [file for file in re.findall(r"`(framework/[\w/]+\.\w+)`", TEXT) if not (ROOT / file).exists()] == []


@pytest.mark.parametrize(("life", "section"), LIVES, ids=[life for life, _section in LIVES])
def test_each_life_has_at_most_ten_steps_with_a_place_each(life: str, section: str) -> None:
    steps = re.findall(r"^\| \**(\d+)\** \| .+ \| (.+) \|$", section, re.MULTILINE)
    assert [int(number) for number, _place in steps] == list(range(1, len(steps) + 1)), life
    assert len(steps) <= 10
    assert all(re.search(r"`framework/[\w/]+\.py` `[\w.]+`", place) for _number, place in steps)


def test_there_are_five_lives() -> None:
    assert [life for life, _section in LIVES] == ["a page", "an upload", "a push", "a mail", "a cold clone"]


def test_the_layers_are_those_that_are_enforced() -> None:
    enforced = _contracts()
    assert _drawn_layers(ROOMS_DRAWN) == [line.replace("framework.", "") for line in enforced["framework"]]
    assert _drawn_layers(FLOORS_DRAWN) == enforced["framework.repositories"]


def test_every_room_is_drawn() -> None:
    drawn = {name for line in _drawn_layers(ROOMS_DRAWN) for name in line.split(" | ")}
    folders = {file.parent.name for file in (ROOT / "framework").glob("*/__init__.py")}
    modules = {file.stem for file in (ROOT / "framework").glob("*.py")} - {"__init__"}
    assert drawn == folders | modules
    assert set(ROOMS) <= folders


def _drawn_layers(block: str) -> list[str]:
    """The names at the start of the lines; where they leave no room for an explanation, the next line has it."""
    return [re.split(r"\s{2,}", line)[0] for line in block.splitlines() if not line.startswith(" ")]


def _contracts() -> dict[str, list[str]]:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [contract for contract in found if contract["type"] == "layers"]
    return {contract.get("containers", ["framework"])[0]: contract["layers"] for contract in layers}
