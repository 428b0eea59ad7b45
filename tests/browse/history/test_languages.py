"""The languages of a project, by the bytes of its source files, and by what `.gitattributes` say of them."""

import re
from collections.abc import Callable

import pytest

from framework.browse.history import languages
from tests.browse.conftest import Onlooker

FILES = {
    "a.py": b"x" * 600,
    "b.R": b"x" * 300,
    "odd.xyz": b"x" * 100,
    "node_modules/lib.js": b"x" * 9000,
    "made/tables.c": b"x" * 9000,
    "data.csv": b"x" * 9000,
    ".gitattributes": b"*.xyz linguist-language=Stan\nmade/** linguist-generated\n",
}


def told(page: str) -> dict[str, str]:
    return dict(re.findall(r'language-dot[^>]*></span><b>([^<]*)</b> <span class="muted">([^<]*)', page))


def test_a_project_tells_its_languages(shown: Callable[[dict[str, bytes]], Onlooker]) -> None:
    assert told(shown(FILES).get()) == {"Python": "60.0 %", "R": "30.0 %", "Stan": "10.0 %"}


def test_a_version_of_too_many_files_tells_none(
    shown: Callable[[dict[str, bytes]], Onlooker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "MOST_ENTRIES", 3)
    assert told(shown(FILES).get()) == {}
