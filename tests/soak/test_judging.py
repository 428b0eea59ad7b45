"""The soak notices what it is there for: what is lost, doubled or spoilt, errors without a face, and whose they are."""

from pathlib import Path

import pytest

from tests.githttp.client import Person, Work
from tests.soak.answers import lacking_face
from tests.soak.journal import ACKNOWLEDGED, REFUSED, UNKNOWN, AnswerLost, Change, Entry, fingerprint, open_journal
from tests.soak.reading import Found, judge_version
from tests.soak.timeline import GRACE_SECONDS, NOBODY, Timeline, Window

CHANGE = Change("version", "one", "lena/lab", files={"a": fingerprint(b"sent")})


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A repository with one commit."""
    made = Person("lena", tmp_path, "").work()
    made.commit("one", a="sent")
    return made


@pytest.mark.parametrize(
    ("state", "commits", "expected"),
    [
        (ACKNOWLEDGED, 1, (0, 0, 0)),
        (ACKNOWLEDGED, 0, (1, 0, 0)),
        (ACKNOWLEDGED, 2, (0, 1, 0)),
        (UNKNOWN, 0, (0, 0, 0)),
        (UNKNOWN, 1, (0, 0, 0)),
        (UNKNOWN, 2, (0, 1, 0)),
        (REFUSED, 0, (0, 0, 0)),
        (REFUSED, 1, (0, 0, 1)),
    ],
)
def test_a_version_is_there_as_often_as_its_client_was_told(
    work: Work, state: str, commits: int, expected: tuple[int, int, int]
) -> None:
    found = Found()
    judge_version(found, Entry(CHANGE, state), [work.sha("HEAD")] * commits, work.folder)
    assert (len(found.lost), len(found.doubled), len(found.faults)) == expected


@pytest.mark.parametrize("state", [ACKNOWLEDGED, UNKNOWN])
def test_a_version_that_is_there_is_whole(work: Work, state: str) -> None:
    found = Found()
    judge_version(found, Entry(CHANGE, state), [work.commit("one", a="other")], work.folder)
    assert found.lost == ["lena/lab: one: a is not what was sent"]


def test_the_journal_says_what_became_of_a_change(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal") as journal:
        with journal.sending(CHANGE):
            assert journal.count("sent") == 1
        other = Change("version", "two", "lena/lab")
        with pytest.raises(AnswerLost), journal.sending(other):
            raise AnswerLost
        assert [entry.state for entry in journal.of("version")] == [ACKNOWLEDGED, UNKNOWN]
    assert len((tmp_path / "journal").read_text().splitlines()) == 4


GIT = "/lena/lab.git/info/refs?service=git-upload-pack"


@pytest.mark.parametrize(
    ("path", "kind", "text", "lacking"),
    [
        ("/explore", "text/html; charset=utf-8", "<title>Holdfast</title>", ""),
        ("/explore", "text/html", "<h1>Internal Server Error</h1>", "our face"),
        ("/explore", "text/html", "Holdfast: Traceback (most recent call last)", "words instead of a traceback"),
        ("/api/v1/user", "application/problem+json", "{}", ""),
        ("/api/v1/user", "text/html", "Holdfast", "application/problem+json (it is text/html)"),
        (GIT, "text/plain; charset=utf-8", "Again, please", ""),
        (GIT, "text/html", "Holdfast", "text/plain (it is text/html)"),
    ],
)
def test_an_error_has_the_face_for_its_reader(path: str, kind: str, text: str, lacking: str) -> None:
    assert lacking_face(path, {"Content-Type": kind, "X-Request-ID": "one"}, text) == lacking
    assert "a request id" in lacking_face(path, {"Content-Type": kind}, text)


@pytest.mark.parametrize(
    ("began", "ended", "cause"),
    [
        (90, 99, NOBODY),
        (90, 101, "the store"),
        (110 + GRACE_SECONDS, 120, "the store"),
        (111 + GRACE_SECONDS, 120, NOBODY),
    ],
)
def test_an_error_belongs_to_the_part_that_was_away(began: float, ended: float, cause: str) -> None:
    assert Timeline([Window("the store", 100, 110)]).cause(began, ended) == cause


def test_no_error_belongs_to_a_part_that_no_answer_needs() -> None:
    timeline = Timeline([Window("the broker", 100, 110, is_felt=False)])
    assert timeline.cause(101, 102) == NOBODY
    assert timeline.names(101, 102) == {"the broker"}
