"""BibTeX: entries with their fields, read leniently; what LaTeX writes with commands becomes letters."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from framework.browse.render.references.reference import Reference, References, describe, find_link, make_references
from framework.browse.view_options import ViewOptions

MOST_READ = 20_000
LONGEST_VALUE = 2_000

_ENTRY = re.compile(r"@\s*([A-Za-z]+)\s*[{(]")
_KEY = re.compile(r"\s*([^\s,{}()=\"#%]{0,200})\s*,")
_FIELD = re.compile(r"[\s,]*([A-Za-z][\w:+-]{0,40})\s*=\s*")
_PART = re.compile(r"\s*#?\s*([\w:.+-]{1,200})")
_ACCENT = re.compile(
    r"\\(?:(?P<sign>[`'^\"~=.])\s*(?:\{\s*\\?(?P<a>[A-Za-z])\s*\}|\\?(?P<b>[A-Za-z]))"
    r"|(?P<name>[uvHcdbrk])(?:\s*\{\s*\\?(?P<c>[A-Za-z])\s*\}|\s+\\?(?P<d>[A-Za-z])))"
)
"""An accent that is a letter is apart from the one that it is for; else it begins another command, as `\\url` does."""
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)\s*|([&%$#_{}])|[\s,;:])")
_ADDRESS = re.compile(r"https?://[^\s{}]+")
_CONTAINERS = ("journal", "journaltitle", "booktitle", "series", "howpublished")
_PUBLISHERS = ("publisher", "school", "institution", "organization")
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł",
    "i": "i", "j": "j", "dots": "…", "ldots": "…", "textendash": "\u2013", "textemdash": "—",
    "TeX": "TeX", "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e", "BibTeX": "BibTeX",
}  # fmt: skip
_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328", "b": "\u0331",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_bibtex(_name: str, text: str, _asked: ViewOptions) -> References:
    """The references of a BibTeX file.

    Raises:
        ValueError: it has none.
    """
    return make_references(list(_entries(text)))


def _entries(text: str) -> Iterator[Reference]:
    words = {month: month.capitalize() for month in _MONTHS}
    place = read = 0
    while (found := _ENTRY.search(text, place)) and read < MOST_READ:
        place, kind = found.end(), found[1].lower()
        read += 1
        if kind in {"comment", "preamble"}:
            continue
        key = _KEY.match(text, place) if kind != "string" else None
        if key:
            place = key.end()
        elif kind != "string":
            continue
        fields, place = _fields(text, place, words)
        if key:
            yield _reference(key[1], kind, fields)
        else:
            words |= fields


def _fields(text: str, place: int, words: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """The fields of an entry from this place on, and where it ends."""
    fields: dict[str, str] = {}
    while found := _FIELD.match(text, place):
        value, place = _value(text, found.end(), words)
        fields.setdefault(found[1].lower(), value)
    return fields, place


def _value(text: str, place: int, words: Mapping[str, str]) -> tuple[str, int]:
    """A value, whose parts `#` joins: in braces or quotation marks, a number, or a word that stands for a text."""
    parts = []
    while True:
        if text[place : place + 1] in {"{", '"'}:
            part, place = _quoted(text, place)
            parts.append(part)
        elif found := _PART.match(text, place):
            parts.append(words.get(found[1].lower(), found[1]))
            place = found.end()
        rest = re.compile(r"\s*#\s*").match(text, place)
        if not rest:
            return "".join(parts)[:LONGEST_VALUE], place
        place = rest.end()


def _quoted(text: str, place: int) -> tuple[str, int]:
    """What is in the braces or quotation marks that begin here, and where they end."""
    end = "}" if text[place] == "{" else '"'
    depth = 0
    for found in re.compile(r"\\.|[{}\"]", re.DOTALL).finditer(text, place + 1):
        sign = found[0]
        if sign == end and depth == 0:
            return text[place + 1 : found.start()][:LONGEST_VALUE], found.end()
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return text[place + 1 : found.start()][:LONGEST_VALUE], found.start()
    return text[place + 1 :][:LONGEST_VALUE], len(text)


def _reference(key: str, kind: str, fields: Mapping[str, str]) -> Reference:
    plain = {name: plain_text(value) for name, value in fields.items()}
    people = plain_people(fields.get("author") or fields.get("editor") or "")
    plain["publisher"] = next((plain[name] for name in _PUBLISHERS if plain.get(name)), "")
    return Reference(
        key=key,
        kind=kind,
        authors=people,
        year=plain.get("year") or plain.get("date", "")[:4],
        title=plain.get("title", ""),
        container=next((plain[name] for name in _CONTAINERS if plain.get(name) and not _is_address(plain[name])), ""),
        details=describe(plain),
        link=find_link(fields.get("doi", ""), _find_address(fields)),
    )


def _find_address(fields: Mapping[str, str]) -> str:
    """The address of a page about the work, which may stand in a note."""
    told = " ".join(fields.get(name, "") for name in ("url", "howpublished", "note"))
    found = _ADDRESS.search(told.replace("\\url", "").replace("\\", ""))
    return found[0] if found else ""


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def plain_people(told: str) -> list[str]:
    """The names of people, who `and` parts; whoever is in braces is one."""
    return [plain_text(name) for name in re.split(r"\s+and\s+", told) if name.strip()][:200]


def plain_text(value: str) -> str:
    """The text without LaTeX's commands and braces."""
    accented = _ACCENT.sub(_accent, value)
    words = _COMMAND.sub(lambda found: found[2] or (_LETTERS.get(found[1], "") if found[1] else " "), accented)
    return " ".join(re.sub("[{}]", "", words).replace("~", " ").split())


def _accent(found: re.Match[str]) -> str:
    letter = found["a"] or found["b"] or found["c"] or found["d"]
    return unicodedata.normalize("NFC", letter + _COMBINING[found["sign"] or found["name"]])
