"""Lines of history: what grew from SQL's newest version, and what was written beside it."""

from datetime import UTC, datetime

import pytest

from framework.repositories.journal.keys import JournalKey
from framework.repositories.journal.reader import JournalLine
from framework.repositories.journal.state import Facts
from framework.repositories.recovery.lines import find_lines

REPOSITORY = "0" * 32


def line(place: tuple[int, int], name: str, previous: str | None) -> JournalLine:
    """An entry whose hash is its name, 64 times."""
    return JournalLine(
        key=JournalKey(REPOSITORY, *place, name * 16),
        entry_hash=name * 64,
        previous=previous * 64 if previous else None,
        push_id=name * 32,
        actor="alice",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        pack_generation=0,
        facts=Facts(),
    )


A, B, C = line((1, 1), "a", None), line((1, 2), "b", "a"), line((1, 3), "c", "b")
OTHER, OTHERS_NEXT = line((2, 2), "d", "a"), line((2, 3), "e", "d")
KNOWS_A = {(1, 1): "a" * 64}
KNOWS_B = {**KNOWS_A, (1, 2): "b" * 64}


@pytest.mark.parametrize(
    ("lines", "known", "ahead", "beside"),
    [
        ([], {}, "", []),
        ([], KNOWS_B, "", []),
        ([A, B, C], {}, "abc", []),
        ([B, C], KNOWS_A, "bc", []),
        ([C], KNOWS_B, "c", []),
        ([OTHER], KNOWS_B, "", ["d"]),
        ([OTHER, OTHERS_NEXT], KNOWS_B, "", ["de"]),
        ([C, OTHER, OTHERS_NEXT], KNOWS_B, "c", ["de"]),
        ([A, B, OTHER], {}, "ad", ["b"]),
        ([A, C], {}, "ac", []),
        ([C], KNOWS_A, "c", []),
    ],
    ids=[
        "nothing at all",
        "nothing new",
        "everything, for an empty database",
        "what came after a backup",
        "the newest one",
        "an epoch that grew from an earlier version",
        "versions of that epoch",
        "both",
        "both, for an empty database",
        "a lost entry in the middle",
        "a lost entry right after the backup",
    ],
)
def test_it_finds(lines: list[JournalLine], known: dict[tuple[int, int], str], ahead: str, beside: list[str]) -> None:
    found = find_lines(lines, known)
    assert "".join(one.entry_hash[0] for one in found.ahead.entries) == ahead if found.ahead else ahead == ""
    assert ["".join(one.entry_hash[0] for one in other.entries) for other in found.parallel] == beside


def test_a_line_tells_what_it_grew_from() -> None:
    [other] = find_lines([OTHER], KNOWS_B).parallel
    assert other.base == A.key
