"""docs/recovery.md, read as drills: a heading for each situation, and below it the steps that it asks for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.servers.run import ROOT

_TEXT = (ROOT / "docs" / "recovery.md").read_text()
_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$|^\*\*(?P<act>[^*]+\.)\*\*$", re.MULTILINE | re.DOTALL)
_WORD = r"(?<![\w$])[A-Z][A-Z_]+(?:/[A-Z_]+)?(?!\w)"


@dataclass(frozen=True)
class Commands:
    """What an operator types, and what it prints."""

    typed: str
    printed: str


Step = Commands | str
"""Commands, or a sentence in bold: what is done otherwise."""


def drills() -> dict[str, list[Step]]:
    """The steps of each situation, by its heading."""
    return {heading: list(_steps(text)) for heading, text in _sections().items() if heading}


def stand_ins() -> dict[str, str]:
    """The words in capitals that the reader replaces, with what the examples have in their place, if anything."""
    rows = re.findall(r"^\| (`[A-Z].*?) \|.*\| *`?(.*?)`? *\|$", _sections()[""], flags=re.MULTILINE)
    return {word: shown for words, shown in rows for word in re.findall(r"`(.+?)`", words)}


def left_to_the_reader(typed: str) -> set[str]:
    """The words in capitals of some commands, other than names of variables and what is quoted for a pattern."""
    return set(re.findall(_WORD, re.sub(r"\$\{?\w+|\b\w+=|HERE:|THEN:|OLD:|NEW:", "", typed)))


def replaced(text: str, names: Mapping[str, str]) -> str:
    """The text with words of the reader's replaced."""
    return re.sub(_WORD, lambda found: names.get(found[0], found[0]), text)


def matches(printed: str, shown: str) -> bool:
    """Whether this was printed as the document shows it, which says what `…` and the order of lines mean."""
    lines = printed.splitlines()
    for line in (line for line in shown.splitlines() if line != "…"):
        found = next((one for one in lines if re.fullmatch(".+?".join(map(re.escape, line.split("…"))), one)), None)
        if found is None:
            return False
        lines.remove(found)
    return not lines or "…" in shown.splitlines()


def _sections() -> dict[str, str]:
    """The text below each heading; before the first one stands what the document says of itself."""
    parts = re.split(r"^## (.*)\n", _TEXT, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _steps(text: str) -> Iterator[Step]:
    """A block of text that follows commands is what they print."""
    found = list(_BLOCK.finditer(text))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block["act"]:
            yield block["act"]
        elif block["kind"] == "sh":
            yield Commands(block["body"], after["body"] if after and after["kind"] == "text" else "")
