"""RIS: records of tags and values, from `TY` to `ER`, as reference managers write them."""

import re
from collections.abc import Iterator

from framework.browse.render.references.reference import Reference, References, describe, find_link, make_references
from framework.browse.view_options import ViewOptions

LONGEST_VALUE = 2_000
_KINDS = {
    "JOUR": "article", "EJOUR": "article", "MGZN": "article in a magazine", "NEWS": "article in a newspaper",
    "BOOK": "book", "EBOOK": "book", "EDBOOK": "book", "CHAP": "chapter", "ECHAP": "chapter", "THES": "thesis",
    "CONF": "conference", "CPAPER": "paper at a conference", "RPRT": "report", "DATA": "data set", "COMP": "software",
    "ELEC": "web page", "WEB": "web page", "BLOG": "blog", "PAT": "patent", "MAP": "map", "UNPB": "unpublished",
    "GEN": "other",
}  # fmt: skip
_LINE = re.compile(r"^\ufeff?([A-Z][A-Z0-9]) {1,2}-(?: |$)(.*)$", re.MULTILINE)


def read_ris(_name: str, text: str, _asked: ViewOptions) -> References:
    """The references of a RIS file.

    Raises:
        ValueError: it has none.
    """
    return make_references([_reference(record) for record in _records(text)])


def _records(text: str) -> Iterator[dict[str, list[str]]]:
    record: dict[str, list[str]] = {}
    for found in _LINE.finditer(text):
        tag, value = found[1], found[2].strip()[:LONGEST_VALUE]
        if tag in {"TY", "ER"} and record:
            yield record
            record = {}
        if tag != "ER":
            record.setdefault(tag, []).append(value)
    if record:
        yield record


def _reference(record: dict[str, list[str]]) -> Reference:
    def first(*tags: str) -> str:
        return next((record[tag][0] for tag in tags if record.get(tag) and record[tag][0]), "")

    start, end = first("SP"), first("EP")
    parts = {
        "volume": first("VL"),
        "number": first("IS"),
        "pages": f"{start}--{end}" if start and end else start,
        "edition": first("ET"),
        "publisher": first("PB"),
    }
    return Reference(
        key=first("ID"),
        kind=_KINDS.get(first("TY").upper(), first("TY").lower()),
        authors=[name for tag in ("AU", "A1") for name in record.get(tag, [])][:200],
        year=first("PY", "Y1", "DA")[:4],
        title=first("TI", "T1", "BT"),
        container=first("T2", "JO", "JF", "JA", "J2"),
        details=describe(parts),
        link=find_link(first("DO"), first("UR", "L1")),
    )
