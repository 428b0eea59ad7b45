"""The pages of branches and tags: what git says of each, at a cost that does not grow with their number."""

from collections.abc import Callable

import pytest

from benchmarks.setting.importing import import_repository
from framework.browse.history import refs
from framework.browse.history.distances import measure_distances
from framework.gitcore import git
from framework.repositories.cache.copy import open_copy
from tests.browse.gallery import Gallery

Histories = Callable[[int], tuple[Gallery, str]]
MOST_GITS = 5
"""Two for where refs lead to, one for what is said there, two for distances."""


@pytest.fixture
def gits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands of the gits that were started."""
    started, start = list[str](), git.start

    def note(*given: object, **options: object) -> object:
        started.append(str(given[1]))
        return start(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(git, "start", note)
    return started


def count_commits(gallery: Gallery, base: str, sha: str) -> tuple[int, int]:
    behind, ahead = gallery.git("rev-list", "--left-right", "--count", f"{base}...{sha}").split()
    return int(ahead), int(behind)


@pytest.mark.parametrize("apart", [False, True])
def test_distances_are_what_git_counts(histories: Histories, *, apart: bool) -> None:
    gallery, repository_id = histories(7)
    if apart:  # a branch that has no commit in common with the others
        gallery.git("checkout", "-q", "-f", "--orphan", "apart")
        gallery.commit({"a": b"apart"}, "Apart")
        import_repository(repository_id, gallery.folder)
    with open_copy(repository_id) as copy:
        tips, base = set(copy.snapshot.branches.values()), copy.snapshot.branches["main"]
        measured = measure_distances(copy, base, tips)
    assert measured == {sha: count_commits(gallery, base, sha) for sha in tips}
    assert sum(ahead > 0 and behind > 0 for ahead, behind in measured.values()) >= 3


def test_many_branches_take_no_more_gits_than_few(histories: Histories, gits: list[str]) -> None:
    gallery, repository_id = histories(11)
    for number in range(30):
        gallery.git("checkout", "-q", "-f", "-b", f"topic-{number}", "main")
        gallery.commit({f"topic-{number}": b""}, f"Topic {number}")
    import_repository(repository_id, gallery.folder)
    with open_copy(repository_id) as copy:
        gits.clear()
        page = refs.read_branches_page(copy, 1)
    assert [branch.tip.name for branch in page.branches[:3]] == ["main", "topic-29", "topic-28"]
    assert (page.branches[1].ahead, page.more, len(gits) <= MOST_GITS) == (1, True, True), gits


def test_tags_lead_to_commits_or_are_left_out(histories: Histories) -> None:
    gallery, repository_id = histories(13)
    for number in range(10):  # more than are read one by one
        gallery.commit({"a": b"%d" % number}, f"Release {number}")
        gallery.git("tag", *(["-a", "-m", f"Notes {number}"] if number % 2 else []), f"v{number}")
    gallery.git("tag", "file", "HEAD:a")
    gallery.git("tag", "-a", "-m", "A tag of a tag", "twice", "v9")
    import_repository(repository_id, gallery.folder)
    with open_copy(repository_id) as copy:
        tags = refs.read_tags_page(copy, 1).tags
    told = [(tag.tip.name, tag.tip.title, tag.message) for tag in tags]
    assert told[:3] == [
        ("v9", "Release 9", "Notes 9"),
        ("twice", "Release 9", "A tag of a tag"),
        ("v8", "Release 8", ""),
    ]
    assert len(told) == 11
