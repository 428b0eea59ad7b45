"""Documents of office programs change by paragraph."""

import re
from collections.abc import Callable

import pytest

from tests.browse.conftest import Onlooker
from tests.browse.render import made_papers as made


def word(*lines: str) -> bytes:
    return made.word("".join(made.paragraph(made.run(line)) for line in lines))


def opendocument(*lines: str) -> bytes:
    return made.opendocument("".join(f"<text:p>{line}</text:p>" for line in lines))


def changes(onlooker: Onlooker, name: str, before: bytes, after: bytes) -> str:
    onlooker.gallery.commit({name: before}, "Before")
    sha = onlooker.gallery.commit({name: after}, "After")
    onlooker.show()
    return onlooker.get(f"/commit/{sha}").partition("changed-file")[2]


@pytest.mark.parametrize(("name", "make"), [("a.docx", word), ("b.ODT", opendocument)])
def test_a_document_changes_by_paragraph(onlooker: Onlooker, name: str, make: Callable[..., bytes]) -> None:
    page = changes(onlooker, name, make("One", "Two is here", "Three"), make("One", "Two was here", "Three", "Four"))
    kinds = re.findall(r'<tr class="diff-(\w+)">.*?diff-sign">.</span>(.*?)</td>', page)
    plain = [(kind, re.sub("<[^>]+>", "", text)) for kind, text in kinds]
    assert plain == [
        ("same", "One"),
        ("removed", "Two is here"),
        ("added", "Two was here"),
        ("same", "Three"),
        ("added", "Four"),
    ]


def test_a_document_without_a_change_of_words_or_that_cannot_be_read_is_told_by_its_size(onlooker: Onlooker) -> None:
    bold = made.word(made.paragraph(made.run("One", "<w:b/>")))
    assert "Not text" in changes(onlooker, "a.docx", word("One"), bold)
    assert "Not text" in changes(onlooker, "a.docx", word("Two"), b"PK\x03\x04\0 damaged")
