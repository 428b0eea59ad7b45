"""docs/settings.md has each setting once, with its default, and says who sets what production requires."""

import json
import re
from dataclasses import fields

import pytest

from framework.config import VARIABLES, Config
from tests.environment.conftest import PRODUCTION
from tests.servers.run import ROOT

ROWS = re.findall(r"^\| (`[A-Z].*?) \| (.*?) \| (.*) \|$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
NAMES = [name for first, _default, _meaning in ROWS for name in re.findall(r"`([A-Z0-9_]+)`", first)]
MEANINGS = {name: meaning for first, _default, meaning in ROWS for name in re.findall(r"`([A-Z0-9_]+)`", first)}
ASKED_BY_HEROKU = json.loads((ROOT / "app.json").read_text())["env"]
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def test_each_setting_is_in_the_table_once() -> None:
    assert sorted(NAMES) == sorted(VARIABLES)


def test_the_required_ones_are_marked() -> None:
    marked = {name for name, meaning in MEANINGS.items() if meaning.startswith("**required:**")}
    assert marked == set(PRODUCTION) | {"CLOUDAMQP_URL", "REDIS_URL"}


def test_heroku_asks_for_nothing_else() -> None:
    assert set(ASKED_BY_HEROKU) <= set(NAMES)


@pytest.mark.parametrize("name", PRODUCTION)
def test_heroku_asks_for_what_production_requires(name: str) -> None:
    assert name in ASKED_BY_HEROKU or "On Heroku an add-on sets it" in MEANINGS[name]


def test_numbers_have_the_default_of_the_code() -> None:
    defaults = {field.name.upper(): field.default for field in fields(Config) if type(field.default) is int}
    shown = {first.strip("`"): _number(default) or _number(meaning) for first, default, meaning in ROWS}
    assert {name: shown[name] for name in defaults} == defaults


def _number(text: str) -> int | None:
    """The number that a cell begins with, in bytes where it has such a unit."""
    found = re.match(r"([\d,]+)(?: (\w+))?", text)
    return int(found[1].replace(",", "")) * UNITS.get(found[2], 1) if found else None
