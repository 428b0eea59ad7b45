"""A kind of file: by which names it is known, and how its content comes onto a page."""

from dataclasses import dataclass

TEXT, FILE, DOCUMENT, BROWSER, NAMED = "text", "file", "document", "browser", "named"


@dataclass(frozen=True)
class Kind:
    """What files with these lower-case endings are shown as; `title` is their row in docs/browsing.md.

    `source` says what becomes of the file:

    - TEXT and FILE: `reader`, written as `module:function`, is called in the sandbox with the file's lower-case name,
      its text or the path of a copy, and the `ViewOptions`. The template `browse/previews/<template>.html` draws what
      it returns. It raises a ValueError for what it cannot read, in words that follow "It cannot be read as what its
      name says". The modules of readers are imported where files are read only, never by a web process.
    - DOCUMENT: `documents` makes HTML of it.
    - BROWSER: the browser shows it by itself.
    - NAMED: nothing reads it; the page has the `sentence`, which says what it is and what opens it.

    `grids`, written as `reader` is, reads what differences of tables compare: called with the lower-case name and the
    bytes of a file, it gives the title and the `Grid` of each table, None where that is empty.

    What the reader refuses is shown as the kind `otherwise`, where there is one and it is a text.

    A larger file than `limit_bytes` is not read; text is shown as text then, and of a kind that `is_cut` the first
    lines are read. A `guessed` kind is told by the content, and what is not of this kind is shown as text without a
    word. One that is `asked_for` is shown as text until a reader asks for its outline.
    """

    title: str
    endings: tuple[str, ...]
    source: str
    template: str = ""
    limit_bytes: int = 0
    reader: str = ""
    sentence: str = ""
    guessed: bool = False
    asked_for: bool = False
    grids: str = ""
    is_cut: bool = False
    otherwise: "Kind | None" = None

    @property
    def module(self) -> str:
        """The module of the reader."""
        return self.reader.partition(":")[0]
