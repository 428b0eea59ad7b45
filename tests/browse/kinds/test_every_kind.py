"""A gallery: one file of each kind, and what its page shows of it."""

import re

from framework.browse.render.kinds.registry import KINDS, kind_of
from tests.browse.kinds.specimens import SPECIMENS
from tests.browse.render.made_files import Show


def test_there_is_a_file_of_each_kind() -> None:
    assert {kind.title for kind in KINDS} == {kind.title for name in SPECIMENS if (kind := kind_of(name))}


def test_each_file_is_shown_as_what_it_is(shown: Show) -> None:
    onlooker = shown({name: content for name, (content, _words) in SPECIMENS.items()})
    pages = {name: onlooker.get(f"/blob/main/{name}") for name in SPECIMENS}
    missing = {name: word for name, (_content, words) in SPECIMENS.items() for word in words if word not in pages[name]}
    assert missing == {}
    assert not any("cannot be read" in page for page in pages.values())
    summary = onlooker.get("/blob/main/survey.csv?summary=1")
    assert re.search(r'<svg class="histogram".*?<rect', summary)
    assert "true or false" in summary
    assert "measured everything twice" in onlooker.get("/blob/main/field.xlsx?sheet=1")


def test_a_file_that_is_cut_has_a_page(shown: Show) -> None:
    onlooker = shown({name: content[: len(content) // 2] for name, (content, _words) in SPECIMENS.items()})
    for name in SPECIMENS:
        assert "Download" in onlooker.get(f"/blob/main/{name}")
