"""The words of a document, a line for each paragraph and each row of a table, to be compared."""

import io
from collections.abc import Callable, Iterator, Mapping

from framework.browse.render.office.opendocument import list_opendocument_blocks
from framework.browse.render.office.package import Package, open_package
from framework.browse.render.office.paper import Block, gather
from framework.browse.render.office.slides import list_slide_blocks
from framework.browse.render.office.word import list_word_blocks

_READERS: Mapping[str, Callable[[Package], Iterator[Block]]] = {
    ".docx": list_word_blocks,
    ".docm": list_word_blocks,
    ".odt": list_opendocument_blocks,
    ".ott": list_opendocument_blocks,
    ".odp": list_opendocument_blocks,
    ".pptx": list_slide_blocks,
    ".pptm": list_slide_blocks,
    ".ppsx": list_slide_blocks,
}
WITH_WORDS = tuple(_READERS)
"""The endings of the names of such documents."""


def list_words(ending: str, content: bytes) -> str | None:
    """The lines of a document whose name has this ending; None where it cannot be read, or is not there to its end."""
    try:
        with open_package(io.BytesIO(content)) as package:
            blocks, complete = gather(_READERS[ending](package))
    except ValueError:
        return None
    return "".join(f"{block.text.strip()}\n" for block in blocks if block.text.strip()) if complete else None
