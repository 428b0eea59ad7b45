"""History, commits, comparisons, blame, branches and tags of a project that was made with git."""

import io
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.browse.history import about, blame, last_changes
from framework.lru import LRUCache
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import evict
from framework.storage.counting import requests
from tests.browse.conftest import Onlooker
from tests.cast import Visitor
from tests.uploads.form import upload


def titles(page: str) -> list[str]:
    return re.findall(r'class="plain" href="[^"]+/commit/\w+">([^<]+)<', page)


def test_a_files_history_goes_on_under_its_former_name(onlooker: Onlooker) -> None:
    page = onlooker.get("/commits/main/tales/new.txt")
    assert titles(page) == ["Move", "Second", "First"]
    assert re.search(r"/blob/[0-9a-f]{40}/old\.txt", page)


def test_the_history_of_a_file_that_is_gone_can_be_read(onlooker: Onlooker) -> None:
    assert titles(onlooker.get("/commits/main/keep.txt")) == ["Without keep", "First"]


@pytest.mark.parametrize(
    "page", ["/commits/main/..", "/deleted/main/../x", "/compare/main...main?path=..", "/blame/main/../x"]
)
def test_a_path_that_no_version_can_hold_is_not_there(onlooker: Onlooker, page: str) -> None:
    assert onlooker.visitor.get(onlooker.project.path + page).status_code == 404


@pytest.mark.long
def test_a_long_history_has_pages_across_a_move(onlooker: Onlooker) -> None:
    for number in range(60):
        onlooker.gallery.commit({"long.txt": f"{number}\n".encode() + b"same\n" * 50}, f"Old {number}")
    onlooker.gallery.git("mv", "long.txt", "longer.txt")
    onlooker.gallery.commit({}, "Rename")
    for number in range(20):
        onlooker.gallery.commit({"longer.txt": f"{number}\n".encode() + b"same\n" * 50}, f"New {number}")
    onlooker.gallery.git("update-ref", "refs/heads/longest", "HEAD")
    onlooker.show()
    first, second = (titles(onlooker.get(f"/commits/longest/longer.txt?page={number}")) for number in (1, 2))
    wanted = [f"New {number}" for number in range(19, -1, -1)] + ["Rename"]
    wanted += [f"Old {number}" for number in range(59, -1, -1)]
    assert (first, second) == (wanted[:50], wanted[50:])


def test_a_commits_page_shows_lines_with_the_changed_words(onlooker: Onlooker) -> None:
    page = onlooker.get("/commit/" + onlooker.gallery.git("rev-parse", "v1.0^{commit}"))
    assert '<span class="diff-sign">-</span>line <mark>3</mark>' in page
    assert '<span class="diff-sign">+</span>line <mark>three</mark>' in page
    assert "Ben Nevis" in page
    beside = onlooker.get("/commit/" + onlooker.gallery.git("rev-parse", "v1.0^{commit}") + "?view=split")
    assert 'diff-removed">line <mark>3</mark>' in beside


def test_a_commit_names_files_that_moved_went_or_are_another_repositorys(onlooker: Onlooker) -> None:
    move = onlooker.get("/commit/" + onlooker.gallery.git("rev-parse", "main~1"))
    assert re.search(r'change-R">Moved</span>', move)
    assert '<span class="muted">old.txt → </span><b>tales/new.txt</b>' in move
    gone = onlooker.get("/commit/" + onlooker.gallery.git("rev-parse", "main"))
    assert "It is not needed." in gone
    assert re.search(r'change-D">Deleted</span>', gone)
    assert "Submodule" in gone


def test_the_first_commit_and_a_merge_have_pages(onlooker: Onlooker) -> None:
    gallery = onlooker.gallery
    gallery.git("checkout", "-q", "-b", "merged", "main")
    gallery.git("merge", "-q", "--no-ff", "-m", "Together", "feature/deep")
    onlooker.show()
    merge = onlooker.get("/commit/" + gallery.git("rev-parse", "merged"))
    assert "feature.txt" in merge
    assert len(re.findall(r'class="mono" href="[^"]+/commit/', merge)) == 2
    assert "First" in onlooker.get("/commit/" + gallery.git("rev-list", "--max-parents=0", "merged"))


@pytest.mark.parametrize("form", ["diff", "patch"])
@pytest.mark.parametrize("place", ["commit/{tip}", "compare/v1.0...main", "compare/main...feature/deep"])
def test_what_git_prints_can_be_applied(onlooker: Onlooker, tmp_path: Path, form: str, place: str) -> None:
    gallery = onlooker.gallery
    tip = gallery.git("rev-parse", "feature/deep")
    answer = onlooker.visitor.get(f"{onlooker.project.path}/{place.format(tip=tip)}.{form}")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    start, end = ("v1.0", "main") if "v1.0" in place else ("v1.0", "feature/deep")
    gallery.git("checkout", "-q", "-f", "--detach", start)
    (tmp_path / "patch").write_bytes(answer.data)
    gallery.git(*(["am", "-q"] if form == "patch" else ["apply", "--index"]), str(tmp_path / "patch"))
    assert gallery.git("diff", "--cached", "--name-only", end) == ""


def test_two_versions_are_compared_from_where_they_parted_or_directly(onlooker: Onlooker) -> None:
    since = onlooker.get("/compare/main...feature/deep")
    assert "feature.txt" in since
    assert "1 commit" in since
    assert "keep.txt" not in since
    assert "keep.txt" in onlooker.get("/compare/main..feature/deep")
    assert "has no changes that" in onlooker.get("/compare/main...v1.0")
    assert "feature/deep" in onlooker.get("/compare")
    chosen = onlooker.visitor.get(f"{onlooker.project.path}/compare?old=main&new=feature/deep")
    assert chosen.location == "/alice/website/compare/main...feature/deep"


def test_versions_without_a_common_beginning_are_compared_directly(onlooker: Onlooker) -> None:
    onlooker.gallery.git("checkout", "-q", "--orphan", "alone")
    onlooker.gallery.commit({"alone.txt": b"alone\n"}, "Alone")
    onlooker.show()
    answer = onlooker.visitor.get(f"{onlooker.project.path}/compare/main...alone")
    assert (answer.status_code, "with two dots" in answer.text) == (404, True)
    assert "alone.txt" in onlooker.get("/compare/main..alone")


def test_blame_tells_each_lines_commit_and_the_one_before(onlooker: Onlooker) -> None:
    page = onlooker.get("/blame/main/tales/new.txt")
    found = re.findall(r'id="L(\d+)" class="passage">.*?title="([^"]*)"', page, re.DOTALL)
    assert found == [("1", "First"), ("3", "Second"), ("4", "First"), ("9", "Move"), ("10", "First")]
    assert re.findall(r"origin age-(\d)", page) == ["0", "3", "0", "9", "0"]
    before = re.findall(r'class="before" href="([^"]+)"', page)
    assert before[0].endswith("/old.txt")
    assert onlooker.visitor.get(before[0]).status_code == 200


@pytest.mark.parametrize("place", ["feature/deep/data.bin", "main/module", "main/tales", "main/in"])
def test_blame_of_what_has_no_lines_says_so(onlooker: Onlooker, place: str) -> None:
    answer = onlooker.visitor.get(f"{onlooker.project.path}/blame/{place}")
    assert (answer.status_code, "is no text" in answer.text) == (400, True)


def test_blame_that_takes_too_long_says_so_and_mends_nothing(
    onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch, sleepy_git: Callable[[str], None]
) -> None:
    sleepy_git("blame")
    monkeypatch.setattr(blame, "DEADLINE_SECONDS", 0.2)
    answer = onlooker.visitor.get(f"{onlooker.project.path}/blame/main/tales/new.txt")
    assert (answer.status_code, "use git blame in a clone" in answer.text) == (503, True)


def test_branches_tell_how_far_they_are_from_the_default_one(onlooker: Onlooker) -> None:
    page = onlooker.get("/branches")
    assert "1 ahead, 2 behind" in page
    assert page.index(">main<") < page.index(">feature/deep<")


def test_tags_tell_their_message_and_offer_downloads(onlooker: Onlooker) -> None:
    page = onlooker.get("/tags")
    assert "The first release" in page
    assert "/archive/refs/tags/v1.0.zip" in page


def test_an_archive_leaves_out_what_is_not_for_it(onlooker: Onlooker) -> None:
    data = onlooker.visitor.get("/alice/website/archive/main.zip").data
    assert set(zipfile.ZipFile(io.BytesIO(data)).namelist()) >= {"website-main/tales/new.txt", "website-main/in"}
    names = "\n".join(zipfile.ZipFile(io.BytesIO(data)).namelist())
    assert not re.search(r"secret|website-main/(out|up)$", names, re.MULTILINE)


def test_an_archive_of_a_folder_holds_that_folder(onlooker: Onlooker) -> None:
    answer = onlooker.visitor.get("/alice/website/archive/feature/deep.tar.gz?path=docs")
    with tarfile.open(fileobj=io.BytesIO(answer.data)) as archive:
        files = [one.name for one in archive if one.isfile()]
    assert files == ["website-feature-deep-docs/docs/a b%.txt"]
    assert onlooker.visitor.get("/alice/website/archive/main.zip?path=nope").status_code == 404


@pytest.mark.parametrize(
    ("place", "words", "address"),
    [
        ("/blob/main/tales/nope/deeper.txt", "tales", "/tree/main/tales"),
        ("/tree/feature/deep/docs/x", "docs", "/tree/feature/deep/docs"),
        ("/blob/main/nope", "the project&#39;s files", "/tree/main"),
        ("/tree/nobranch/docs", "Open the project", ""),
        ("/blame/main/docs/x", "docs", "/tree/main/docs"),
        ("/commits/main/docs/x", "docs", "/tree/main/docs"),
        ("/commit/" + "0" * 40, "Open the project", ""),
        ("/raw/main/docs/x", "docs", "/tree/main/docs"),
    ],
)
def test_what_is_not_there_offers_the_nearest_thing_that_is(
    onlooker: Onlooker, place: str, words: str, address: str
) -> None:
    answer = onlooker.visitor.get(onlooker.project.path + place)
    assert answer.status_code == 404
    button = re.search(r'<a class="button button-primary" href="([^"]+)">([^<]+)</a>', answer.text)
    assert button
    assert (button[1], words in button[2]) == (onlooker.project.path + address, True)


def test_a_difference_of_large_files_needs_none_of_their_bytes(reader: Visitor, website: ProjectAccess) -> None:
    upload(reader, {"large.txt": b"line\n" * 300_000}, page="/alice/website/upload/main")
    sha = re.findall(r"/commit/([0-9a-f]{40})", reader.get("/alice/website/commits/main").text)[0]
    repository_id = website.repository_id
    evict(repository_id)
    with requests() as asked:
        page = reader.get(f"/alice/website/commit/{sha}")
    assert "Too large for a comparison by lines" in page.text
    with open_copy(repository_id) as copy:
        assert not copy.is_whole
    assert asked.total <= 3 * 2 + 2
    printed = reader.get(f"/alice/website/commit/{sha}.patch")
    assert b"GIT binary patch" in printed.data


def test_last_changes_that_take_a_long_walk_follow_the_page(
    onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_changes, "QUICK_COMMITS", 1)
    monkeypatch.setattr(last_changes, "STEPS_WITHOUT_GIT", 0)
    monkeypatch.setattr(about, "QUICK_COMMITS", 1)
    first = onlooker.get()
    assert 'data-follows="?whole=1"' in first
    assert "1+ version" in first
    assert '<noscript><p class="card-body small"><a href="?whole=1">' in first
    whole = onlooker.get("?whole=1")
    assert "data-follows" not in whole
    assert "4 versions" in whole
    for known_here in ((last_changes, "_known"), (about, "_commits")):  # and not to another process
        monkeypatch.setattr(*known_here, LRUCache(1))
    assert "data-follows" not in onlooker.get()


def test_a_count_that_ends_at_a_limit_is_no_exact_number(onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "MOST_COMMITS", 3)
    monkeypatch.setattr(about, "QUICK_COMMITS", 1)
    whole = onlooker.get("?whole=1")
    assert "3+ versions" in whole
    assert "data-follows" not in whole


def test_a_submodule_has_no_page_of_its_own(onlooker: Onlooker) -> None:
    for kind in ("tree", "blob", "raw"):
        assert onlooker.visitor.get(f"{onlooker.project.path}/{kind}/main/module").status_code == 404
    assert "module" in onlooker.get("/tree/main")
    assert titles(onlooker.get("/commits/main/module")) == ["Without keep"]


def test_a_name_is_an_argument_and_never_an_option(onlooker: Onlooker) -> None:
    for place in ("/compare/--output=x...main", "/blame/main/--output=x", "/commits/main/--all", "/commit/--all.diff"):
        assert onlooker.visitor.get(onlooker.project.path + place).status_code == 404
