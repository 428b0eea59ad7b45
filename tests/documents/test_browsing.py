"""docs/browsing.md and the register of kinds of files say the same, and the code knows the kinds by the same names."""

import pkgutil
import re

import pytest

from framework.browse.render.content import PDF, bare_type
from framework.browse.render.documents import LONGEST_DOCUMENT_BYTES, PLAIN, document_kind
from framework.browse.render.kinds.kind import BROWSER, DOCUMENT, NAMED, Kind
from framework.browse.render.kinds.registry import KINDS, kind_of
from framework.formatting import format_size
from tests.servers.run import ROOT

TEXT = (ROOT / "docs" / "browsing.md").read_text()
_ROW = re.compile(r"^\| ([^|]+) \| ([^|]*?) ?\| [^|]+ \| ([^|]*?) ?\|$", re.MULTILINE)
ROWS = {title: (names, limits) for title, names, limits in _ROW.findall(TEXT)}
FAMILIES = {"pictures": "image", "sound": "audio", "video": "video", "PDF": PDF}


def test_the_page_has_a_row_for_each_kind_with_the_names_by_which_it_is_known() -> None:
    named = {title: re.findall(r"`([^`]+)`", names) for title, (names, _limits) in ROWS.items()}
    named.pop("Shown")
    assert {title: names for title, names in named.items() if names} == {
        kind.title: sorted(kind.endings) for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_a_kind_has_the_limit_of_its_row_and_what_makes_its_page(kind: Kind) -> None:
    if kind.limit_bytes:
        assert format_size(kind.limit_bytes) in ROWS[kind.title][1]
    if kind.reader:
        assert callable(pkgutil.resolve_name(kind.reader))
        assert (ROOT / "templates" / "browse" / "previews" / f"{kind.template}.html").exists()
    assert kind.reader or kind.source in {DOCUMENT, BROWSER, NAMED}
    assert bool(kind.sentence) == (kind.source == NAMED)


@pytest.mark.parametrize(("kind", "ending"), [(kind, ending) for kind in KINDS for ending in kind.endings])
def test_what_is_known_by_its_name_elsewhere_has_the_same_names(kind: Kind, ending: str) -> None:
    name = f"a.b{ending}"
    assert kind_of(name) == kind
    assert (document_kind(name) != PLAIN) == (kind.source == DOCUMENT)
    if kind.source == DOCUMENT:
        assert kind.limit_bytes == LONGEST_DOCUMENT_BYTES
    if kind.source == BROWSER:
        assert bare_type(name, b"%PDF-").startswith(FAMILIES[kind.title])
