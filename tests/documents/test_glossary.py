"""docs/glossary.md: each term once, in the order of the alphabet."""

import re

from tests.servers.run import ROOT


def test_terms_are_in_order() -> None:
    terms = re.findall(r"^\| ([a-z].*?) \| .+ \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert terms
    assert terms == sorted(set(terms))
