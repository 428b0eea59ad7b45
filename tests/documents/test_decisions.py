"""Decision records: numbered without a gap, dated, of one form, and listed in the index."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.servers.run import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
_RECORD = re.compile(
    r"# (?P<number>\d{4})\. (?P<title>[^\n]+)\n\nDate: (?P<date>\d{4}-\d\d-\d\d)\n\n"
    r"## Context\n\n.+\n\n## Decision\n\n.+\n\n## Consequences\n\n.+",
    re.DOTALL,
)
_ROW = re.compile(r"^\| \[(?P<number>\d{4})\]\((?P<file>[^)]+)\) \| (?P<title>.+?) \| (?P<date>\S+) \|$", re.MULTILINE)


def test_the_numbers_have_no_gap() -> None:
    assert [record.name[:4] for record in RECORDS] == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_has_its_number_a_date_and_three_sections(record: Path) -> None:
    found = _RECORD.fullmatch(record.read_text())
    assert found is not None
    assert found["number"] == record.name[:4]
    assert date.fromisoformat(found["date"])


def test_the_index_lists_every_record() -> None:
    listed = [row.groups() for row in _ROW.finditer((FOLDER / "README.md").read_text())]
    assert listed == [_row(record) for record in RECORDS]


def _row(record: Path) -> tuple[str, ...]:
    found = _RECORD.fullmatch(record.read_text())
    assert found is not None
    return found["number"], record.name, found["title"], found["date"]
