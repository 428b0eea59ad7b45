"""What readers of documents make: blocks of text in their order, and the HTML of all of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from framework.browse.render.documents import LINKED_SCHEMES

MOST_BLOCKS, DEEPEST_TABLE = 4_000, 4
LONGEST_TEXT = 400_000
DEEPEST_LIST = 8
PICTURE_LEFT_OUT = Markup('<span class="elsewhere">A picture that cannot be shown here</span>')


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading (`tag` is h1 to h6), an item of a list (ul or ol, from `depth` 1), a table or a rule.

    `html` is its content; `text` the same in words alone, the cells of a row parted by tabs.
    """

    tag: str
    html: Markup
    text: str
    depth: int = 0


@dataclass(frozen=True)
class Paper:
    """A document as HTML; `complete` is False when it goes on."""

    html: Markup
    complete: bool


@dataclass
class Notes:
    """The notes that a text has referred to so far, in their order; each as HTML and in words."""

    found: list[tuple[Markup, str]] = field(default_factory=list)

    def add(self, blocks: Iterable[Block]) -> Markup:
        """Keep the note of these blocks; the number that stands for it in the text."""
        place = len(self.found)
        self.found.append((Markup(), ""))  # notes of a note come after it
        read = list(blocks)
        self.found[place] = Markup(" ").join(block.html for block in read), " ".join(block.text for block in read)
        return Markup("<sup>[{}]</sup>").format(place + 1)

    def blocks(self) -> Iterator[Block]:
        """The notes as a list behind a rule; nothing where there are none."""
        if self.found:
            yield Block("hr", Markup(), "")
            yield from (Block("ol", html, text, 1) for html, text in self.found)


def make_paper(blocks: Iterable[Block]) -> Paper:
    """The document of these blocks, as far as a page can take it.

    Raises:
        ValueError: parts of it are nested too deeply.
    """
    shown, complete = gather(blocks)
    return Paper(Markup("\n").join(_write(shown)), complete)


def gather(blocks: Iterable[Block]) -> tuple[Sequence[Block], bool]:
    """As many of the blocks as a page can take, and whether these are all.

    Raises:
        ValueError: parts of the document are nested too deeply.
    """
    try:
        return _gather(blocks)
    except RecursionError as error:
        raise ValueError("its parts are nested too deeply") from error


def _gather(blocks: Iterable[Block]) -> tuple[Sequence[Block], bool]:
    shown: list[Block] = []
    left = LONGEST_TEXT
    for block in blocks:
        left -= len(block.text)
        if left < 0 or len(shown) == MOST_BLOCKS:
            return shown, False
        if block.html or block.tag == "hr":
            shown.append(block)
    return shown, True


def link(address: str, words: Markup) -> Markup:
    """The words as a link, where the address leads elsewhere and is harmless."""
    if address.partition(":")[0].lower() not in LINKED_SCHEMES:
        return words
    return Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(address, words)


def picture(address: str, description: str) -> Markup:
    """A picture that the page carries itself; words where there is none."""
    if not address:
        return PICTURE_LEFT_OUT
    return Markup('<img src="{}" alt="{}">').format(address, description)


def table(rows: Iterable[Sequence[tuple[Markup, str]]]) -> Block:
    """A table of rows of cells, each as HTML and in words."""
    kept = list(rows)
    cells = (Markup().join(Markup("<td>{}</td>").format(html) for html, _text in row) for row in kept)
    html = Markup().join(Markup("<tr>{}</tr>\n").format(row) for row in cells)
    text = "\n".join("\t".join(text for _html, text in row) for row in kept)
    return Block("table", Markup("<tbody>{}</tbody>").format(html) if kept else Markup(), text)


def cell(blocks: Iterable[Block]) -> tuple[Markup, str]:
    """A cell of these blocks, as HTML and in words; tables among them stand within it."""
    read = list(blocks)
    inner = (Markup("<table>{}</table>").format(block.html) if block.tag == "table" else block.html for block in read)
    return Markup("<br>").join(inner), " ".join(block.text for block in read)


def paragraph(text: str, tag: str = "p") -> Block:
    """A block of plain words."""
    return Block(tag, escape(text), text)


def _write(blocks: Iterable[Block]) -> Iterator[Markup]:
    """The blocks as HTML, items within the lists that they open and close."""
    opened: list[str] = []
    for block in blocks:
        depth = min(block.depth, DEEPEST_LIST) if block.tag in {"ul", "ol"} else 0
        while len(opened) > depth or (depth and len(opened) == depth and opened[-1] != block.tag):
            yield Markup(f"</{opened.pop()}>")  # noqa: S704 # a name of ours
        while len(opened) < depth:
            opened.append(block.tag)
            yield Markup(f"<{block.tag}>")  # noqa: S704 # as before
        name = "li" if depth else block.tag
        yield Markup("<hr>") if name == "hr" else Markup(f"<{name}>{{}}</{name}>").format(block.html)  # noqa: S704
    for name in reversed(opened):
        yield Markup(f"</{name}>")  # noqa: S704 # as before
